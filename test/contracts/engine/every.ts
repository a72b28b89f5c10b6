import assert from 'node:assert/strict'
import { getTableColumns } from 'drizzle-orm'
import { DatabaseError } from '../../../src/db/engine.ts'
import { groups } from '../../../src/db/schema.ts'
import { HttpError, Refusal, refuse } from '../../../src/operation/errors.ts'
import {
  addMember,
  addMembers,
  type Bank,
  type Cases,
  groupRow,
  guard,
  insertGroup,
  intoNowhere,
  join,
  memberCount,
  memberRows,
  membersAmong,
  newGroup,
  newGroupId,
  run,
  standingOf,
  write,
} from './bank.ts'

const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i)

/**
 * SQLite in the process says that the database failed; at a distance it looks as if somebody else were
 * faster, each time.
 */
const notWritten = (error: unknown): boolean =>
  error instanceof DatabaseError || (error instanceof HttpError && error.status === 503)

/** What every database engine promises, under the executor that runs it. */
export const everyEngine: Cases<Bank> = {
  'answers rows in the order and with the types of the query': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor, { name: 'Book club' })
    const [group] = await executor.read(groupRow({ group_id }))
    const stored = {
      group_id,
      app_id: 'bank',
      type: 0,
      name: 'Book club',
      description: '',
      avatar: '',
      ext: '',
      owner_id: 1,
      creator_id: 1,
      apply_approval: 0,
      capacity: 1000,
      member_invite: true,
      member_modify: false,
      history_visible: false,
      read_ack: false,
      hide_member_info: false,
      ban_all_until: 0,
      count: 0,
      blacklist_count: 0,
      version: 1,
      status: 0,
      created_at: 0,
      updated_at: 0,
    }
    assert.ok(group)
    // Columns that came later have defaults, whatever they are.
    assert.deepEqual({ ...group, ...stored }, group)
    assert.deepEqual(Object.keys(group), Object.keys(getTableColumns(groups)))
    assert.deepEqual(await executor.read(groupRow({ group_id: newGroupId() })), [])
  },

  'keeps whole numbers up to 2^53 − 1': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const ids = [
      -1,
      0,
      1,
      2 ** 31,
      2 ** 32 + 1,
      2 ** 52 + 1,
      Number.MAX_SAFE_INTEGER - 1,
      Number.MAX_SAFE_INTEGER,
    ]
    await write(executor, ...ids.map(user_id => addMember({ group_id, user_id, role: 1, display_name: '' })))
    assert.deepEqual(
      (await executor.read(memberRows({ group_id }))).map(row => row.user_id),
      ids,
    )
    assert.deepEqual(await executor.read(membersAmong({ user_ids: [Number.MAX_SAFE_INTEGER] })), [
      { user_id: Number.MAX_SAFE_INTEGER },
    ])
  },

  'keeps any text as it is': async bank => {
    const executor = bank.executor()
    const texts = [
      '',
      ' ',
      "it's",
      '"',
      '\0',
      'before\0after',
      '\n\r\t\u007f',
      '👩‍👩‍👧‍👦',
      '\u{10ffff}',
      'e\u0301 é',
      '\ufeff\u202eabc',
      '\uffff',
      '%s ? :a $1',
      'x'.repeat(100_000),
    ]
    for (const name of texts) {
      const group_id = await newGroup(executor, { name })
      assert.equal((await executor.read(groupRow({ group_id })))[0]?.name, name)
    }
  },

  'takes a list of 500 as one parameter': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const user_ids = numbers(500, 2 ** 40)
    await write(executor, addMembers({ group_id, user_ids }))
    assert.deepEqual(
      (await executor.read(membersAmong({ user_ids }))).map(row => row.user_id),
      numbers(500, 2 ** 40),
    )
  },

  'writes all that a task writes or nothing of it': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const member = { group_id, role: 1, display_name: '' }
    const twice = [
      addMember({ ...member, user_id: 1 }),
      addMember({ ...member, user_id: 2 }),
      addMember({ ...member, user_id: 1 }),
    ]
    await assert.rejects(write(executor, guard({ group_id, seen: 1, joined: 3 }), ...twice), notWritten)
    assert.deepEqual(await standingOf(executor, group_id), { count: 0, version: 1, members: 0 })
  },

  'refuses what breaks a key, a unique index, a CHECK or a NOT NULL': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor, { capacity: 2 })
    const member = { group_id, user_id: 1, role: 3, display_name: '' }
    await write(executor, addMember(member))
    const breaking = {
      'a key': addMember(member),
      'a unique index': addMember({ ...member, user_id: 2 }),
      'a CHECK': addMember({ ...member, user_id: 2, role: 4 }),
      'a NOT NULL, by the guard': guard({ group_id, seen: 7, joined: 0 }),
      'the capacity': guard({ group_id, seen: 1, joined: 3 }),
    }
    await Promise.all(
      Object.entries(breaking).map(([what, bound]) =>
        assert.rejects(write(executor, bound), notWritten, what),
      ),
    )
    assert.deepEqual(await standingOf(executor, group_id), { count: 0, version: 1, members: 1 })
  },

  'reads all that a task reads at one instant': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    const writing = numbers(40).reduce<Promise<unknown>>(
      (before, user_id) => before.then(() => join(executor, group_id, user_id)),
      Promise.resolve(),
    )
    const seen = new Set<number>()
    const reads = [groupRow({ group_id }), memberCount({ group_id })] as const
    while (seen.size < 2 || !seen.has(40)) {
      await run(
        executor,
        reads,
        ([[group], [counted]]) => {
          assert.equal(group?.count, counted?.members)
          seen.add(group?.count ?? -1)
          return { data: null }
        },
        { writes: false },
      )
      // Where reads answer at once, those who write need a turn of the event loop.
      await new Promise(resolve => setTimeout(resolve))
    }
    await writing
  },

  'writes nothing when the decision is a refusal': async bank => {
    const executor = bank.executor()
    const result = await run(executor, [groupRow({ group_id: newGroupId() })], () =>
      refuse('group_not_found'),
    )
    assert.ok(result instanceof Refusal && result.code === 20001)
  },

  'fills ten places with exactly ten of twenty who come at once': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor, { capacity: 10 })
    const results = await Promise.all(numbers(20).map(user_id => join(executor, group_id, user_id)))
    assert.equal(results.filter(result => !(result instanceof Refusal) && result.data).length, 10)
    assert.deepEqual(await standingOf(executor, group_id), { count: 10, version: 11, members: 10 })
  },

  'lets all through who change one group at once': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    await Promise.all(numbers(50).map(user_id => join(executor, group_id, user_id)))
    assert.deepEqual(await standingOf(executor, group_id), { count: 50, version: 51, members: 50 })
  },

  'throws DatabaseError for a statement that cannot run, and goes on': async bank => {
    const executor = bank.executor()
    const group_id = newGroupId()
    await assert.rejects(
      write(executor, insertGroup({ group_id, capacity: 1, name: '' }), intoNowhere({ value: 1 })),
      DatabaseError,
    )
    assert.deepEqual(await executor.read(groupRow({ group_id })), [])
    await newGroup(executor)
  },

  'has written what it accepted when it is drained': async bank => {
    const executor = bank.executor()
    const group_id = await newGroup(executor)
    await executor.drain()
    await Promise.all([join(executor, group_id, 1), executor.drain()])
    await executor.drain()
    assert.deepEqual(await standingOf(executor, group_id), { count: 1, version: 2, members: 1 })
  },
}
