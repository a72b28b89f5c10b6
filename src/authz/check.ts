import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, each, query } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import { refuse } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { type Action, actions, judge, reasons, type Verdict } from './verdict.ts'

/** One question: a group, a user and an action. */
type Question = readonly [group_id: number, user_id: number, action: Action]

/** The rows that answer these questions: one for each question, in their order. */
const standings = query<{ app_id: string; questions: readonly Question[] }>()(p =>
  db
    .select({
      version: sql<number | null>`${groups.version}`.as('version'),
      role: members.role,
      ban_until: members.ban_until,
      ban_all_until: groups.ban_all_until,
      member_invite: groups.member_invite,
      member_modify: groups.member_modify,
    })
    .from(sql`${each(p.questions)} AS item`)
    .leftJoin(
      groups,
      and(
        sql`${groups.group_id} = json_extract(item.value, '$[0]')`,
        eq(groups.app_id, p.app_id),
        eq(groups.status, groupStatus.living),
      ),
    )
    .leftJoin(
      members,
      and(eq(members.group_id, groups.group_id), sql`${members.user_id} = json_extract(item.value, '$[1]')`),
    ),
)

/**
 * The membership of each user in these questions, as `judge` needs it. One row for each question, in their
 * order.
 */
export const standingsOf = (app_id: string, questions: readonly Question[]) =>
  standings({ app_id, questions })

const action = z.enum(actions, { error: `must be one of ${actions.join(', ')}` })

const verdict = z.object({
  allowed: z.boolean(),
  reason: z.enum(reasons).describe('why not; empty where allowed'),
  until: z.int().describe('end of the ban that is the reason, milliseconds since 1970; 0 none, -1 for ever'),
  role: z.int().describe('0 no member, 1 member, 2 admin, 3 owner'),
  version: z.int().describe('the version of the group that this rests on; 0 without a group'),
  ttl_ms: z.int().describe('how long this stays true by itself, milliseconds; -1 until the group changes'),
})

/** While the disk fails, a verdict may rest on a change that no event will ever take back. */
const notKept = (found: Verdict): Verdict => ({ ...found, ttl_ms: 0 })

export const check = operation({
  id: 'post__authz_check',
  methods: ['POST'],
  path: '/authz/check',
  title: 'May this user do this in this group?',
  description:
    'What a message server asks before it delivers. `post` and `upload`: a member who is not banned, and not while all are banned unless an admin. `read`: a member. `invite`: as /group/invite. `manage`: an admin. An answer may be kept for `ttl_ms`, and until an event of the group comes; `ttl_ms` is 0 while the disk fails.',
  tag: 'authz',
  who: 'administrator',
  input: z.object({ group_id: id, user_id: id, action }),
  answer: verdict,
  reads: ({ app, input }) => [standingsOf(app.app_id, [[input.group_id, input.user_id, input.action]])],
  decide: ({ input, now }, [[standing]]) =>
    standing === undefined || standing.version === null
      ? refuse('group_not_found')
      : { data: judge(input.action, standing, now) },
  unsaved: notKept,
})

const maxQuestions = 500

export const checkBatch = operation({
  id: 'post__authz_check_batch',
  methods: ['POST'],
  path: '/authz/check/batch',
  title: 'May these users do this?',
  description:
    'As /authz/check, for 1 to 500 questions at once, answered in their order. A group that does not exist is a reason here, not an error.',
  tag: 'authz',
  who: 'administrator',
  input: z.object({
    checks: z
      .array(z.object({ group_id: id, user_id: id, action }), { error: 'must be a list of questions' })
      .min(1, { error: `must be a list of 1 to ${maxQuestions} questions` })
      .max(maxQuestions, { error: `must be a list of 1 to ${maxQuestions} questions` })
      .describe('each with group_id, user_id and action'),
  }),
  answer: z.array(verdict),
  reads: ({ app, input }) => [
    standingsOf(
      app.app_id,
      input.checks.map(({ group_id, user_id, action }) => [group_id, user_id, action]),
    ),
  ],
  // The statement answers one row for each question, in their order.
  decide: ({ input, now }, [found]) => ({
    data: found.map((standing, i) => judge(input.checks[i]?.action ?? 'manage', standing, now)),
  }),
  unsaved: verdicts => verdicts.map(notKept),
})
