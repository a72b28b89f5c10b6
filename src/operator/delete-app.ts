import { eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, query } from '../db/query.ts'
import { apps, objects, users } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { boolean } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { appId } from './apps.ts'

const extent = query<{ app_id: string }>()(p =>
  db
    .select({ groups: apps.group_count, file_bytes: apps.file_bytes })
    .from(apps)
    .where(eq(apps.app_id, p.app_id)),
)
const people = query<{ app_id: string }>()(p =>
  db
    .select({
      users: sql<number>`count(*)`.as('users'),
      memberships: sql<number>`coalesce(sum(groups_joined), 0)`.as('memberships'),
    })
    .from(users)
    .where(eq(users.app_id, p.app_id)),
)
const files = query<{ app_id: string }>()(p =>
  db
    .select({ files: sql<number>`count(*)`.as('files') })
    .from(objects)
    .where(sql`${objects.app_id} = ${p.app_id} AND ${objects.state} = 1`),
)

const remember = command<{ app_id: string; now: number }>()(
  p => sql`INSERT INTO deleted_apps (app_id, deleted_at) VALUES (${p.app_id}, ${p.now})`,
)
/** Stops all webhooks of the app, including deliveries that have begun. */
const stopWebhooks = command<{ app_id: string }>()(
  p => sql`UPDATE webhooks SET state = 'disabled', generation = generation + 1 WHERE app_id = ${p.app_id}`,
)
const remove = command<{ app_id: string }>()(p => sql`DELETE FROM apps WHERE app_id = ${p.app_id}`)

export const deleteApp = operation({
  id: 'post__operator_app_delete',
  methods: ['POST', 'DELETE'],
  path: '/operator/app/delete',
  title: 'Delete an app with all that is its own',
  description:
    'Without `dry_run: false` it only says what would go. An app that is deleted answers nobody any more; its groups, users and files are then removed in the background, and cannot be had back but from a backup.',
  tag: 'operator',
  who: 'operator',
  writes: true,
  input: z.object({
    app_id: appId,
    dry_run: boolean.default(true).describe('false: delete it; true: only say what would go'),
  }),
  answer: z.object({
    deleted: z.boolean(),
    groups: z.int(),
    users: z.int(),
    memberships: z.int(),
    files: z.int(),
    file_bytes: z.int(),
  }),
  reads: ({ input: { app_id } }) => [extent({ app_id }), people({ app_id }), files({ app_id })],
  decide({ input: { app_id, dry_run }, now }, [[app], [counted], [stored]]) {
    if (app === undefined) return refuse('app_not_found')
    const data = {
      deleted: !dry_run,
      groups: app.groups,
      users: counted?.users ?? 0,
      memberships: counted?.memberships ?? 0,
      files: stored?.files ?? 0,
      file_bytes: app.file_bytes,
    }
    return dry_run
      ? { data }
      : { data, writes: [remember({ app_id, now }), stopWebhooks({ app_id }), remove({ app_id })] }
  },
})
