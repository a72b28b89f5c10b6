import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { apps } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { paging } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { appIdPattern, appSettings } from '../tenant/app.ts'
import { appRow, settingsOf } from '../tenant/registry.ts'
import { cut, foreignCursor, keyBehind } from './list-cursor.ts'

/** The app that an operation of the operator is about. */
export const appId = z
  .string({ error: 'must be 1 to 64 letters, digits, _ or -' })
  .regex(appIdPattern, { error: 'must be 1 to 64 letters, digits, _ or -' })
  .describe('the app: 1 to 64 letters, digits, _ or -')

/** A key or secret as lists show it, without its value. */
export const keyShape = z.object({ kid: z.string(), created_at: z.int().describe('milliseconds') })

const list = 'apps'
const inOrder = query<{ id: string; most: number }>()(p =>
  db
    .select({
      app_id: apps.app_id,
      created_at: apps.app_created_at,
      groups: apps.group_count,
      file_bytes: apps.file_bytes,
    })
    .from(apps)
    .where(sql`${apps.app_id} > ${p.id}`)
    .orderBy(apps.app_id)
    .limit(p.most),
)
const counted = query()(() => db.select({ total: sql<number>`count(*)`.as('total') }).from(apps))

const listed = z.object({
  app_id: z.string(),
  created_at: z.int().describe('milliseconds'),
  groups: z.int(),
  file_bytes: z.int(),
})

export const listApps = operation({
  id: 'get__operator_apps',
  methods: ['GET'],
  path: '/operator/apps',
  title: 'List all apps',
  description: 'By their ids.',
  tag: 'operator',
  who: 'operator',
  paged: true,
  input: z.object(paging(100)),
  answer: z.array(listed),
  reads: ({ input: { cursor, limit } }) => {
    const after = keyBehind(list, cursor, ['', 0])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    return [inOrder({ id: after[0], most: limit + 1 }), counted({})]
  },
  decide: ({ input: { limit } }, [found, [all]]) => {
    const { rows, cursor } = cut(list, found, limit, row => [row.app_id, 0])
    return { data: [...rows], page: { cursor, total: all?.total ?? 0, version: 0 } }
  },
  // Each database has some of the apps. The first apps of all are among the first apps of each database.
  merge: (outcomes, { input: { limit } }) => {
    const together = outcomes.flatMap(({ data }) => data).sort((a, b) => (a.app_id < b.app_id ? -1 : 1))
    const more = outcomes.some(({ page }) => page !== undefined && page.cursor !== '')
    const { rows, cursor } = cut(list, together, limit, row => [row.app_id, 0])
    const last = rows.at(-1)
    const next =
      cursor === '' && more && last !== undefined
        ? cut(list, [last, last], 1, row => [row.app_id, 0]).cursor
        : cursor
    const total = outcomes.reduce((sum, { page }) => sum + (page?.total ?? 0), 0)
    return { data: [...rows], page: { cursor: next, total, version: 0 } }
  },
})

export const getApp = operation({
  id: 'get__operator_app',
  methods: ['GET'],
  path: '/operator/app',
  title: 'Get an app',
  description: 'Its settings and the names of its keys; never a secret.',
  tag: 'operator',
  who: 'operator',
  input: z.object({ app_id: appId }),
  answer: z.object({
    app_id: z.string(),
    created_at: z.int().describe('milliseconds'),
    groups: z.int(),
    file_bytes: z.int(),
    jwks_url: z.string().describe("keys that sign the app's tokens instead of its secrets; '' without"),
    secrets: z.array(keyShape).describe('newest first; all are good, the first signs'),
    keys: z.array(keyShape).describe('sign cursors, QR codes, file signatures and upload URLs'),
    settings: appSettings,
    changed: z.array(z.string()).describe('settings that do not have their default'),
  }),
  reads: ({ input: { app_id } }) => [appRow({ app_id })],
  decide: (_, [[app]]) => {
    if (app === undefined) return refuse('app_not_found')
    const named = (keys: typeof app.keys) => keys.map(({ kid, created_at }) => ({ kid, created_at }))
    return {
      data: {
        app_id: app.app_id,
        created_at: app.app_created_at,
        groups: app.group_count,
        file_bytes: app.file_bytes,
        jwks_url: app.jwks_url,
        secrets: named(app.secrets),
        keys: named(app.keys),
        settings: settingsOf(app.settings),
        changed: Object.keys(app.settings).sort(),
      },
    }
  },
})
