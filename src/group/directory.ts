import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { jsonItems, listIn } from '../db/json-rows.ts'
import { db } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import { operation } from '../operation/operation.ts'

const joinedBy = jsonItems<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ item: members.group_id })
    .from(members)
    .innerJoin(groups, and(eq(groups.group_id, members.group_id), eq(groups.status, groupStatus.living)))
    .where(and(eq(members.app_id, p.app_id), eq(members.user_id, p.user_id)))
    .orderBy(sql`${members.joined_at} DESC`, sql`${members.group_id} DESC`),
)

export const userJoined = operation({
  id: 'get__group_user_joined',
  methods: ['GET'],
  path: '/group/user_joined',
  title: "List the caller's groups",
  description: 'Ids, newest membership first.',
  self: true,
  input: z.object({}),
  answer: z.array(z.int()),
  reads: ({ app, caller }) => [joinedBy({ app_id: app.app_id, user_id: caller.user_id })],
  decide: (_, [found]) => ({ data: listIn(found) }),
})

const openGroups = jsonItems<{ app_id: string }>()(p =>
  db
    .select({ item: groups.group_id })
    .from(groups)
    .where(
      and(eq(groups.app_id, p.app_id), sql`(type = 2 OR finer_type = 1) AND status = ${groupStatus.living}`),
    )
    .orderBy(sql`${groups.group_id} DESC`)
    .limit(1000),
)

export const publicList = operation({
  id: 'get__group_public_list',
  methods: ['GET'],
  path: '/group/public_list',
  title: 'List the chatrooms and public groups of the app (deprecated)',
  description: 'Ids, newest first, at most 1000.',
  input: z.object({}),
  answer: z.array(z.int()),
  reads: ({ app }) => [openGroups({ app_id: app.app_id })],
  decide: (_, [found]) => ({ data: listIn(found) }),
})
