import { and, eq, inArray, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, each, query } from '../db/query.ts'
import { applications, groups, members } from '../db/schema.ts'
import { groupStatus, pendingStatus } from '../db/states.ts'
import { refuse } from '../operation/errors.ts'
import { boolean, id, idsUpTo, paging, text } from '../operation/fields.ts'
import { type Call, operation } from '../operation/operation.ts'
import { pagedList } from '../operation/page.ts'
import { role } from '../operation/roles.ts'
import { itemResult, succeeded } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { candidates, join, joinedEvents, refusalToJoin } from './join.ts'
import { mostFormerIds, statusAt } from './pending.ts'

/** A second application replaces the first one, and is listed as the newest. */
const upsert = command<{
  application_id: number
  group_id: number
  applicant_id: number
  reason: string
  expires_at: number
}>()(
  p => sql`INSERT INTO applications (application_id, group_id, applicant_id, reason, status, expires_at)
    VALUES (${p.application_id}, ${p.group_id}, ${p.applicant_id}, ${p.reason}, 0, ${p.expires_at})
    ON CONFLICT (group_id, applicant_id) DO UPDATE
    SET application_id = excluded.application_id, reason = excluded.reason, status = ${pendingStatus.pending}, expires_at = excluded.expires_at,
      former_ids = json_insert(CASE WHEN json_array_length(applications.former_ids) < ${sql.raw(String(mostFormerIds))}
        THEN applications.former_ids ELSE json_remove(applications.former_ids, '$[0]') END, '$[#]', applications.application_id)`,
)

export const apply = groupOperation({
  id: 'post__group_apply',
  methods: ['POST'],
  path: '/group/apply',
  title: 'Apply for membership',
  description:
    'apply_approval 0: joins at once. 1: pending until an admin handles it. 2: answers result "fail".',
  requires: 'anyone',
  self: true,
  writes: true,
  input: z.object({ group_id: id, reason: text(256).default('') }),
  answer: itemResult,
  reads: ({ app, caller }, group_id) => [candidates(app, group_id, [caller.user_id])],
  decide: (call, [[candidate]]) => {
    const { app, now, newId, input, group, me } = call
    if (candidate === undefined) return refuse('database_failed')
    const refusal = refusalToJoin(app, candidate, group.capacity - group.count)
    if (refusal !== undefined) return refuse(refusal)
    if (group.apply_approval === 2) {
      return { data: { reason: 'this group accepts no applications', result: 'fail', user_id: me.actor_id } }
    }
    if (group.apply_approval === 0) {
      return {
        data: succeeded(me.actor_id),
        joined: 1,
        writes: join({ app, now, group_id: group.group_id, joining: [candidate] }),
        events: joinedEvents(call, [candidate], 'application'),
      }
    }
    const application = {
      application_id: newId(),
      group_id: group.group_id,
      applicant_id: me.actor_id,
      reason: input.reason,
      expires_at: now + app.settings.application_minutes * 60_000,
    }
    return {
      data: succeeded(me.actor_id),
      writes: [upsert(application)],
      events: [call.event('group.application.received', { users: [me.actor_id] })],
    }
  },
})

const pendingApplication = query<{ group_id: number; applicant_id: number }>()(p =>
  db
    .select({ application_id: applications.application_id, expires_at: applications.expires_at })
    .from(applications)
    .where(
      and(
        eq(applications.group_id, p.group_id),
        eq(applications.applicant_id, p.applicant_id),
        eq(applications.status, pendingStatus.pending),
      ),
    ),
)

const reject = command<{ application_id: number }>()(
  p =>
    sql`UPDATE applications SET status = ${pendingStatus.rejected} WHERE application_id = ${p.application_id}`,
)

export const handleApplication = groupOperation({
  id: 'put__group_apply_handle',
  methods: ['PUT', 'POST'],
  path: '/group/apply/handle',
  title: 'Approve or reject an application',
  description: '`user_id` in the body is the applicant.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_id: id, approval: boolean }),
  answer: itemResult,
  reads: ({ app, input }, group_id) => [
    pendingApplication({ group_id, applicant_id: input.user_id }),
    candidates(app, group_id, [input.user_id]),
  ],
  decide: (call, [[pending], [candidate]]) => {
    const { app, now, input, group } = call
    if (pending === undefined || pending.expires_at <= now || candidate === undefined)
      return refuse('no_pending_application')
    if (!input.approval) {
      return {
        data: succeeded(input.user_id),
        writes: [reject({ application_id: pending.application_id })],
        events: [call.event('group.application.declined', { users: [input.user_id] })],
      }
    }
    const refusal = refusalToJoin(app, candidate, group.capacity - group.count)
    if (refusal !== undefined) return refuse(refusal)
    return {
      data: succeeded(input.user_id),
      joined: 1,
      writes: join({ app, now, group_id: group.group_id, joining: [candidate] }),
      events: [
        call.event('group.application.accepted', { users: [input.user_id] }),
        ...joinedEvents(call, [candidate], 'application'),
      ],
    }
  },
})

type Administered = { app_id: string; group_ids: readonly number[]; user_id: number | null }

const applicationPages = pagedList<Administered & { now: number }>()({
  name: 'applications',
  key: applications.application_id,
  newestFirst: true,
  formerKeys: applications.former_ids,
  item: p => ({
    applicant_id: applications.applicant_id,
    expired_time: applications.expires_at,
    group_id: applications.group_id,
    reason: applications.reason,
    status: statusAt(applications, p.now),
  }),
  // The listed groups in which the caller is an admin or the owner. An administrator who acts as nobody gets
  // all listed groups of the app. CROSS JOIN makes SQLite begin with the listed groups, so it never goes
  // through all groups of the app.
  first: p => ({
    name: 'administered',
    rows: sql`(SELECT g.group_id FROM ${each(p.group_ids)} AS item
      CROSS JOIN ${groups} AS g ON g.group_id = item.value AND g.app_id = ${p.app_id} AND g.status = ${groupStatus.living}
      CROSS JOIN ${members} AS m ON m.group_id = g.group_id AND m.user_id = coalesce(${p.user_id}, g.owner_id) AND m.role > ${role.member})`,
  }),
  from: (select, _, beyond) =>
    select
      .from(applications)
      .where(and(inArray(applications.group_id, sql`(SELECT group_id FROM administered)`), beyond)),
  scattered: true,
  counted: true,
  mayBeLarge: true,
})

export const applicationList = operation({
  id: 'post__group_application_list',
  methods: ['POST'],
  path: '/group/application_list',
  title: 'List applications for membership',
  description:
    'Newest first, in every state. Groups in which the caller is neither admin nor owner are left out without an error.',
  paged: true,
  input: z.object({ group_list: idsUpTo(10_000), ...paging(100) }),
  answer: z.array(
    z.object({
      applicant_id: z.int(),
      expired_time: z.int().describe('milliseconds'),
      group_id: z.int(),
      reason: z.string(),
      status: z.int().describe('0 pending, 1 agreed, 2 rejected or expired'),
    }),
  ),
  reads: call => {
    const { app, caller, input } = call
    const { user_id } = caller
    return applicationPages.reads(call, listName(call), {
      app_id: app.app_id,
      group_ids: input.group_list,
      user_id,
      now: call.now,
    })
  },
  decide: (call, page) => applicationPages.answer(call, listName(call), page, { version: 0 }),
})

/** The name of the list that a cursor belongs to: these groups in any order, for this caller. */
const listName = ({ caller, input }: Call<{ group_list: readonly number[] }>): string =>
  `${caller.user_id} ${[...input.group_list].sort((a, b) => a - b).join()}`
