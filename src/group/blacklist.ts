import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { isoTime } from '../db/json-rows.ts'
import { type Bound, command, each, listOf } from '../db/query.ts'
import { blacklist } from '../db/schema.ts'
import { id, paging, someIds } from '../operation/fields.ts'
import { pagedList } from '../operation/page.ts'
import { refusalToActOn } from '../operation/roles.ts'
import { itemResult } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { remove, settlePending } from './join.ts'
import { judgeEach, targets } from './targets.ts'

const insertBlocked = command<{ group_id: number; user_ids: readonly number[]; now: number }>()(
  p =>
    sql`INSERT INTO blacklist (group_id, user_id, blocked_at) SELECT ${p.group_id}, value, ${p.now} FROM ${each(p.user_ids)}`,
)
const deleteBlocked = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`DELETE FROM blacklist WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)
const forgetKicks = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`DELETE FROM kicks WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)
const countBlocked = command<{ group_id: number; more: number }>()(
  p => sql`UPDATE groups SET blacklist_count = blacklist_count + ${p.more} WHERE group_id = ${p.group_id}`,
)

/** The writes that take users off the blacklist and forget their kicks. All of them must be on it. */
export const unblocking = (group_id: number, user_ids: readonly number[]): Bound[] => [
  deleteBlocked({ group_id, user_ids }),
  forgetKicks({ group_id, user_ids }),
  countBlocked({ group_id, more: -user_ids.length }),
]

export const block = groupOperation({
  id: 'post__group_block',
  methods: ['POST'],
  path: '/group/block',
  title: 'Put users on the blacklist of a group',
  description:
    'A member is removed, pending applications and invitations end. Non-members can be blocked too.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { app, me, now } = call
    const { group_id } = call.group
    const { results, passed, ids } = judgeEach(list, t =>
      t.blocked_at !== null ? 'blacklisted' : refusalToActOn(me.role ?? 0, t.role),
    )
    if (ids.length === 0) return { data: results }
    const leaving = passed.filter(target => target.role !== null)
    const user_ids = ids
    return {
      data: results,
      joined: -leaving.length,
      writes: [
        ...remove({ app, now, group_id, leaving }),
        insertBlocked({ group_id, user_ids, now }),
        countBlocked({ group_id, more: ids.length }),
        ...settlePending(group_id, user_ids, 2, now),
      ],
      events: [
        call.event('group.member.kicked', { users: leaving.map(member => member.user_id) }),
        call.event('group.blacklist.added', { users: ids }),
      ],
    }
  },
})

export const unblock = groupOperation({
  id: 'delete__group_unblock',
  methods: ['DELETE', 'POST'],
  path: '/group/unblock',
  title: 'Take users off the blacklist of a group',
  description: 'Fails for one who is not on it. Former kicks are forgotten.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { group_id } = call.group
    const { results, ids } = judgeEach(list, target =>
      target.blocked_at === null ? 'user is not on the blacklist of this group' : undefined,
    )
    if (ids.length === 0) return { data: results }
    return {
      data: results,
      writes: unblocking(group_id, ids),
      events: [call.event('group.blacklist.removed', { users: ids })],
    }
  },
})

const blockedPages = pagedList<{ group_id: number }>()({
  name: 'blocked',
  key: blacklist.user_id,
  item: () => ({
    created_at: isoTime(blacklist.blocked_at).as('created_at'),
    group_id: blacklist.group_id,
    user_id: blacklist.user_id,
  }),
  from: (select, p, beyond) => select.from(blacklist).where(and(eq(blacklist.group_id, p.group_id), beyond)),
})

export const blockedList = groupOperation({
  id: 'get__group_blocked_list',
  methods: ['GET'],
  path: '/group/blocked_list',
  title: 'List the blacklist of a group',
  description: 'In the order of user ids.',
  requires: 'admin',
  paged: true,
  input: z.object({ group_id: id, ...paging(1000) }),
  answer: z.array(
    z.object({ created_at: z.string().describe('ISO 8601, UTC'), group_id: z.int(), user_id: z.int() }),
  ),
  reads: (call, group_id) => blockedPages.reads(call, group_id, { group_id }),
  decide: (call, page) => {
    const { group_id, blacklist_count, version } = call.group
    return blockedPages.answer(call, group_id, page, { total: blacklist_count, version })
  },
})
