import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, listOf } from '../db/query.ts'
import { members } from '../db/schema.ts'
import { anyInteger, id, paging, someIds } from '../operation/fields.ts'
import { pagedList } from '../operation/page.ts'
import { liftAbsentBans } from './absent-bans.ts'
import { banInForce, done, itemResult } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { inForce, memberInfo, memberItem, type SeenBy, seenBy } from './member-item.ts'
import { judgeEach, refusalForMember, type Target, targets } from './targets.ts'

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
  description: 'A new ban replaces the old one. It outlasts leaving the group and coming back.',
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
      events: [call.event('group.member.banned', { users: ids, until })],
    }
  },
})

export const unban = groupOperation({
  id: 'post__group_unban',
  methods: ['POST'],
  path: '/group/unban',
  title: 'Lift the ban of members',
  description:
    'Succeeds for a member who is not banned, and for one who was banned and is away. As by ban, nobody acts on someone of the same or a higher role.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const isBannedAway = (target: Target) =>
      target.role === null && banInForce(target.absent_until ?? 0, call.now) !== 0
    const { results, passed, ids } = judgeEach(list, target =>
      isBannedAway(target) ? undefined : refusalForMember(call.me, target),
    )
    if (ids.length === 0) return { data: results }
    const { group_id } = call.group
    const away = passed.filter(target => target.role === null).map(target => target.user_id)
    return {
      data: results,
      writes: [setBan({ group_id, user_ids: ids, until: 0 }), ...liftAbsentBans(group_id, away)],
      events: [call.event('group.member.unbanned', { users: ids })],
    }
  },
})

const bannedPages = pagedList<SeenBy>()({
  name: 'banned',
  key: members.user_id,
  item: memberItem,
  from: (select, p, beyond) =>
    select
      .from(sql`${members} INDEXED BY members_banned`)
      .where(and(eq(members.group_id, p.group_id), beyond, sql`ban_until <> 0`, inForce(p.now))),
  counted: true,
})

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
  reads: (call, group_id) => bannedPages.reads(call, group_id, seenBy(call, group_id)),
  decide: (call, page) =>
    bannedPages.answer(call, call.group.group_id, page, { version: call.group.version }),
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
      events: [call.event('group.all.banned', { until })],
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
    events: [call.event('group.all.unbanned', {})],
  }),
})
