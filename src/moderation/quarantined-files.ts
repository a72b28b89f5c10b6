import { and, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { objects } from '../db/schema.ts'
import { fileHold, objectState } from '../db/states.ts'
import { refuse } from '../operation/errors.ts'
import { paging } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { anyGrant, downloadOf, storedFile } from '../operator/files.ts'
import { cut, foreignCursor, keyBehind } from '../operator/list-cursor.ts'

const quarantined = (app_id: unknown) =>
  sql`${objects.app_id} = ${app_id} AND ${objects.hold} = ${sql.raw(String(fileHold.quarantined))}
    AND ${objects.state} <> ${sql.raw(String(objectState.released))}`

const latestFirst = query<{ app_id: string; at: number; name: string; most: number }>()(p =>
  db
    .select({
      object_name: objects.object_name,
      user_id: objects.user_id,
      kind: objects.kind,
      size: objects.size,
      content_type: objects.content_type,
      name: objects.name,
      created_at: objects.created_at,
      held_at: objects.held_at,
      hold_reason: objects.hold_reason,
      grant_id: anyGrant.as('grant_id'),
    })
    .from(objects)
    .where(
      and(quarantined(p.app_id), sql`(${objects.held_at}, ${objects.object_name}) < (${p.at}, ${p.name})`),
    )
    .orderBy(sql`${objects.held_at} DESC, ${objects.object_name} DESC`)
    .limit(p.most),
)

const count = query<{ app_id: string }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(objects)
    .where(quarantined(p.app_id)),
)

const list = 'quarantined files'
/** The place before the first row: a time after all times, and a text that sorts after every name. */
const start = [Number.MAX_SAFE_INTEGER, '\u{10ffff}'] as const

export const quarantinedFiles = operation({
  id: 'get__moderation_quarantined',
  methods: ['GET'],
  path: '/moderation/quarantined',
  title: 'List the files under quarantine',
  description: 'The latest first.',
  tag: 'administration',
  who: 'administrator',
  paged: true,
  input: z.object(paging(100)),
  answer: z.array(
    z.object({
      ...storedFile,
      name: z.string().describe("the sender's name of the file; empty if it has none"),
      created_at: z.int().describe('milliseconds'),
      quarantined_at: z.int().describe('milliseconds'),
      reason: z.string(),
      download: z.string().describe('path and query to read it at, with an administrator token'),
    }),
  ),
  reads: ({ app: { app_id }, input }) => {
    const after = keyBehind(list, input.cursor, start)
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    return [latestFirst({ app_id, at: after[0], name: after[1], most: input.limit + 1 }), count({ app_id })]
  },
  decide: (call, [found, [counted]]) => {
    const { rows, cursor } = cut(list, found, call.input.limit, row => [row.held_at, row.object_name])
    const data = rows.map(({ grant_id, held_at, hold_reason, ...row }) => ({
      ...row,
      quarantined_at: held_at,
      reason: hold_reason,
      download: downloadOf(call, row, grant_id),
    }))
    return { data, page: { cursor, total: counted?.total ?? 0, version: 0 } }
  },
})
