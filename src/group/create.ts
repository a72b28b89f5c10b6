import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, query } from '../db/query.ts'
import { apps, groups, users } from '../db/schema.ts'
import { newGroup } from '../events/record.ts'
import { refuse } from '../operation/errors.ts'
import { avatar, idsOrNothing, integer, name, text } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { groupInfo } from './answers.ts'
import type { Group } from './group-operation.ts'
import { groupType, storedType } from './group-type.ts'
import { infoOf } from './info.ts'
import { inviteAll } from './invitations.ts'
import { candidates, groupsJoined, oneMoreJoined } from './join.ts'

/**
 * What counts against the limits of a new group: how many the app has, the user created, and the user is in.
 */
const usage = query<{ app_id: string; user_id: number; limit: number }>()(p =>
  db
    .select({
      group_count: apps.group_count,
      groups_created: users.groups_created,
      groups_joined: groupsJoined(p.limit),
    })
    .from(apps)
    .leftJoin(users, and(eq(users.app_id, p.app_id), eq(users.user_id, p.user_id)))
    .where(eq(apps.app_id, p.app_id)),
)

// There is no group yet whose version could guard these counters. So if a limit was reached meanwhile, the
// CASE is null, the NOT NULL column refuses it, and the whole change is decided again.
const countInApp = command<{ app_id: string; limit: number }>()(
  p =>
    sql`UPDATE apps SET group_count = CASE WHEN group_count < ${p.limit} THEN group_count + 1 END WHERE app_id = ${p.app_id}`,
)
const countOwned = command<{ app_id: string; user_id: number; limit: number; limitCreated: number }>()(
  p => sql`INSERT INTO users (app_id, user_id, groups_joined, groups_created) VALUES (${p.app_id}, ${p.user_id}, 1, 1)
    ON CONFLICT (app_id, user_id) DO UPDATE SET groups_joined = ${oneMoreJoined(p.limit)},
      groups_created = CASE WHEN groups_created < ${p.limitCreated} THEN groups_created + 1 END`,
)

const insertGroup = command<
  Pick<
    Group,
    | 'group_id'
    | 'type'
    | 'name'
    | 'description'
    | 'avatar'
    | 'owner_id'
    | 'apply_approval'
    | 'capacity'
    | 'count'
  > & {
    app_id: string
    now: number
    finer_type: number | null
  }
>()(
  p => sql`INSERT INTO ${groups}
    (group_id, app_id, type, finer_type, name, description, avatar, owner_id, creator_id, apply_approval, capacity, count, created_at, updated_at)
    VALUES (${p.group_id}, ${p.app_id}, ${p.type}, ${p.finer_type}, ${p.name}, ${p.description}, ${p.avatar}, ${p.owner_id}, ${p.owner_id},
      ${p.apply_approval}, ${p.capacity}, ${p.count}, ${p.now}, ${p.now})`,
)

const insertOwner = command<{ group_id: number; user_id: number; app_id: string; now: number }>()(
  p =>
    sql`INSERT INTO members (group_id, user_id, app_id, role, joined_at) VALUES (${p.group_id}, ${p.user_id}, ${p.app_id}, 3, ${p.now})`,
)

export const create = operation({
  id: 'post__group_create',
  methods: ['POST'],
  path: '/group/create',
  title: 'Create a group',
  description:
    'The caller becomes owner and first member; `user_list` is invited as by /group/invite, and an id that cannot be never stops the creation. A public group (type 1) and a chatroom (2) are in /group/public_list and let everybody join at once.',
  self: true,
  writes: true,
  input: z.object({
    avatar: avatar.default(''),
    description: text(1024).default(''),
    name: name(64).default(''),
    type: integer(groupType.private, groupType.temporary)
      .default(groupType.private)
      .describe('0: private. 1: public. 2: chatroom. 3: temporary'),
    user_list: idsOrNothing,
  }),
  answer: groupInfo,
  reads: ({ app, caller, input }) => [
    usage({ app_id: app.app_id, user_id: caller.user_id, limit: app.settings.max_groups_joined }),
    // No group has id 0. So these rows say only what is known of each user apart from the new group.
    candidates(app, 0, input.user_list),
  ],
  decide: (call, [[counted], others]) => {
    const { app, caller, input, now, newId } = call
    const { settings, app_id } = app
    const owner_id = caller.user_id
    if ((counted?.group_count ?? 0) >= settings.max_groups) return refuse('app_group_limit')
    if ((counted?.groups_created ?? 0) >= settings.max_groups_created) return refuse('created_group_limit')
    if ((counted?.groups_joined ?? 0) >= settings.max_groups_joined) return refuse('joined_group_limit')

    const group_id = newId()
    const chatroom = input.type === groupType.chatroom
    const open = chatroom || input.type === groupType.public
    const capacity = chatroom ? settings.capacity_chatroom : settings.capacity_private
    const invited = others.filter(candidate => candidate.user_id !== owner_id)
    const { writes, asked, joining } = inviteAll({
      call,
      group_id,
      places: capacity - 1,
      inviter_id: owner_id,
      byAdmin: true,
      reason: '',
      invited,
    })
    const group: Group = {
      group_id,
      type: input.type,
      name: input.name,
      description: input.description,
      avatar: input.avatar,
      ext: '',
      owner_id,
      creator_id: owner_id,
      apply_approval: open ? 0 : 1,
      capacity,
      member_invite: true,
      member_modify: false,
      history_visible: false,
      read_ack: false,
      hide_member_info: false,
      ban_all_until: 0,
      count: 1 + joining.length,
      blacklist_count: 0,
      version: 1,
      created_at: now,
      updated_at: now,
    }
    const first = { group_id, group_version: 1 }
    return {
      data: infoOf(group, { msg_mute_mode: 0, msg_push_mode: 0 }, now),
      writes: [
        countInApp({ app_id, limit: settings.max_groups }),
        countOwned({
          app_id,
          user_id: owner_id,
          limit: settings.max_groups_joined,
          limitCreated: settings.max_groups_created,
        }),
        insertGroup(Object.assign({ app_id, now }, group, storedType(input.type))),
        insertOwner({ group_id, user_id: owner_id, app_id, now }),
        ...writes,
      ],
      events: [
        { kind: 'group.created', ...first, group: newGroup(group) },
        {
          kind: 'group.member.joined',
          ...first,
          users: [owner_id, ...joining.map(candidate => candidate.user_id)],
          how: 'creation',
        },
        { kind: 'group.invitation.sent', ...first, users: asked },
      ],
    }
  },
})
