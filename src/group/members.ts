import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { jsonRows, listIn } from '../db/json-rows.ts'
import { command, db, each } from '../db/query.ts'
import { members } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { anyInteger, boolean, id, integer, name, paging, someIdsUpTo } from '../operation/fields.ts'
import { pagedList } from '../operation/page.ts'
import { done, nothing } from './answers.ts'
import { type GroupCall, groupOperation } from './group-operation.ts'
import { memberInfo, memberItem, type SeenBy, seenBy } from './member-item.ts'

const memberPages = pagedList<SeenBy>()({
  name: 'members',
  key: members.user_id,
  item: memberItem,
  from: (select, p, beyond) => select.from(members).where(and(eq(members.group_id, p.group_id), beyond)),
})

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
  reads: (call, group_id) => memberPages.reads(call, group_id, seenBy(call, group_id)),
  decide: (call, page) => {
    const { group_id, count, version } = call.group
    return memberPages.answer(call, group_id, page, { total: count, version })
  },
})

const membersAmong = jsonRows<SeenBy & { user_ids: readonly number[] }>()(p =>
  db
    .select(memberItem(p))
    .from(sql`${each(p.user_ids)} AS item`)
    .crossJoin(members)
    .where(and(eq(members.group_id, p.group_id), sql`${members.user_id} = item.value`)),
)

export const memberDisplayNames = groupOperation({
  id: 'post__group_members_display_name',
  methods: ['POST'],
  path: '/group/members/display_name',
  title: 'Get several members of a group',
  description: 'In the order asked for, each once, at most 10 000; non-members are left out.',
  requires: 'member',
  input: z.object({ group_id: id, user_list: someIdsUpTo(10_000) }),
  answer: z.array(memberInfo),
  reads: (call, group_id) => [membersAmong({ ...seenBy(call, group_id), user_ids: call.input.user_list })],
  decide: (_, [found]) => ({ data: listIn(found) }),
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
  decide: call => {
    const { group, me, input } = call
    const changes = { display_name: [me.display_name, input.value] } as const
    return {
      data: true,
      writes: [setDisplayName({ group_id: group.group_id, user_id: me.actor_id, value: input.value })],
      events: [call.event('group.member.changed', { users: [me.actor_id], changes })],
    }
  },
})

function preference(call: GroupCall<unknown>, field: 'msg_mute_mode' | 'msg_push_mode', mode: number) {
  const { me } = call
  const changes = { [field]: [me[field], mode] } as const
  return call.event('group.member.preferences', { users: [me.actor_id], changes })
}

const setMuteMode = command<{ group_id: number; user_id: number; mode: number }>()(
  p =>
    sql`UPDATE members SET msg_mute_mode = ${p.mode} WHERE group_id = ${p.group_id} AND user_id = ${p.user_id}`,
)

const muted = (call: GroupCall<unknown>, mode: number) => ({
  writes: [setMuteMode({ group_id: call.group.group_id, user_id: call.me.actor_id, mode })],
  events: [preference(call, 'msg_mute_mode', mode)],
})

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
  decide: call => ({ data: {}, ...muted(call, call.input.msg_mute_mode) }),
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
  decide: call => ({ data: {}, ...muted(call, call.input.value ? 1 : 0) }),
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
  // Parameters are checked before the group and the role. This one, too, although its error has a code of its
  // own.
  reads: ({ input }) =>
    input.msg_push_mode < 0 || input.msg_push_mode > pushModes ? refuse('push_mode_invalid') : [],
  decide: call => {
    const { group, me, input } = call
    return {
      data: {},
      writes: [setPushMode({ group_id: group.group_id, user_id: me.actor_id, mode: input.msg_push_mode })],
      events: [preference(call, 'msg_push_mode', input.msg_push_mode)],
    }
  },
})
