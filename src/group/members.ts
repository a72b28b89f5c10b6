import { and, eq, gt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { command, db, inList, query } from '../db/query.ts'
import { members } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { anyInteger, boolean, id, integer, name, paging, someIds } from '../operation/fields.ts'
import { keyOf, pageOf } from '../operation/page.ts'
import { role } from '../operation/roles.ts'
import { banInForce, done, type MemberInfo, memberInfo, nothing } from './answers.ts'
import { type Actor, type Group, groupOperation } from './group-operation.ts'

const memberColumns = {
  user_id: members.user_id,
  role: members.role,
  display_name: members.display_name,
  joined_at: members.joined_at,
  ban_until: members.ban_until,
}
type MemberRow = Pick<typeof members.$inferSelect, keyof typeof memberColumns>

interface Viewer {
  readonly group: Group
  readonly me: Actor
  readonly now: number
}

/**
 * A member as this caller may see it: with `hide_member_info`, ordinary members see little of each other
 * (docs/behaviour.md, section 8).
 */
export function memberSeenBy({ group, me, now }: Viewer, member: MemberRow): MemberInfo {
  const hidden =
    group.hide_member_info &&
    me.role === role.member &&
    member.role === role.member &&
    member.user_id !== me.actor_id
  return {
    display_name: hidden ? '' : member.display_name,
    expired_time: hidden ? 0 : banInForce(member.ban_until, now),
    join_time: member.joined_at,
    user_id: member.user_id,
  }
}

const memberPage = query<{ group_id: number; after: number; limit: number }>()(p =>
  db
    .select(memberColumns)
    .from(members)
    .where(and(eq(members.group_id, p.group_id), gt(members.user_id, p.after)))
    .orderBy(members.user_id)
    .limit(p.limit),
)

export const memberList = groupOperation({
  id: 'get__group_member_list',
  methods: ['GET'],
  path: '/group/member_list',
  title: 'List the members of a group',
  description: 'In the order of their ids. A page costs the same wherever it is, however large the group.',
  requires: 'member',
  paged: true,
  input: z.object({ group_id: id, ...paging(1000) }),
  answer: z.array(memberInfo),
  reads: ({ app, input }, group_id) => {
    const after = keyOf(app, `members ${group_id}`, input.cursor, 0)
    return after === undefined
      ? refuse('invalid_parameter', 'cursor is not one of this list')
      : [memberPage({ group_id, after, limit: input.limit + 1 })]
  },
  decide: (call, [found]) => {
    const { app, group, input } = call
    const { rows, cursor } = pageOf(app, `members ${group.group_id}`, input.limit, found, row => row.user_id)
    return {
      data: rows.map(row => memberSeenBy(call, row)),
      page: { cursor, total: group.count, version: group.version },
    }
  },
})

const membersInList = query<{ group_id: number; user_ids: readonly number[] }>()(p =>
  db
    .select(memberColumns)
    .from(members)
    .where(and(eq(members.group_id, p.group_id), inList(members.user_id, p.user_ids))),
)

export const memberDisplayNames = groupOperation({
  id: 'post__group_members_display_name',
  methods: ['POST'],
  path: '/group/members/display_name',
  title: 'Get several members of a group',
  description: 'In the order asked for, each once; non-members are left out.',
  requires: 'member',
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(memberInfo),
  reads: ({ input }, group_id) => [membersInList({ group_id, user_ids: input.user_list })],
  decide: (call, [found]) => {
    const byId = new Map(found.map(member => [member.user_id, member]))
    return {
      data: call.input.user_list.flatMap(user_id => {
        const member = byId.get(user_id)
        return member === undefined ? [] : [memberSeenBy(call, member)]
      }),
    }
  },
})

const setDisplayName = command<{ group_id: number; user_id: number; value: string }>()(
  p =>
    sql`UPDATE members SET display_name = ${p.value} WHERE group_id = ${p.group_id} AND user_id = ${p.user_id}`,
)

export const displayName = groupOperation({
  id: 'put__group_display_name',
  methods: ['PUT', 'POST'],
  path: '/group/display_name',
  title: "Set the caller's own display name in a group",
  requires: 'member',
  self: true,
  writes: true,
  input: z.object({ group_id: id, value: name(64) }),
  answer: done,
  decide: call => ({
    data: true,
    writes: [
      setDisplayName({ group_id: call.group.group_id, user_id: call.me.actor_id, value: call.input.value }),
    ],
    events: [call.event('group.member.changed', [call.me.actor_id])],
  }),
})

const setMuteMode = command<{ group_id: number; user_id: number; mode: number }>()(
  p =>
    sql`UPDATE members SET msg_mute_mode = ${p.mode} WHERE group_id = ${p.group_id} AND user_id = ${p.user_id}`,
)

export const muteMode = groupOperation({
  id: 'put__group_msg_mute_mode',
  methods: ['PUT', 'POST'],
  path: '/group/msg/mute_mode',
  title: "Set how the group's messages are announced to the caller",
  description: '0: as usual. 1: without notification. 2: not received.',
  requires: 'member',
  self: true,
  writes: true,
  input: z.object({ group_id: id, msg_mute_mode: integer(0, 2) }),
  answer: nothing,
  decide: ({ group, me, input }) => ({
    data: {},
    writes: [setMuteMode({ group_id: group.group_id, user_id: me.actor_id, mode: input.msg_mute_mode })],
  }),
})

export const notDisturb = groupOperation({
  id: 'put__group_msg_not_disturb',
  methods: ['POST'],
  path: '/group/msg/not_disturb',
  title: 'Mute a group, or not',
  description: 'true sets msg_mute_mode 1, false 0.',
  tag: 'compat',
  requires: 'member',
  self: true,
  writes: true,
  input: z.object({ group_id: id, value: boolean }),
  answer: nothing,
  decide: ({ group, me, input }) => ({
    data: {},
    writes: [setMuteMode({ group_id: group.group_id, user_id: me.actor_id, mode: input.value ? 1 : 0 })],
  }),
})

const setPushMode = command<{ group_id: number; user_id: number; mode: number }>()(
  p =>
    sql`UPDATE members SET msg_push_mode = ${p.mode} WHERE group_id = ${p.group_id} AND user_id = ${p.user_id}`,
)

const pushModes = 4

export const pushMode = groupOperation({
  id: 'put__group_msg_push_mode',
  methods: ['PUT', 'POST'],
  path: '/group/msg/push_mode',
  title: "Set which of the group's messages are pushed to the caller",
  description:
    '0: all. 1: none. 2: of admins, and those that mention the caller. 3: of admins. 4: those that mention the caller. Another: 20003.',
  requires: 'member',
  self: true,
  writes: true,
  input: z.object({ group_id: id, msg_push_mode: anyInteger }),
  answer: nothing,
  // Parameters are checked before the group and the role, also the one with a code of its own.
  reads: ({ input }) =>
    input.msg_push_mode < 0 || input.msg_push_mode > pushModes ? refuse('push_mode_invalid') : [],
  decide: ({ group, me, input }) => ({
    data: {},
    writes: [setPushMode({ group_id: group.group_id, user_id: me.actor_id, mode: input.msg_push_mode })],
  }),
})
