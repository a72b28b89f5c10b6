import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { groups, members, users } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import { typeColumn } from '../group/group-operation.ts'
import { refuse } from '../operation/errors.ts'
import { id, paging } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { cut, foreignCursor, keyBehind } from './list-cursor.ts'

/* The users of an app, for its administrator: all users of whom Cohort has something stored. */

const columns = {
  user_id: users.user_id,
  groups_created: users.groups_created,
  groups_joined: users.groups_joined,
  user_file_bytes: users.user_file_bytes,
  group_confirm: users.group_confirm,
}

const shape = z.object({
  user_id: z.int(),
  groups_created: z.int().describe('groups that count against its limit of created groups'),
  groups_joined: z.int(),
  file_bytes: z.int().describe('bytes it has stored'),
  group_confirm: z.boolean().nullable().describe("its choice about invitations; null: the app's setting"),
})

type Row = Omit<z.infer<typeof shape>, 'file_bytes'> & { readonly user_file_bytes: number }
const toUser = ({ user_file_bytes, ...row }: Row): z.infer<typeof shape> => ({
  ...row,
  file_bytes: user_file_bytes,
})

const byId = query<{ app_id: string; id: number; most: number }>()(p =>
  db
    .select(columns)
    .from(users)
    .where(and(eq(users.app_id, p.app_id), sql`${users.user_id} > ${p.id}`))
    .orderBy(users.user_id)
    .limit(p.most),
)
/** Those who store bytes. They have an index of their own; the others are found by their id. */
const byBytes = query<{ app_id: string; key: number; id: number; most: number }>()(p =>
  db
    .select(columns)
    .from(users)
    .where(
      and(
        eq(users.app_id, p.app_id),
        sql`${users.user_file_bytes} > 0`,
        sql`(${users.user_file_bytes}, ${users.user_id}) < (${p.key}, ${p.id})`,
      ),
    )
    .orderBy(sql`${users.user_file_bytes} DESC, ${users.user_id} DESC`)
    .limit(p.most),
)
const withoutBytes = query<{ app_id: string; id: number; most: number }>()(p =>
  db
    .select(columns)
    .from(users)
    .where(
      and(eq(users.app_id, p.app_id), sql`${users.user_file_bytes} = 0`, sql`${users.user_id} < ${p.id}`),
    )
    .orderBy(sql`${users.user_id} DESC`)
    .limit(p.most),
)
const countUsers = query<{ app_id: string }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(users)
    .where(eq(users.app_id, p.app_id)),
)
const userRow = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select(columns)
    .from(users)
    .where(and(eq(users.app_id, p.app_id), eq(users.user_id, p.user_id))),
)

const largest = Number.MAX_SAFE_INTEGER

export const listUsers = operation({
  id: 'get__admin_users',
  methods: ['GET'],
  path: '/admin/users',
  title: 'List the users of the app',
  description: 'Those that ever joined a group, stored a file or chose a setting.',
  tag: 'administration',
  who: 'administrator',
  paged: true,
  input: z.object({
    sort: z
      .enum(['id', 'bytes'], { error: 'must be id or bytes' })
      .default('id')
      .describe('by user id, or those with the most stored bytes first'),
    ...paging(100),
  }),
  answer: z.array(shape),
  reads: ({ app: { app_id }, input: { sort, cursor, limit } }) => {
    const after = keyBehind(`users ${sort}`, cursor, sort === 'id' ? [0, 0] : [largest, largest])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    const [key, id] = after
    const page = { app_id, key, id, most: limit + 1 }
    if (sort === 'id') return [countUsers({ app_id }), byId(page)]
    return [countUsers({ app_id }), byBytes(page), withoutBytes({ ...page, id: key > 0 ? largest : id })]
  },
  decide: ({ input: { sort, limit } }, [[counted], found, others = []]) => {
    const { rows, cursor } = cut(`users ${sort}`, [...found, ...others], limit, row =>
      sort === 'id' ? [0, row.user_id] : [row.user_file_bytes, row.user_id],
    )
    return { data: rows.map(toUser), page: { cursor, total: counted?.total ?? 0, version: 0 } }
  },
})

export const getUser = operation({
  id: 'get__admin_user',
  methods: ['GET'],
  path: '/admin/user',
  title: 'Get a user of the app',
  description: 'A user that is not known yet has all counts 0.',
  tag: 'administration',
  who: 'administrator',
  input: z.object({ user_id: id }),
  answer: shape,
  reads: ({ app: { app_id }, input: { user_id } }) => [userRow({ app_id, user_id })],
  decide: ({ input: { user_id } }, [[found]]) => {
    const unknown = { user_id, groups_created: 0, groups_joined: 0, user_file_bytes: 0, group_confirm: null }
    return { data: toUser(found ?? unknown) }
  },
})

const memberships = query<{ app_id: string; user_id: number; key: number; id: number; most: number }>()(p =>
  db
    .select({
      group_id: groups.group_id,
      name: groups.name,
      type: typeColumn,
      owner_id: groups.owner_id,
      count: groups.count,
      role: members.role,
      display_name: members.display_name,
      joined_at: members.joined_at,
      ban_until: members.ban_until,
    })
    .from(members)
    .innerJoin(groups, and(eq(groups.group_id, members.group_id), eq(groups.status, groupStatus.living)))
    .where(
      and(
        eq(members.app_id, p.app_id),
        eq(members.user_id, p.user_id),
        sql`(${members.joined_at}, ${members.group_id}) < (${p.key}, ${p.id})`,
      ),
    )
    .orderBy(sql`${members.joined_at} DESC, ${members.group_id} DESC`)
    .limit(p.most),
)

export const listUserGroups = operation({
  id: 'get__admin_user_groups',
  methods: ['GET'],
  path: '/admin/user/groups',
  title: 'List the groups of a user',
  description: 'Newest membership first.',
  tag: 'administration',
  who: 'administrator',
  paged: true,
  input: z.object({ user_id: id, ...paging(100) }),
  answer: z.array(
    z.object({
      group_id: z.int(),
      name: z.string(),
      type: z.int(),
      owner_id: z.int(),
      count: z.int().describe('members'),
      role: z.int().describe('1 member, 2 admin, 3 owner'),
      display_name: z.string().describe("the user's name in this group"),
      joined_at: z.int().describe('milliseconds'),
      ban_until: z.int().describe('end of its ban in milliseconds; 0 none, -1 for ever'),
    }),
  ),
  reads: ({ app: { app_id }, input: { user_id, cursor, limit } }) => {
    const after = keyBehind(`groups of user ${user_id}`, cursor, [largest, largest])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    const [key, id] = after
    return [memberships({ app_id, user_id, key, id, most: limit + 1 }), userRow({ app_id, user_id })]
  },
  decide: ({ input: { user_id, limit } }, [found, [user]]) => {
    const { rows, cursor } = cut(`groups of user ${user_id}`, found, limit, row => [
      row.joined_at,
      row.group_id,
    ])
    return { data: [...rows], page: { cursor, total: user?.groups_joined ?? 0, version: 0 } }
  },
})
