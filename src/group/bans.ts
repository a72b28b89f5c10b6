import { and, eq, gt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { command, db, listOf, query } from '../db/query.ts'
import { members } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { anyInteger, id, paging, someIds } from '../operation/fields.ts'
import { keyOf, pageOf } from '../operation/page.ts'
import { done, itemResult, memberInfo } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { memberSeenBy } from './members.ts'
import { judgeEach, refusalForMember, targets } from './targets.ts'

const tenYears = 5_256_000

/** Minutes; -1 for ever. */
const duration = anyInteger.refine(minutes => minutes === -1 || (minutes >= 1 && minutes <= tenYears), {
  error: `must be minutes from 1 to ${tenYears}, or -1 for ever`,
})

/** When a ban of so many minutes ends: milliseconds since 1970, -1 for never. */
const endOf = (minutes: number, now: number): number => (minutes === -1 ? -1 : now + minutes * 60_000)

const setBan = command<{ group_id: number; user_ids: readonly number[]; until: number }>()(
  p =>
    sql`UPDATE members SET ban_until = ${p.until} WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)

export const ban = groupOperation({
  id: 'post__group_ban',
  methods: ['POST'],
  path: '/group/ban',
  title: 'Ban members from sending',
  description: 'A new ban replaces the old one.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds, duration }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { results, ids } = judgeEach(list, target => refusalForMember(call.me, target))
    if (ids.length === 0) return { data: results }
    const until = endOf(call.input.duration, call.now)
    return {
      data: results,
      writes: [setBan({ group_id: call.group.group_id, user_ids: ids, until })],
      events: [call.event('group.member.banned', ids)],
    }
  },
})

export const unban = groupOperation({
  id: 'post__group_unban',
  methods: ['POST'],
  path: '/group/unban',
  title: 'Lift the ban of members',
  description:
    'Succeeds for one who is not banned. As by ban, nobody acts on someone of the same or a higher role.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { results, ids } = judgeEach(list, target => refusalForMember(call.me, target))
    if (ids.length === 0) return { data: results }
    return {
      data: results,
      writes: [setBan({ group_id: call.group.group_id, user_ids: ids, until: 0 })],
      events: [call.event('group.member.unbanned', ids)],
    }
  },
})

const inForce = (now: unknown) => sql`(${members.ban_until} = -1 OR ${members.ban_until} > ${now})`

const bannedPage = query<{ group_id: number; after: number; limit: number; now: number }>()(p =>
  db
    .select({
      user_id: members.user_id,
      role: members.role,
      display_name: members.display_name,
      joined_at: members.joined_at,
      ban_until: members.ban_until,
    })
    .from(members)
    .where(
      and(
        eq(members.group_id, p.group_id),
        gt(members.user_id, p.after),
        sql`ban_until <> 0`,
        inForce(p.now),
      ),
    )
    .orderBy(members.user_id)
    .limit(p.limit),
)

const bannedCount = query<{ group_id: number; now: number }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(members)
    .where(and(eq(members.group_id, p.group_id), sql`ban_until <> 0`, inForce(p.now))),
)

export const bannedList = groupOperation({
  id: 'get__group_banned_list',
  methods: ['GET'],
  path: '/group/banned_list',
  title: 'List the banned members of a group',
  description: 'Only bans in force, in the order of user ids.',
  requires: 'member',
  paged: true,
  input: z.object({ group_id: id, ...paging(1000) }),
  answer: z.array(memberInfo),
  reads: ({ app, input, now }, group_id) => {
    const after = keyOf(app, `banned ${group_id}`, input.cursor, 0)
    if (after === undefined) return refuse('invalid_parameter', 'cursor is not one of this list')
    return [bannedPage({ group_id, after, limit: input.limit + 1, now }), bannedCount({ group_id, now })]
  },
  decide: (call, [found, [count]]) => {
    const { app, group, input } = call
    const { rows, cursor } = pageOf(app, `banned ${group.group_id}`, input.limit, found, row => row.user_id)
    return {
      data: rows.map(row => memberSeenBy(call, row)),
      page: { cursor, total: count?.total ?? 0, version: group.version },
    }
  },
})

const setBanAll = command<{ group_id: number; until: number; now: number }>()(
  p =>
    sql`UPDATE groups SET ban_all_until = ${p.until}, updated_at = ${p.now} WHERE group_id = ${p.group_id}`,
)

export const banAll = groupOperation({
  id: 'post__group_settings_ban_all',
  methods: ['POST'],
  path: '/group/settings/ban_all',
  title: 'Let only admins send',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, duration }),
  answer: z.object({ ban_expire_time: z.int().describe('seconds since 1970; -1 for ever') }),
  decide: call => {
    const { group, input, now } = call
    const until = endOf(input.duration, now)
    return {
      data: { ban_expire_time: until === -1 ? -1 : Math.ceil(until / 1000) },
      writes: [setBanAll({ group_id: group.group_id, until, now })],
      events: [call.event('group.all.banned')],
    }
  },
})

export const unbanAll = groupOperation({
  id: 'post__group_settings_unban_all',
  methods: ['POST'],
  path: '/group/settings/unban_all',
  title: 'Let all members send again',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id }),
  answer: done,
  decide: call => ({
    data: true,
    writes: [setBanAll({ group_id: call.group.group_id, until: 0, now: call.now })],
    events: [call.event('group.all.unbanned')],
  }),
})
