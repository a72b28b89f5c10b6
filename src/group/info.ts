import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { jsonRows, listIn } from '../db/json-rows.ts'
import { db, each } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import { id, idsUpTo } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { banInForce, type GroupInfo, groupInfo } from './answers.ts'
import { type Actor, type Group, groupOperation, typeColumn } from './group-operation.ts'

/**
 * The group as answered to this user: the reference's fields, and `hide_member_info` (docs/behaviour.md,
 * section 8).
 */
export function infoOf(
  group: Group,
  me: Pick<Actor, 'msg_mute_mode' | 'msg_push_mode'>,
  now: number,
): GroupInfo {
  const until = banInForce(group.ban_all_until, now)
  return {
    apply_approval: group.apply_approval,
    avatar: group.avatar,
    ban_expire_time: until > 0 ? Math.ceil(until / 1000) : until,
    capacity: group.capacity,
    count: group.count,
    created_at: group.created_at,
    description: group.description,
    ext: group.ext,
    group_id: group.group_id,
    hide_member_info: group.hide_member_info,
    history_visible: group.history_visible,
    member_invite: group.member_invite,
    member_modify: group.member_modify,
    msg_mute_mode: me.msg_mute_mode ?? 0,
    msg_push_mode: me.msg_push_mode ?? 0,
    name: group.name,
    owner_id: group.owner_id,
    read_ack: group.read_ack,
    status: 0,
    type: group.type,
    updated_at: group.updated_at,
  }
}

export const info = groupOperation({
  id: 'get__group_info',
  methods: ['GET'],
  path: '/group/info',
  title: 'Get a group',
  description: "Mute and push modes are the caller's own, 0 for a non-member.",
  requires: 'anyone',
  input: z.object({ group_id: id }),
  answer: groupInfo,
  decide: ({ group, me, now }) => ({ data: infoOf(group, me, now) }),
})

export const settings = groupOperation({
  id: 'get__group_settings',
  methods: ['GET'],
  path: '/group/settings',
  title: 'Get the settings of a group',
  requires: 'member',
  input: z.object({ group_id: id }),
  answer: groupInfo,
  decide: ({ group, me, now }) => ({ data: infoOf(group, me, now) }),
})

const groupsAmong = jsonRows<{ app_id: string; group_ids: readonly number[]; user_id: number | null }>()(p =>
  db
    .select({
      apply_approval: groups.apply_approval,
      avatar: groups.avatar,
      capacity: groups.capacity,
      count: groups.count,
      group_id: groups.group_id,
      msg_mute_mode: sql<number>`coalesce(${members.msg_mute_mode}, 0)`.as('msg_mute_mode'),
      msg_push_mode: sql<number>`coalesce(${members.msg_push_mode}, 0)`.as('msg_push_mode'),
      name: groups.name,
      owner: groups.owner_id,
      status: groups.status,
      type: typeColumn,
      hide_member_info: groups.hide_member_info,
    })
    .from(sql`${each(p.group_ids)} AS item`)
    .crossJoin(groups)
    .leftJoin(
      members,
      and(
        eq(members.group_id, groups.group_id),
        sql`${members.user_id} = coalesce(${p.user_id}, ${groups.owner_id})`,
      ),
    )
    .where(
      and(
        sql`${groups.group_id} = item.value`,
        eq(groups.app_id, p.app_id),
        eq(groups.status, groupStatus.living),
      ),
    ),
)

const groupSummary = z.object({
  apply_approval: z.int(),
  avatar: z.string(),
  capacity: z.int(),
  count: z.int(),
  group_id: z.int(),
  msg_mute_mode: z.int(),
  msg_push_mode: z.int(),
  name: z.string(),
  owner: z.int(),
  status: z.int(),
  type: z.int(),
  hide_member_info: z.boolean(),
})

export const infoBatch = operation({
  id: 'post__group_info_batch',
  methods: ['POST'],
  path: '/group/info/batch',
  title: 'Get several groups',
  description:
    'In the order asked for, each once, at most 10 000; unknown, dissolved and foreign groups are left out.',
  input: z.object({ group_list: idsUpTo(10_000) }),
  answer: z.array(groupSummary),
  reads: ({ app, caller, input }) => [
    groupsAmong({ app_id: app.app_id, group_ids: input.group_list, user_id: caller.user_id }),
  ],
  decide: (_, [found]) => ({ data: listIn(found) }),
})
