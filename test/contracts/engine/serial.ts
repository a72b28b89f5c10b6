import assert from 'node:assert/strict'
import { DatabaseError } from '../../../src/db/engine.ts'
import { migrate } from '../../../src/db/migrate.ts'
import { eventLoop } from '../../../src/entry/event-loop.ts'
import { HttpError, OutcomeUnknown, Refusal, refuse } from '../../../src/operation/errors.ts'
import type { ExecutorMetrics } from '../../../src/operation/executor.ts'
import { serialExecutor } from '../../../src/operation/serial-executor.ts'
import {
  type Cases,
  groupRow,
  guard,
  insertGroup,
  join,
  newGroup,
  newGroupId,
  run,
  type SerialBank,
  standingOf,
  write,
} from './bank.ts'

/** How many operations each commit took. */
function commits(): { sizes: number[]; metrics: ExecutorMetrics } {
  const sizes: number[] = []
  return {
    sizes,
    metrics: {
      committed: operations => void sizes.push(operations),
      synced() {},
      syncFailed() {},
      retried() {},
      queued() {},
      recorded() {},
    },
  }
}

const writes = (count: number): (() => ReturnType<typeof insertGroup>)[] =>
  Array.from({ length: count }, () => () => insertGroup({ group_id: newGroupId(), capacity: 1, name: '' }))

/**
 * What SQLite in the process promises besides: one commit for all that wait, and nobody pays for another's
 * failure.
 */
