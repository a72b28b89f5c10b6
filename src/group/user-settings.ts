import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { command, db, query } from '../db/query.ts'
import { users } from '../db/schema.ts'
import { boolean } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { done } from './answers.ts'

/*
 * A user's own choice whether an invitation needs its consent. The reference of groups names the choice but
 * no route; these are the routes at which existing clients read and set it, with the one field of them that
 * concerns groups.
 */

const choice = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ group_confirm: users.group_confirm })
    .from(users)
    .where(and(eq(users.app_id, p.app_id), eq(users.user_id, p.user_id))),
)

export const userSettings = operation({
  id: 'get__user_settings',
  methods: ['GET'],
  path: '/user/settings',
  title: "Get the caller's settings",
  description:
    "group_confirm: whether invitations need the caller's consent; the app's setting where the caller made no choice.",
  tag: 'compat',
  self: true,
  input: z.object({}),
  answer: z.object({ group_confirm: z.boolean(), user_id: z.int() }),
  reads: ({ app, caller }) => [choice({ app_id: app.app_id, user_id: caller.user_id })],
  decide: ({ app, caller }, [[found]]) => ({
    data: {
      group_confirm: found?.group_confirm ?? app.settings.invite_confirm,
      user_id: caller.user_id,
    },
  }),
})

const choose = command<{ app_id: string; user_id: number; value: number }>()(
  p => sql`INSERT INTO users (app_id, user_id, group_confirm) VALUES (${p.app_id}, ${p.user_id}, ${p.value})
    ON CONFLICT (app_id, user_id) DO UPDATE SET group_confirm = excluded.group_confirm`,
)

export const setUserSettings = operation({
  id: 'put__user_settings',
  methods: ['PUT', 'POST'],
  path: '/user/settings',
  title: "Change the caller's settings",
  description: 'What is not sent stays as it is.',
  tag: 'compat',
  self: true,
  writes: true,
  input: z.object({ group_confirm: boolean.optional() }),
  answer: done,
  reads: ({ app, caller }) => [choice({ app_id: app.app_id, user_id: caller.user_id })],
  decide: ({ app, caller, input }, [[found]]) => {
    const { group_confirm } = input
    if (group_confirm === undefined) return { data: true }
    const user_id = caller.user_id
    const changes = { group_confirm: [found?.group_confirm ?? null, group_confirm] } as const
    return {
      data: true,
      writes: [choose({ app_id: app.app_id, user_id, value: group_confirm ? 1 : 0 })],
      events: [{ kind: 'user.settings.changed', users: [user_id], changes }],
    }
  },
})
