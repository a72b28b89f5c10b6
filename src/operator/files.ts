import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { grants, groups, objects } from '../db/schema.ts'
import { fileHold, objectState } from '../db/states.ts'
import { signGrant } from '../file/file-sign.ts'

import { refuse } from '../operation/errors.ts'
import { id, paging } from '../operation/fields.ts'
import { type Call, operation } from '../operation/operation.ts'
import { cut, foreignCursor, type Key, keyBehind } from './list-cursor.ts'

/*
 * The stored files of an app, for its administrator: avatars, and files that were sent to users and groups.
 */

const columns = {
  object_name: objects.object_name,
  user_id: objects.user_id,
  kind: objects.kind,
  size: objects.size,
  content_type: objects.content_type,
  created_at: objects.created_at,
  hold: objects.hold,
}
/** One of the grants of a chat file. The administrator reads the file by it. null for an avatar. */
export const anyGrant = sql<
  number | null
>`(SELECT min(g.grant_id) FROM grants g WHERE g.object_name = objects.object_name)`

const stored = (app_id: unknown) =>
  sql`${objects.app_id} = ${app_id} AND ${objects.state} = ${sql.raw(String(objectState.stored))}`

type Page = Readonly<{ app_id: string; key: number; id: string; most: number }>

const largestFirst = query<Page>()(p =>
  db
    .select({ ...columns, grant_id: anyGrant.as('grant_id') })
    .from(objects)
    .where(and(stored(p.app_id), sql`(${objects.size}, ${objects.object_name}) < (${p.key}, ${p.id})`))
    .orderBy(sql`${objects.size} DESC, ${objects.object_name} DESC`)
    .limit(p.most),
)
const ofUser = query<Page & { user_id: number }>()(p =>
  db
    .select({ ...columns, grant_id: anyGrant.as('grant_id') })
    .from(objects)
    .where(
      and(
        stored(p.app_id),
        eq(objects.user_id, p.user_id),
        sql`(${objects.size}, ${objects.object_name}) < (${p.key}, ${p.id})`,
      ),
    )
    .orderBy(sql`${objects.size} DESC, ${objects.object_name} DESC`)
    .limit(p.most),
)
const ofGroup = query<{ app_id: string; group_id: number; key: number; most: number }>()(p =>
  db
    .select({ ...columns, grant_id: grants.grant_id })
    .from(grants)
    .innerJoin(groups, and(eq(groups.group_id, grants.to_id), eq(groups.app_id, p.app_id)))
    .innerJoin(objects, eq(objects.object_name, grants.object_name))
    .where(
      and(
        stored(p.app_id),
        sql`${grants.to_type} = 2`,
        eq(grants.to_id, p.group_id),
        sql`${grants.grant_id} < ${p.key}`,
      ),
    )
    .orderBy(sql`${grants.grant_id} DESC`)
    .limit(p.most),
)

const countOf = (app_id: unknown) =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(objects)
    .where(stored(app_id))
const countAll = query<{ app_id: string }>()(p => countOf(p.app_id))
const countOfUser = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(objects)
    .where(and(stored(p.app_id), eq(objects.user_id, p.user_id))),
)
const countOfGroup = query<{ app_id: string; group_id: number }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(grants)
    .innerJoin(objects, eq(objects.object_name, grants.object_name))
    .where(and(stored(p.app_id), sql`${grants.to_type} = 2`, eq(grants.to_id, p.group_id))),
)

const largest = Number.MAX_SAFE_INTEGER
/** A text that sorts after every object name. */
const lastName = '\u{10ffff}'

interface Listing {
  readonly user_id?: number | undefined
  readonly group_id?: number | undefined
}
const listOf = ({ user_id, group_id }: Listing): string =>
  group_id !== undefined
    ? `files to group ${group_id}`
    : user_id === undefined
      ? 'files'
      : `files of user ${user_id}`

/** The fields of a stored file in the answers of lists of files. */
export const storedFile = {
  object_name: z.string().describe('its key in the store'),
  user_id: z.int().describe('who stored it'),
  kind: z.int().describe("1 a user's avatar, 2 a group's, else its file_type"),
  size: z.int().describe('bytes'),
  content_type: z.string(),
}

export const listFiles = operation({
  id: 'get__admin_files',
  methods: ['GET'],
  path: '/admin/files',
  title: 'List the stored files of the app',
  description: 'The largest first; of one user, the largest first; or sent to one group, the latest first.',
  tag: 'administration',
  who: 'administrator',
  paged: true,
  input: z.object({
    user_id: id.optional().describe('only what this user stored'),
    group_id: id.optional().describe('only what was sent to this group'),
    ...paging(100),
  }),
  answer: z.array(
    z.object({
      ...storedFile,
      created_at: z.int().describe('milliseconds'),
      quarantined: z.boolean().describe('whether only administrators may read it'),
      download: z.string().describe('path and query to read it at, with an administrator token'),
    }),
  ),
  reads: ({ app: { app_id }, input }) => {
    const { user_id, group_id, cursor, limit } = input
    if (user_id !== undefined && group_id !== undefined)
      return refuse('invalid_parameter', 'user_id and group_id do not go together: send one of them')
    const after = keyBehind(listOf(input), cursor, [largest, lastName])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    const page = { app_id, key: after[0], id: after[1], most: limit + 1 }
    if (group_id !== undefined) return [ofGroup({ ...page, group_id }), countOfGroup({ app_id, group_id })]
    if (user_id !== undefined) return [ofUser({ ...page, user_id }), countOfUser({ app_id, user_id })]
    return [largestFirst(page), countAll({ app_id })]
  },
  decide: (call, [found, [counted]]) => {
    const { input } = call
    const keyOf = (row: (typeof found)[number]): Key =>
      input.group_id !== undefined ? [row.grant_id ?? 0, row.object_name] : [row.size, row.object_name]
    const { rows, cursor } = cut(listOf(input), found, input.limit, keyOf)
    const data = rows.map(({ grant_id, hold, ...row }) => ({
      ...row,
      quarantined: hold === fileHold.quarantined,
      download: downloadOf(call, row, grant_id),
    }))
    return { data, page: { cursor, total: counted?.total ?? 0, version: 0 } }
  },
})

/** Path and query at which an administrator reads the file. */
export const downloadOf = (
  { app }: Pick<Call<unknown>, 'app'>,
  { object_name }: { readonly object_name: string },
  grant_id: number | null,
): string =>
  grant_id === null
    ? `/file/download/avatar?object_name=${encodeURIComponent(object_name)}`
    : `/file/download/chat?file_sign=${signGrant(app, grant_id)}`
