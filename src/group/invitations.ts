import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { isoTime } from '../db/json-rows.ts'
import { type Bound, command, db, each, listOf, query } from '../db/query.ts'
import { invitations, members } from '../db/schema.ts'
import { pendingStatus } from '../db/states.ts'
import { refuse } from '../operation/errors.ts'
import { boolean, id, paging, someIds, text } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { pagedList } from '../operation/page.ts'
import { refusalFor, role } from '../operation/roles.ts'
import { done, failed, type ItemResult, itemResult, succeeded } from './answers.ts'
import { type GroupCall, groupOperation } from './group-operation.ts'
import { type Candidate, candidates, join, joinedEvents, refusalToJoin } from './join.ts'
import { mostFormerIds, statusAt } from './pending.ts'

const resetKicks = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`DELETE FROM kicks WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)

/**
 * Deletes the earlier invitation of the same inviter, whatever its status, because the new one replaces it.
 * So an invitation that is declined ten times leaves one row.
 */
const dropEarlier = command<{
  app_id: string
  group_id: number
  inviter_id: number
  user_ids: readonly number[]
  /** The new invitations, which stay: the `items` of `insertPending`. */
  items: readonly (readonly [number, number])[]
}>()(
  p => sql`DELETE FROM invitations WHERE app_id = ${p.app_id} AND invitee_id IN ${listOf(p.user_ids)}
    AND group_id = ${p.group_id} AND inviter_id = ${p.inviter_id}
    AND invitation_id NOT IN (SELECT value ->> 0 FROM ${each(p.items)})`,
)

/**
 * `items`: a list of [invitation_id, invitee_id]. The new row replaces a pending one. It keeps the latest ids
 * of earlier rows (`mostFormerIds`), because a cursor that a client still holds may name one of them.
 */
const insertPending = command<{
  app_id: string
  group_id: number
  inviter_id: number
  items: readonly (readonly [number, number])[]
  reason: string
  expires_at: number
  now: number
}>()(
  p => sql`INSERT OR REPLACE INTO invitations
      (invitation_id, app_id, group_id, inviter_id, invitee_id, reason, status, expires_at, updated_at, former_ids)
    SELECT item.value ->> 0, ${p.app_id}, ${p.group_id}, ${p.inviter_id}, item.value ->> 1, ${p.reason}, 0, ${p.expires_at}, ${p.now},
      (SELECT json_group_array(id) FROM (
        SELECT i.invitation_id AS id FROM invitations i
          WHERE i.app_id = ${p.app_id} AND i.invitee_id = item.value ->> 1 AND i.group_id = ${p.group_id} AND i.inviter_id = ${p.inviter_id}
        UNION ALL SELECT former.value FROM invitations i, json_each(i.former_ids) AS former
          WHERE i.app_id = ${p.app_id} AND i.invitee_id = item.value ->> 1 AND i.group_id = ${p.group_id} AND i.inviter_id = ${p.inviter_id}
        ORDER BY id DESC LIMIT ${sql.raw(String(mostFormerIds))}))
    FROM ${each(p.items)} AS item`,
)

interface Inviting {
  readonly call: Pick<GroupCall<unknown>, 'app' | 'now' | 'newId'>
  readonly group_id: number
  readonly places: number
  readonly inviter_id: number
  readonly byAdmin: boolean
  /** Everybody joins at once, whatever the settings of the app and of the user say. */
  readonly withoutConsent?: boolean
  readonly reason: string
  readonly invited: readonly Candidate[]
}

/**
 * Judges each invited user in turn: the user joins at once, is asked for consent, or is refused. `create`
 * uses it for its `user_list`, too.
 */
export function inviteAll({
  call,
  group_id,
  places,
  inviter_id,
  byAdmin,
  withoutConsent = false,
  reason,
  invited,
}: Inviting) {
  const { app, now, newId } = call
  const results: ItemResult[] = []
  const joining: Candidate[] = []
  const asked: number[] = []
  const forgiven: number[] = []
  for (const found of invited) {
    // An invitation by an admin clears the user's earlier kicks.
    const candidate = byAdmin && found.kick_count !== null ? { ...found, kick_count: null } : found
    const refusal = refusalToJoin(app, candidate, places - joining.length)
    results.push(refusal === undefined ? succeeded(candidate.user_id) : failed(candidate.user_id, refusal))
    if (refusal !== undefined) continue
    if (byAdmin && found.kick_count !== null) forgiven.push(candidate.user_id)
    if (!withoutConsent && (candidate.group_confirm ?? app.settings.invite_confirm))
      asked.push(candidate.user_id)
    else joining.push(candidate)
  }
  const writes: Bound[] = join({ app, now, group_id, joining })
  if (forgiven.length > 0) writes.push(resetKicks({ group_id, user_ids: forgiven }))
  if (asked.length > 0) {
    const items = asked.map((user_id): [number, number] => [newId(), user_id])
    const expires_at = now + app.settings.invitation_minutes * 60_000
    writes.push(
      insertPending({ app_id: app.app_id, group_id, inviter_id, items, reason, expires_at, now }),
      dropEarlier({ app_id: app.app_id, group_id, inviter_id, user_ids: asked, items }),
    )
  }
  return { results, writes, asked, joining }
}

export const invite = groupOperation({
  id: 'post__group_invite',
  methods: ['POST'],
  path: '/group/invite',
  title: 'Invite users to a group',
  description:
    'Each joins at once, or gets a pending invitation where its own or the app’s setting asks for consent.',
  requires: 'inviter',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds, reason: text(256).default('') }),
  answer: z.array(itemResult),
  reads: ({ app, input }, group_id) => [candidates(app, group_id, input.user_list)],
  decide: (call, [invited]) => {
    const { group, me, input } = call
    const { results, writes, asked, joining } = inviteAll({
      call,
      group_id: group.group_id,
      places: group.capacity - group.count,
      inviter_id: me.actor_id,
      byAdmin: me.role !== null && me.role >= role.admin,
      reason: input.reason,
      invited,
    })
    return {
      data: results,
      joined: joining.length,
      writes,
      events: [
        ...joinedEvents(call, joining, 'invitation'),
        call.event('group.invitation.sent', { users: asked }),
      ],
    }
  },
})

const pendingInvitations = query<{ group_id: number; invitee_id: number }>()(p =>
  db
    .select({
      invitation_id: invitations.invitation_id,
      inviter_id: invitations.inviter_id,
      expires_at: invitations.expires_at,
      inviter_role: members.role,
    })
    .from(invitations)
    .leftJoin(
      members,
      and(eq(members.group_id, invitations.group_id), eq(members.user_id, invitations.inviter_id)),
    )
    .where(
      and(
        eq(invitations.group_id, p.group_id),
        eq(invitations.invitee_id, p.invitee_id),
        sql`${invitations.status} = 0`,
      ),
    ),
)

const decline = command<{ invitation_id: number; now: number }>()(
  p =>
    sql`UPDATE invitations SET status = ${pendingStatus.rejected}, updated_at = ${p.now} WHERE invitation_id = ${p.invitation_id}`,
)

export const handleInvitation = groupOperation({
  id: 'put__group_invite_handle',
  methods: ['PUT', 'POST'],
  path: '/group/invite/handle',
  title: 'Accept or decline an invitation',
  description:
    '`user_id` in the body is the inviter, or the caller itself for the newest pending invitation to this group. An invitation can be accepted while its inviter may still invite; it can be declined until it expires.',
  requires: 'anyone',
  self: true,
  writes: true,
  input: z.object({ group_id: id, user_id: id, approval: boolean }),
  answer: done,
  reads: ({ app, caller }, group_id) => [
    pendingInvitations({ group_id, invitee_id: caller.user_id }),
    candidates(app, group_id, [caller.user_id]),
  ],
  decide: (call, [pending, [candidate]]) => {
    const { app, now, input, group, me } = call
    const open = pending
      .filter(
        invitation =>
          invitation.expires_at > now &&
          (input.user_id === me.actor_id || invitation.inviter_id === input.user_id),
      )
      .sort((a, b) => b.invitation_id - a.invitation_id)
    const good = open.filter(
      invitation => refusalFor('inviter', { ...group, role: invitation.inviter_role }) === undefined,
    )
    const [meant] = input.approval ? good : open
    if (meant === undefined || candidate === undefined) {
      return open.length === 0
        ? refuse('no_pending_invitation')
        : refuse(
            'no_pending_invitation',
            'the invitation is no longer valid: its inviter may not invite any more',
          )
    }
    if (!input.approval) {
      return {
        data: true,
        writes: [decline({ invitation_id: meant.invitation_id, now })],
        events: [
          call.event('group.invitation.declined', { users: [me.actor_id], inviter: meant.inviter_id }),
        ],
      }
    }
    const refusal = refusalToJoin(app, candidate, group.capacity - group.count)
    if (refusal !== undefined) return refuse(refusal)
    return {
      data: true,
      joined: 1,
      writes: join({ app, now, group_id: group.group_id, joining: [candidate] }),
      events: [
        call.event('group.invitation.accepted', { users: [me.actor_id], inviter: meant.inviter_id }),
        ...joinedEvents(call, [candidate], 'invitation'),
      ],
    }
  },
})

const invitationPages = pagedList<{ app_id: string; user_id: number; now: number }>()({
  name: 'invitations',
  key: invitations.invitation_id,
  newestFirst: true,
  formerKeys: invitations.former_ids,
  item: p => ({
    expired_time: invitations.expires_at,
    group_id: invitations.group_id,
    invitee_id: invitations.invitee_id,
    inviter_id: invitations.inviter_id,
    reason: invitations.reason,
    status: statusAt(invitations, p.now),
    updated_at: isoTime(invitations.updated_at).as('updated_at'),
  }),
  from: (select, p, beyond) =>
    select
      .from(invitations)
      .where(and(eq(invitations.app_id, p.app_id), eq(invitations.invitee_id, p.user_id), beyond)),
  counted: true,
  mayBeLarge: true,
})

export const invitationList = operation({
  id: 'get__group_invitation_list',
  methods: ['GET'],
  path: '/group/invitation_list',
  title: "List the caller's invitations",
  description: 'Newest first, in every state. Status: 0 pending, 1 accepted, 2 declined, expired or void.',
  self: true,
  paged: true,
  input: z.object(paging(100)),
  answer: z.array(
    z.object({
      expired_time: z.int().describe('milliseconds'),
      group_id: z.int(),
      invitee_id: z.int(),
      inviter_id: z.int(),
      reason: z.string(),
      status: z.int(),
      updated_at: z.string().describe('ISO 8601, UTC'),
    }),
  ),
  reads: call => {
    const user_id = call.caller.user_id
    return invitationPages.reads(call, user_id, { app_id: call.app.app_id, user_id, now: call.now })
  },
  decide: (call, page) => invitationPages.answer(call, call.caller.user_id, page, { version: 0 }),
})