export const serialEngines: Cases<SerialBank> = {
  'is safe against a power cut as it is opened': async ({ connect }) => {
    const engine = connect()
    assert.deepEqual(engine.rows('PRAGMA journal_mode'), [['wal']])
    assert.deepEqual(engine.rows('PRAGMA synchronous'), [[2]])
    engine.close()
  },

  'answers what it wrote, and what others then read of it, only when it is on disk': async ({ engine }) => {
    const told: string[] = []
    let onDisk = () => {}
    const disk = new Promise<void>(resolve => {
      onDisk = resolve
    })
    const executor = serialExecutor(
      { ...engine, sync: () => disk.then(() => engine.sync()) },
      { loop: eventLoop },
    )
    const group_id = newGroupId()
    const written = write(executor, insertGroup({ group_id, capacity: 1, name: '' })).then(() =>
      told.push('written'),
    )
    while (engine.rows(`SELECT 1 FROM groups WHERE group_id = ${group_id}`).length === 0)
      await new Promise(setImmediate)
    const read = run(executor, [groupRow({ group_id })], ([[group]]) => ({ data: assert.ok(group) }), {
      writes: false,
    }).then(() => told.push('read'))
    const drained = executor.drain().then(() => told.push('drained'))
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    assert.deepEqual(told, [])
    onDisk()
    await Promise.all([written, read, drained])
    assert.deepEqual(told, ['written', 'read', 'drained'])
  },

  'writes the log anew after a sync that failed, before it answers': async ({ engine }) => {
    const calls: string[] = []
    const noted = (name: string, action: () => Promise<void>) => async () => {
      calls.push(name)
      await action()
    }
    const failing = () => Promise.reject(new DatabaseError('disk I/O error'))
    const executor = serialExecutor(
      { ...engine, sync: noted('sync', failing), repair: noted('repair', () => engine.repair()) },
      { loop: eventLoop },
    )
    const group_id = await newGroup(executor)
    assert.deepEqual(calls, ['sync', 'repair'])
    assert.equal((await executor.read(groupRow({ group_id }))).length, 1)
  },

  'says what it does not know while the disk refuses, reads on, and goes on when it can': async ({
    engine,
  }) => {
    let broken = true
    const unlessBroken = (action: () => Promise<void>) => () =>
      broken ? Promise.reject(new DatabaseError('disk I/O error')) : action()
    const executor = serialExecutor(
      {
        ...engine,
        sync: unlessBroken(() => engine.sync()),
        repair: unlessBroken(() => engine.repair()),
      },
      { loop: eventLoop },
    )
    const group_id = newGroupId()
    await assert.rejects(write(executor, insertGroup({ group_id, capacity: 1, name: '' })), OutcomeUnknown)
    const refused = (error: unknown) =>
      error instanceof HttpError &&
      error.status === 503 &&
      /nothing was changed: the disk reports/.test(error.message)
    assert.throws(
      () => write(executor, insertGroup({ group_id: newGroupId(), capacity: 1, name: '' })),
      refused,
    )
    await assert.rejects(executor.durable(), refused)
    assert.equal((await executor.read(groupRow({ group_id }))).length, 1)
    broken = false
    let told = 0
    const stopped = new Promise<void>(resolve => {
      const stop = executor.onDurable(() => {
        told++
        stop()
        resolve()
      })
    })
    await stopped
    await executor.durable()
    await newGroup(executor)
    assert.equal(told, 1)
  },

  'says of an answer that is kept whether what it shows is on disk': async ({ engine }) => {
    let end: (error?: Error) => void = () => {}
    const ending = () =>
      new Promise<void>((resolve, reject) => {
        end = error => (error === undefined ? resolve() : reject(error))
      })
    let broken = false
    const repair = () => (broken ? Promise.reject(new DatabaseError('disk I/O error')) : engine.repair())
    const executor = serialExecutor({ ...engine, sync: ending, repair }, { loop: eventLoop })
    const told = () =>
      run(executor, [], () => ({ data: 'saved' }), {
        writes: false,
        unsaved: () => ({ data: 'not saved' }),
      })
    /** A change, and an answer that may show it. */
    const changed = async () => {
      const writing = write(executor, insertGroup({ group_id: newGroupId(), capacity: 1, name: '' }))
      await new Promise<void>(resolve => eventLoop.turn(resolve))
      return { writing, reading: told() }
    }
    assert.deepEqual(await told(), { data: 'saved' })
    const first = await changed()
    end()
    await first.writing
    assert.deepEqual(await first.reading, { data: 'saved' })

    broken = true
    const second = await changed()
    end(new DatabaseError('disk I/O error'))
    await assert.rejects(second.writing, OutcomeUnknown)
    assert.deepEqual(await second.reading, { data: 'not saved' })
    assert.deepEqual(await told(), { data: 'not saved' })

    const repaired = new Promise<void>(resolve => executor.onDurable(resolve))
    broken = false
    await repaired
    assert.deepEqual(await told(), { data: 'saved' })
  },

  'waits for another process that holds the database, beside the event loop': async bank => {
    const executor = bank.executor()
    const other = bank.connect()
    other.exec('BEGIN IMMEDIATE')
    const started = performance.now()
    const created = newGroup(executor)
    let turns = 0
    let written = false
    void created.then(() => {
      written = true
    })
    while (performance.now() - started < 200) {
      await new Promise(setImmediate)
      turns++
    }
    assert.equal(written, false)
    assert.ok(turns > 100)
    other.exec('COMMIT')
    other.close()
    await created
  },

  'is migrated once': async ({ engine }) => {
    assert.deepEqual(migrate(engine), [])
  },

  'commits all that wait at once': async bank => {
    const { sizes, metrics } = commits()
    const executor = bank.executor({ metrics })
    await Promise.all(writes(300).map(bound => write(executor, bound())))
    assert.deepEqual(sizes, [300])
    await Promise.all(writes(1100).map(bound => write(executor, bound())))
    assert.deepEqual(sizes, [300, 512, 512, 76])
  },

  'answers a write when others can see it': async bank => {
    const executor = bank.executor()
    const other = bank.connect()
    const group_id = await newGroup(executor)
    assert.equal(other.all(groupRow({ group_id })).length, 1)
    other.close()
  },

  'sees what another process wrote': async bank => {
    const executor = bank.executor()
    const other = bank.connect()
    const group_id = newGroupId()
    assert.deepEqual(await executor.read(groupRow({ group_id })), [])
    other.all(insertGroup({ group_id, capacity: 1, name: '' }))
    other.close()
    // What is read in one turn of the event loop is of one instant.
    await executor.drain()
    assert.equal((await executor.read(groupRow({ group_id }))).length, 1)
  },

  'lets a task that fails cost the others nothing': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const stale = run(executor, [], () => ({
      data: null,
      writes: [guard({ group_id, seen: 99, joined: 0 })],
    }))
    const throwing = run(executor, [], () => {
      throw new RangeError('a mistake in a decision')
    })
    const refused = run(executor, [], () => refuse('needs_member'))
    const results = await Promise.allSettled([
      join(executor, group_id, 1),
      stale,
      join(executor, group_id, 2),
      throwing,
      refused,
      join(executor, group_id, 3),
    ])
    assert.deepEqual(
      results.map(result => result.status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
    await assert.rejects(stale, DatabaseError)
    await assert.rejects(throwing, RangeError)
    assert.ok((await refused) instanceof Refusal)
    assert.deepEqual(await standingOf(executor, group_id), { count: 3, version: 4, members: 3 })
  },

  'refuses more than the queue holds, with 503': async bank => {
    const executor = bank.executor({ queueLimit: 5 })
    const results = await Promise.allSettled(writes(8).map(async bound => write(executor, bound())))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 5)
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      assert.ok(result.reason instanceof HttpError)
      assert.deepEqual([result.reason.status, result.reason.headers], [503, { 'retry-after': '1' }])
    }
    await newGroup(executor)
  },

  'drains what is waiting': async bank => {
    const executor = bank.executor()
    const group_id = newGroupId()
    let answered = 0
    for (const bound of [() => insertGroup({ group_id, capacity: 1, name: '' }), ...writes(1500)])
      void write(executor, bound()).then(() => answered++)
    await executor.drain()
    assert.equal(answered, 1501)
  },
}
