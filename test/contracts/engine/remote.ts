import assert from 'node:assert/strict'
import { DatabaseError, type Session } from '../../../src/db/engine.ts'
import { HttpError, refuse } from '../../../src/operation/errors.ts'
import type { ExecutorMetrics } from '../../../src/operation/executor.ts'
import {
  addMember,
  type Cases,
  fromNowhere,
  groupRow,
  guard,
  insertGroup,
  intoNowhere,
  join,
  newGroup,
  newGroupId,
  type RemoteBank,
  run,
  standingOf,
  write,
} from './bank.ts'

function retries(): { metrics: ExecutorMetrics; count(): number } {
  let count = 0
  return {
    metrics: {
      committed() {},
      synced() {},
      syncFailed() {},
      retried: () => void count++,
      queued() {},
      recorded() {},
    },
    count: () => count,
  }
}

const bookmarkOfD1 = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/

/**
 * What D1 promises besides: few round trips, and a decision is made again when what it was made on has
 * changed.
 */
export const remoteEngines: Cases<RemoteBank> = {
  'reads in one round trip and writes in two': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const reads = [groupRow({ group_id }), groupRow({ group_id: newGroupId() })] as const
    assert.equal(await bank.batches(() => run(executor, reads, () => ({ data: null }), { writes: false })), 1)
    assert.equal(await bank.batches(async () => executor.read(groupRow({ group_id }))), 1)
    assert.equal(await bank.batches(() => join(executor, group_id, 1)), 2)
    assert.equal(await bank.batches(() => run(executor, reads, () => refuse('group_not_found'))), 1)
    assert.equal(
      await bank.batches(() =>
        write(executor, insertGroup({ group_id: newGroupId(), capacity: 1, name: '' })),
      ),
      1,
    )
  },

  'decides again when the group has changed in between': async bank => {
    const { metrics, count } = retries()
    const executor = bank.executor({ metrics })
    const group_id = await newGroup(executor)
    const decidedOn: (number | undefined)[] = []
    const trips = await bank.batches(() =>
      run(executor, [groupRow({ group_id })], ([[group]]) => {
        decidedOn.push(group?.version)
        // As if somebody else had changed the group before the first attempt was written.
        const seen = decidedOn.length === 1 ? 0 : (group?.version ?? 0)
        return {
          data: null,
          writes: [
            addMember({ group_id, user_id: decidedOn.length, role: 1, display_name: '' }),
            guard({ group_id, seen, joined: 1 }),
          ],
        }
      }),
    )
    assert.deepEqual([decidedOn, count(), trips], [[1, 1], 1, 4])
    assert.deepEqual(await standingOf(executor, group_id), { count: 1, version: 2, members: 1 })
  },

  'gives up with 503 on a group that changes all the time': async bank => {
    const { metrics, count } = retries()
    const executor = bank.executor({ metrics })
    const group_id = await newGroup(executor)
    await assert.rejects(
      write(executor, guard({ group_id, seen: 0, joined: 1 })),
      error => error instanceof HttpError && error.status === 503 && error.headers['retry-after'] === '1',
    )
    assert.equal(count(), 16)
    assert.deepEqual(await standingOf(executor, group_id), { count: 0, version: 1, members: 0 })
  },

  'does not try again what cannot run': async bank => {
    const { metrics, count } = retries()
    const executor = bank.executor({ metrics })
    const trips = await bank.batches(() =>
      assert.rejects(write(executor, intoNowhere({ value: 1 })), DatabaseError),
    )
    assert.deepEqual([trips, count()], [1, 0])
  },

  'hands out how far a session has seen, and reads from there': async bank => {
    const executor = bank.executor()
    const session: Session = { bookmark: undefined }
    const group_id = newGroupId()
    await run(
      executor,
      [],
      () => ({ data: null, writes: [insertGroup({ group_id, capacity: 1, name: '' })] }),
      { session },
    )
    const written = session.bookmark
    assert.match(String(written), bookmarkOfD1)
    await run(executor, [groupRow({ group_id })], ([[group]]) => ({ data: assert.ok(group) }), {
      writes: false,
      session,
    })
    assert.ok(String(session.bookmark) >= String(written))
  },

  'is not put off by a bookmark that is none': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const hostile = [
      '',
      ' ',
      'x',
      '../..',
      "' OR 1=1",
      'ÿÿ',
      'first-primary',
      'first-nothing',
      '9'.repeat(10_000),
      'g-g-g-g',
      '9-9-9-9',
    ]
    for (const bookmark of hostile) {
      const session: Session = { bookmark }
      await run(executor, [groupRow({ group_id })], ([[group]]) => ({ data: assert.ok(group) }), {
        writes: false,
        session,
      })
      if (bookmark !== '9-9-9-9') assert.match(String(session.bookmark), bookmarkOfD1)
      await run(
        executor,
        [],
        () => ({ data: null, writes: [insertGroup({ group_id: newGroupId(), capacity: 1, name: '' })] }),
        {
          session: { bookmark },
        },
      )
    }
  },

  'asks the primary when it cannot read from a bookmark': async bank => {
    const executor = bank.executor()
    const session: Session = { bookmark: '9-9-9-9' }
    const read = () => run(executor, [fromNowhere({})], () => ({ data: null }), { writes: false, session })
    assert.equal(await bank.batches(() => assert.rejects(read(), DatabaseError)), 2)
  },
}
