import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { apps, objects, users } from '../db/schema.ts'
import { objectState } from '../db/states.ts'

import { operation } from '../operation/operation.ts'

const ofApp = query<{ app_id: string }>()(p =>
  db
    .select({ groups: apps.group_count, file_bytes: apps.file_bytes, created_at: apps.app_created_at })
    .from(apps)
    .where(eq(apps.app_id, p.app_id)),
)
const ofUsers = query<{ app_id: string }>()(p =>
  db
    .select({
      users: sql<number>`count(*)`.as('users'),
      memberships: sql<number>`coalesce(sum(groups_joined), 0)`.as('memberships'),
    })
    .from(users)
    .where(eq(users.app_id, p.app_id)),
)
const ofFiles = query<{ app_id: string }>()(p =>
  db
    .select({ files: sql<number>`count(*)`.as('files') })
    .from(objects)
    .where(and(eq(objects.app_id, p.app_id), sql`${objects.state} = ${sql.raw(String(objectState.stored))}`)),
)

export const usage = operation({
  id: 'get__admin_usage',
  methods: ['GET'],
  path: '/admin/usage',
  title: 'Get what the app uses',
  description: 'Its groups, users, memberships and files, and the limits that it has.',
  tag: 'administration',
  who: 'administrator',
  input: z.object({}),
  answer: z.object({
    groups: z.int(),
    max_groups: z.int(),
    users: z.int(),
    memberships: z.int(),
    files: z.int(),
    file_bytes: z.int(),
    app_quota_bytes: z.int().describe('0: no limit'),
    created_at: z.int().describe('milliseconds'),
  }),
  reads: ({ app: { app_id } }) => [ofApp({ app_id }), ofUsers({ app_id }), ofFiles({ app_id })],
  decide: ({ app: { settings } }, [[counted], [people], [stored]]) => ({
    data: {
      groups: counted?.groups ?? 0,
      max_groups: settings.max_groups,
      users: people?.users ?? 0,
      memberships: people?.memberships ?? 0,
      files: stored?.files ?? 0,
      file_bytes: counted?.file_bytes ?? 0,
      app_quota_bytes: settings.app_quota_bytes,
      created_at: counted?.created_at ?? 0,
    },
  }),
})
