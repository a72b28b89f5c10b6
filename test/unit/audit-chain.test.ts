import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eraseEvents } from '../../src/audit/erase.ts'
import { sealApp } from '../../src/audit/seal.ts'
import { type KnownHead, type Verdict, verifyApp } from '../../src/audit/verify.ts'
import type { SerialEngine } from '../../src/db/engine.ts'
import { betterSqlite3 } from '../../src/db/engines/better-sqlite3.ts'
import { migrate } from '../../src/db/migrate.ts'
import { eventLoop } from '../../src/entry/event-loop.ts'
import { nativeSha256 } from '../../src/entry/sha256.ts'
import { inlineSha256 } from '../../src/entry/worker/sha256.ts'
import type { NewEvent } from '../../src/events/event.ts'
import type { Executor } from '../../src/operation/executor.ts'
import { serialExecutor } from '../../src/operation/serial-executor.ts'
import { runTask, task } from '../../src/operation/task.ts'
import { newApp } from '../../src/tenant/first-app.ts'
import { appRow, saveApp, toApp } from '../../src/tenant/registry.ts'
import { read } from '../../src/transfer/read.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

const app_id = 'chained'
const start = Date.UTC(2031, 5, 2, 12)

describe('the chain of the audit trail', () => {
  let folder: string
  let engine: SerialEngine
  let executor: Executor
  /** Somebody else who has the database open. */
  let intruder: SerialEngine

  beforeEach(async () => {
    folder = temporaryFolder()
    const file = join(folder, 'cohort.db')
    engine = betterSqlite3(file)
    migrate(engine)
    executor = serialExecutor(engine, { loop: eventLoop })
    intruder = betterSqlite3(file)
    for (const id of [app_id, 'another']) {
      await runTask(
        executor,
        saveApp(id, () => newApp(id, undefined)),
        start,
      )
    }
  })
  afterEach(async () => {
    intruder.close()
    await executor.drain()
    engine.close()
    removeFolder(folder)
  })

  /** Records these events, one second apart. */
  const record = (count: number, of: (i: number) => NewEvent = kicked) =>
    runTask(
      executor,
      task({ decide: () => ({ data: null, events: Array.from({ length: count }, (_, i) => of(i)) }) }),
      start,
    )
  const kicked = (i: number): NewEvent =>
    i % 2 === 0
      ? { kind: 'group.member.kicked', app_id, users: [i + 1], by_id: 7 }
      : {
          kind: 'group.member.changed',
          app_id,
          users: [i + 1],
          by_id: i,
          changes: { display_name: ['', 'Ä'] },
        }
  const seal = () => sealApp(executor, app_id, { hash: nativeSha256, clock: () => start })
  const verify = async (known: readonly KnownHead[] = []): Promise<Verdict> => {
    const [row] = read(intruder, appRow({ app_id }))
    if (row === undefined) throw new Error('no app')
    return verifyApp(toApp(row), {
      read: bound => read(intruder, bound),
      hash: nativeSha256,
      now: start,
      known,
    })
  }
  /** The executor reads one state of the database in each turn of the event loop. */
  const nextTurn = () => new Promise(resolve => setTimeout(resolve))
  /** What is wrong after a change by somebody else. The change is taken back. */
  const changed = async (sql: string): Promise<Verdict> => {
    intruder.exec('BEGIN')
    try {
      intruder.exec(sql)
      return await verify()
    } finally {
      intruder.exec('ROLLBACK')
    }
  }

  it('covers events in batches of 512, and says what is not sealed yet', async () => {
    await record(1200)
    expect(await verify()).toMatchObject({ batches: 0, unsealed: 1201, problems: 0 })
    await seal()
    expect(await verify()).toMatchObject({ batches: 3, events: 1201, erased: 0, unsealed: 0, problems: 0 })
    await record(1)
    expect(await verify()).toMatchObject({ batches: 3, unsealed: 1, problems: 0 })
    await seal()
    expect(await verify()).toMatchObject({ batches: 4, events: 1202, unsealed: 0, problems: 0 })
  })

  it('is of one app: events of others are not in it', async () => {
    await record(3, () => ({ kind: 'group.destroyed', app_id: 'another' }))
    await seal()
    expect(await verify()).toMatchObject({ events: 1, problems: 0 })
    expect(intruder.rows('SELECT DISTINCT app_id FROM audit_chain')).toEqual([[app_id]])
  })

  it.each([
    [
      'a changed event',
      "UPDATE events SET by_id = 8 WHERE app_id = 'chained' AND seq = 5",
      /^event 5 was changed/,
    ],
    [
      'a changed time',
      "UPDATE events SET at = at + 1 WHERE app_id = 'chained' AND seq = 5",
      /^event 5 was changed/,
    ],
    ['a deleted event', "DELETE FROM events WHERE app_id = 'chained' AND seq = 6", /^event 6 was deleted$/],
    [
      'an event moved to another app',
      "UPDATE events SET app_id = 'another', seq = 99 WHERE app_id = 'chained' AND seq = 6",
      /^event 6 was deleted$/,
    ],
    [
      'an event that claims to stand for deleted ones',
      `UPDATE events SET kind = 'events.trimmed', by_id = NULL, subjects = '[]', data = '{"from":1,"to":6}'
        WHERE app_id = 'chained' AND seq = 6`,
      /^event 6 was changed/,
    ],
    [
      'a changed digest',
      "UPDATE audit_chain SET entries = json_set(entries, '$[3][2]', 'x') WHERE app_id = 'chained' AND number = 1",
      /^event 4 was changed, or its digest$/,
    ],
    [
      'a changed salt',
      "UPDATE audit_chain SET entries = json_set(entries, '$[3][3]', 'x') WHERE app_id = 'chained' AND number = 1",
      /^event 4 was changed, or its digest$/,
    ],
    [
      'a salt taken from an event that was not erased',
      "UPDATE audit_chain SET entries = json_set(entries, '$[3][3]', '') WHERE app_id = 'chained' AND number = 1",
      /^event 4 was changed: it had been erased$/,
    ],
    [
      'entries that are none',
      "UPDATE audit_chain SET entries = '[1' WHERE app_id = 'chained' AND number = 1",
      /^batch 1 was changed: its entries$/,
    ],
    [
      'a deleted batch',
      "DELETE FROM audit_chain WHERE app_id = 'chained' AND number = 2",
      /^the batches between batch 1 and batch 3 were deleted$/,
    ],
    [
      'a deleted first batch',
      "DELETE FROM audit_chain WHERE app_id = 'chained' AND number = 1",
      /^the batches before batch 2 were deleted$/,
    ],
    [
      'a deleted last batch',
      "DELETE FROM audit_chain WHERE app_id = 'chained' AND number = 3",
      /^the batches after batch 2 were deleted$/,
    ],
    ['a deleted chain', "DELETE FROM audit_chain WHERE app_id = 'chained'", /^all batches were deleted$/],
    [
      'a deleted head',
      "DELETE FROM audit_heads WHERE app_id = 'chained'",
      /^the record of the head was deleted$/,
    ],
    [
      'a changed hash',
      "UPDATE audit_chain SET hash = 'x' WHERE app_id = 'chained' AND number = 2",
      /^batch 2 was changed$/,
    ],
    [
      'a batch said to be old',
      "UPDATE audit_chain SET kept = 'none', entries = '[]' WHERE app_id = 'chained' AND number = 2",
      /^event 513 was inserted$/,
    ],
  ])('shows %s', async (_, sql, saying) => {
    await record(1200)
    await seal()
    expect((await changed(sql)).named[0]).toMatch(saying)
  })

  it('shows an inserted event, between others and before all', async () => {
    await record(20)
    await seal()
    const copy = (seq: number) => `INSERT INTO events
      SELECT app_id, ${seq}, at, kind, group_id, group_version, by_id, acting, key_id, subjects, data, request, ip
      FROM events WHERE app_id = '${app_id}' AND seq = 4`
    expect((await changed(copy(0))).named).toEqual([
      '1 events before event 1 were inserted: they are in no batch',
    ])
    const inPlace = await changed(`DELETE FROM events WHERE app_id = '${app_id}' AND seq = 6; ${copy(6)}`)
    expect(inPlace.named).toEqual(['event 6 was changed, or its digest'])
    const unlisted = await changed(`UPDATE audit_chain SET entries = json_remove(entries, '$[5]')`)
    expect(unlisted.named).toEqual(['event 6 was inserted'])
  })

  it('shows events that were deleted before their time', async () => {
    await record(20)
    await seal()
    const { named } = await changed(`DELETE FROM events WHERE app_id = '${app_id}' AND seq < 21;
      UPDATE audit_chain SET kept = 'none', entries = '[]'`)
    expect(named).toContain('events of batch 1 were deleted before their time')
  })

  it('made anew after a change shows it by a head that somebody kept', async () => {
    await record(20)
    await seal()
    const { head } = await verify()
    if (head === undefined) throw new Error('there is no head')
    expect((await verify([head])).problems).toBe(0)
    intruder.exec(`UPDATE events SET by_id = 8 WHERE app_id = '${app_id}' AND seq = 5;
      DELETE FROM audit_chain; DELETE FROM audit_heads`)
    await nextTurn()
    await seal()
    expect((await verify()).problems).toBe(0)
    expect((await verify([head])).named).toEqual([`the chain does not contain the known head ${head.number}`])
  })

  it('shows a byte that was flipped, wherever it is', async () => {
    await record(30)
    await seal()
    await record(30)
    await seal()
    await erase([9, 10])
    expect((await verify()).problems).toBe(0)
    const values = ['events', 'audit_chain', 'audit_heads'].flatMap(table =>
      intruder
        .rows(`SELECT name FROM pragma_table_info('${table}')`)
        .map(([name]) => String(name))
        // When a head was told to the log is no part of the record.
        .filter(name => name !== 'told_at')
        .map(column => ({ table, column })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...values),
        fc.nat(),
        fc.nat(),
        fc.nat(7),
        async ({ table, column }, row, place, bit) => {
          const key = table === 'audit_heads' ? 'app_id' : table === 'events' ? 'seq' : 'number'
          const rows = intruder.rows(
            `SELECT ${key}, ${column} FROM ${table} WHERE app_id = '${app_id}' AND length(${column}) > 0`,
          )
          const [id, value] = rows[row % rows.length] ?? []
          if (value === undefined) return
          // Two rows cannot have the same number.
          const shift = column === key && typeof value === 'number' ? 8 : 0
          const where = `app_id = '${app_id}' AND ${key} = ${typeof id === 'number' ? id : `'${id}'`}`
          const { problems } = await changed(
            `UPDATE ${table} SET ${column} = ${flipped(value, place, bit + shift)} WHERE ${where}`,
          )
          expect(problems, `${table}.${column} where ${where}`).toBeGreaterThan(0)
        },
      ),
      { numRuns: 400 },
    )
  })

  /** A value in which one bit is another, as SQL. */
  const flipped = (value: unknown, place: number, bit: number): string => {
    if (typeof value === 'number')
      return String(value % 2 ** (bit + 1) < 2 ** bit ? value + 2 ** bit : value - 2 ** bit)
    const bytes = Buffer.from(String(value))
    const at = place % bytes.length
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
    return `CAST(X'${bytes.toString('hex')}' AS TEXT)`
  }

  const erase = (seqs: readonly number[]) =>
    runTask(executor, task({ decide: () => ({ data: null, writes: eraseEvents({ app_id, seqs }) }) }), start)

  it('holds over erasing, which leaves nothing of the person but the ids in subjects', async () => {
    await record(1200)
    await seal()
    await erase([3, 4, 700])
    expect(await verify()).toMatchObject({ erased: 3, problems: 0, events: 1201 })
    const rows = intruder.rows(
      `SELECT by_id, key_id, data, request, ip FROM events WHERE app_id = '${app_id}' AND seq IN (3, 4, 700)`,
    )
    for (const row of rows) expect(row).toEqual([null, '', '{}', '', ''])
    // Whoever knows what was there cannot prove it any more.
    const [[entries] = []] = intruder.rows(
      `SELECT entries FROM audit_chain WHERE app_id = '${app_id}' AND number = 1`,
    )
    expect(JSON.parse(String(entries))[2]).toEqual([3, 0, expect.stringMatching(/^[\w-]{43}$/), ''])
    const { named } = await changed(
      `UPDATE events SET data = '{"x":1}' WHERE app_id = '${app_id}' AND seq = 4`,
    )
    expect(named).toEqual(['event 4 was changed: it had been erased'])
  })

  it('of an erased event still covers what was left', async () => {
    await record(20)
    await seal()
    await erase([4])
    const { named } = await changed(
      `UPDATE events SET kind = 'group.member.left' WHERE app_id = '${app_id}' AND seq = 4`,
    )
    expect(named).toEqual(['batch 1 was changed: its hashes, or one of the erased events 4'])
  })

  it('is not touched by erasing what is not sealed yet', async () => {
    await record(2)
    await erase([2])
    expect(intruder.rows(`SELECT by_id FROM events WHERE app_id = '${app_id}' AND seq = 2`)).toEqual([[7]])
    await seal()
    await erase([2])
    expect(await verify()).toMatchObject({ erased: 1, problems: 0 })
  })

  it('has the same hashes wherever they are computed', () => {
    for (const text of ['', 'ä', '😀'.repeat(1000)]) expect(inlineSha256(text)).toBe(nativeSha256(text))
  })
})
