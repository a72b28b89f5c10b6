import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, query } from '../db/query.ts'
import { users } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { boolean } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { done } from './answers.ts'

/*
 * A user's own choice whether an invitation needs the user's consent. The reference of groups names the
 * choice but no route. Existing clients read and set it at these routes. Some clients also keep settings of
 * another service at the same route. Cohort stores these and gives them back unchanged (docs/behaviour.md,
 * section 8).
 */

const maxOtherBytes = 4096
/** Not settings: what clients send with every call, and what the answer says by itself. */
const notSettings = new Set(['access-token', 'app_id', 'user_id', 'group_id'])

const settingsRow = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ group_confirm: users.group_confirm, other_settings: users.other_settings })
    .from(users)
    .where(and(eq(users.app_id, p.app_id), eq(users.user_id, p.user_id))),
)

export const userSettings = operation({
  id: 'get__user_settings',
  methods: ['GET'],
  path: '/user/settings',
  title: "Get the caller's settings",
  description:
    "group_confirm: whether invitations need the caller's consent; the app's setting where the caller made no choice. Fields that this service does not know are answered as they were last sent.",
  tag: 'compat',
  self: true,
  input: z.object({}),
  answer: z.looseObject({ group_confirm: z.boolean(), user_id: z.int() }),
  reads: ({ app, caller }) => [settingsRow({ app_id: app.app_id, user_id: caller.user_id })],
  decide: ({ app, caller }, [[found]]) => ({
    data: {
      ...found?.other_settings,
      group_confirm: found?.group_confirm ?? app.settings.invite_confirm,
      user_id: caller.user_id,
    },
  }),
})

/**
 * If other fields have changed meanwhile, the CASE is null, the NOT NULL column refuses it, and the whole
 * change is decided again.
 */
const save = command<{
  app_id: string
  user_id: number
  group_confirm: number | null
  other: string
  seen: string
}>()(
  p => sql`INSERT INTO users (app_id, user_id, group_confirm, other_settings)
    VALUES (${p.app_id}, ${p.user_id}, ${p.group_confirm}, ${p.other})
    ON CONFLICT (app_id, user_id) DO UPDATE SET group_confirm = coalesce(excluded.group_confirm, group_confirm),
      other_settings = CASE WHEN other_settings = ${p.seen} THEN excluded.other_settings END`,
)

export const setUserSettings = operation({
  id: 'put__user_settings',
  methods: ['PUT', 'POST'],
  path: '/user/settings',
  title: "Change the caller's settings",
  description:
    'What is not sent stays as it is. Fields that this service does not know are kept too: together at most 4 KiB of JSON.',
  tag: 'compat',
  self: true,
  writes: true,
  input: z.looseObject({ group_confirm: boolean.optional() }),
  answer: done,
  reads: ({ app, caller }) => [settingsRow({ app_id: app.app_id, user_id: caller.user_id })],
  decide: ({ app, caller, input }, [[found]]) => {
    const { group_confirm, ...sent } = input
    const before = found?.other_settings ?? {}
    const others = Object.entries(sent).filter(([name]) => !notSettings.has(name))
    if (group_confirm === undefined && others.length === 0) return { data: true }
    const other = JSON.stringify({ ...before, ...Object.fromEntries(others) })
    if (utf8Length(other) > maxOtherBytes)
      return refuse(
        'invalid_parameter',
        `the settings of other services must be at most ${maxOtherBytes} bytes of JSON together`,
      )
    const user_id = caller.user_id
    const changes = {
      ...(group_confirm !== undefined && {
        group_confirm: [found?.group_confirm ?? null, group_confirm] as const,
      }),
      ...Object.fromEntries(others.map(([name, value]) => [name, [before[name] ?? null, value] as const])),
    }
    return {
      data: true,
      writes: [
        save({
          app_id: app.app_id,
          user_id,
          group_confirm: group_confirm === undefined ? null : Number(group_confirm),
          other,
          seen: JSON.stringify(before),
        }),
      ],
      events: [{ kind: 'user.settings.changed', users: [user_id], changes }],
    }
  },
})

const utf8Length = (text: string): number => new TextEncoder().encode(text).length
