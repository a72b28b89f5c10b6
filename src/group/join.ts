import { and, eq, type Placeholder, sql } from 'drizzle-orm'
import { type Bound, command, db, each, listOf, query } from '../db/query.ts'
import { absentBans, blacklist, kicks, members, users } from '../db/schema.ts'
import { pendingStatus } from '../db/states.ts'
import type { JoinedBy, NewEvent } from '../events/event.ts'
import type { ErrorName } from '../operation/errors.ts'
import type { App } from '../tenant/app.ts'
import { keepBans, restoreBans } from './absent-bans.ts'
import { banInForce } from './answers.ts'
import type { GroupCall } from './group-operation.ts'

/*
 * A user joins when a group is created, by an invitation, by accepting one, by an approved application or by
 * a QR code. All these operations work alike. They read the candidates, ask `refusalToJoin`, and write what
 * `join` returns.
 */

const kicksAllowed = 3

/**
 * A user who might join, with everything that may prevent it. One row per user of the list, in the list's
 * order.
 */
export interface Candidate {
  readonly user_id: number
  /** Not null: is a member. */
  readonly role: number | null
  readonly blocked_at: number | null
  readonly kick_count: number | null
  readonly groups_joined: number | null
  readonly group_confirm: boolean | null
  /** Not null: the user was banned on leaving, until this time. */
  readonly absent_until: number | null
  readonly has_pending: number
}

/**
 * Counts memberships in groups that are dissolved but not swept yet: they count against no limit. The index
 * holds only such groups, so it is mostly empty.
 */
const unswept = sql`(SELECT count(*) FROM groups AS dissolved CROSS JOIN members AS former
  ON former.group_id = dissolved.group_id AND former.user_id = users.user_id
  WHERE dissolved.status = 1 AND dissolved.count > 0 AND dissolved.app_id = users.app_id)`

/**
 * How many groups a user is in, as the limit counts them. Below the limit it is the number as stored, because
 * nobody asks for the exact one there.
 */
export const groupsJoined = (limit: Placeholder) =>
  sql<
    number | null
  >`CASE WHEN ${users.groups_joined} >= ${limit} THEN ${users.groups_joined} - ${unswept} ELSE ${users.groups_joined} END`.as(
    'groups_joined',
  )

const candidateRows = query<{
  app_id: string
  group_id: number
  user_ids: readonly number[]
  limit: number
}>()(p =>
  db
    .select({
      user_id: sql<number>`item.value`.as('user_id'),
      role: members.role,
      blocked_at: blacklist.blocked_at,
      kick_count: kicks.kick_count,
      groups_joined: groupsJoined(p.limit),
      group_confirm: users.group_confirm,
      absent_until: absentBans.absent_until,
      has_pending: sql<number>`(
        EXISTS (SELECT 1 FROM invitations WHERE group_id = ${p.group_id} AND invitee_id = item.value AND status = ${pendingStatus.pending})
        OR EXISTS (SELECT 1 FROM applications WHERE group_id = ${p.group_id} AND applicant_id = item.value AND status = ${pendingStatus.pending})
      )`.as('has_pending'),
    })
    .from(sql`${each(p.user_ids)} AS item`)
    .leftJoin(members, and(eq(members.group_id, p.group_id), sql`${members.user_id} = item.value`))
    .leftJoin(blacklist, and(eq(blacklist.group_id, p.group_id), sql`${blacklist.user_id} = item.value`))
    .leftJoin(kicks, and(eq(kicks.group_id, p.group_id), sql`${kicks.user_id} = item.value`))
    .leftJoin(absentBans, and(eq(absentBans.group_id, p.group_id), sql`${absentBans.user_id} = item.value`))
    .leftJoin(users, and(eq(users.app_id, p.app_id), sql`${users.user_id} = item.value`)),
)

export const candidates = (app: App, group_id: number, user_ids: readonly number[]): Bound<Candidate> =>
  candidateRows({ app_id: app.app_id, group_id, user_ids, limit: app.settings.max_groups_joined })

/**
 * Why this user may not join: the first reason in the order of docs/behaviour.md, section 4. `places`: how
 * many more members the group may have.
 */
export function refusalToJoin(app: App, candidate: Candidate, places: number): ErrorName | undefined {
  if (candidate.role !== null) return 'already_member'
  if (candidate.blocked_at !== null) return 'blacklisted'
  if ((candidate.kick_count ?? 0) >= kicksAllowed) return 'kicked_too_often'
  if (places <= 0) return 'group_full'
  if ((candidate.groups_joined ?? 0) >= app.settings.max_groups_joined) return 'joined_group_limit'
  return undefined
}

interface Joining {
  readonly app: App
  readonly now: number
  readonly group_id: number
  readonly joining: readonly Candidate[]
}

/**
 * The writes that make these candidates ordinary members and settle their pending invitations and
 * applications. The caller of `join` adds them to the group's number of members (`joined`).
 */
export function join({ app, now, group_id, joining }: Joining): Bound[] {
  if (joining.length === 0) return []
  const user_ids = joining.map(candidate => candidate.user_id)
  const { app_id } = app
  const writes: Bound[] = [
    insertMembers({ app_id, group_id, user_ids, now }),
    countJoined({ app_id, user_ids, limit: app.settings.max_groups_joined }),
    ...restoreBans(group_id, joining, now),
  ]
  if (joining.some(candidate => candidate.has_pending !== 0))
    writes.push(...settlePending(group_id, user_ids, 1, now))
  return writes
}

/** The events of these users' joining. A ban that is in force again has an event of its own. */
export function joinedEvents(
  call: GroupCall<unknown>,
  joining: readonly Candidate[],
  how: JoinedBy,
): NewEvent[] {
  const users = joining.map(candidate => candidate.user_id)
  const bans = joining.flatMap(({ user_id, absent_until: until }) =>
    until !== null && banInForce(until, call.now) !== 0
      ? [call.event('group.member.banned', { users: [user_id], until })]
      : [],
  )
  return [call.event('group.member.joined', { users, how }), ...bans]
}

const insertMembers = command<{
  app_id: string
  group_id: number
  user_ids: readonly number[]
  now: number
}>()(
  p =>
    sql`INSERT INTO members (group_id, user_id, app_id, joined_at) SELECT ${p.group_id}, value, ${p.app_id}, ${p.now} FROM ${each(p.user_ids)}`,
)

/**
 * The new value of `groups_joined` of a user who joins one more group. If another group's join has used the
 * user's last place meanwhile, it is null, the NOT NULL column refuses it, and the whole change is decided
 * again.
 */
export const oneMoreJoined = (limit: Placeholder) =>
  sql`CASE WHEN groups_joined < ${limit} OR groups_joined - ${unswept} < ${limit} THEN groups_joined + 1 END`

const countJoined = command<{ app_id: string; user_ids: readonly number[]; limit: number }>()(
  p => sql`INSERT INTO users (app_id, user_id, groups_joined) SELECT ${p.app_id}, value, 1 FROM ${each(p.user_ids)} WHERE true
    ON CONFLICT (app_id, user_id) DO UPDATE SET groups_joined = ${oneMoreJoined(p.limit)}`,
)

const settleInvitations = command<{
  group_id: number
  user_ids: readonly number[]
  status: number
  now: number
}>()(
  p => sql`UPDATE invitations SET status = ${p.status}, updated_at = ${p.now}
    WHERE group_id = ${p.group_id} AND status = ${pendingStatus.pending} AND invitee_id IN ${listOf(p.user_ids)}`,
)

const settleApplications = command<{ group_id: number; user_ids: readonly number[]; status: number }>()(
  p => sql`UPDATE applications SET status = ${p.status}
    WHERE group_id = ${p.group_id} AND status = ${pendingStatus.pending} AND applicant_id IN ${listOf(p.user_ids)}`,
)

/** Ends the pending invitations and applications of these users: `status` 1 agreed, 2 rejected. */
export const settlePending = (
  group_id: number,
  user_ids: readonly number[],
  status: 1 | 2,
  now: number,
): Bound[] => [
  settleInvitations({ group_id, user_ids, status, now }),
  settleApplications({ group_id, user_ids, status }),
]

const deleteMembers = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`DELETE FROM members WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)

const uncountJoined = command<{ app_id: string; user_ids: readonly number[] }>()(
  p => sql`UPDATE users SET groups_joined = groups_joined - 1
    WHERE app_id = ${p.app_id} AND user_id IN ${listOf(p.user_ids)}`,
)

interface Removing {
  readonly app: App
  readonly now: number
  readonly group_id: number
  readonly leaving: readonly { readonly user_id: number; readonly ban_until: number | null }[]
}

/**
 * The writes that end these memberships; bans go on. The caller of `remove` subtracts them from the group's
 * number of members (`joined`).
 */
export function remove({ app, now, group_id, leaving }: Removing): Bound[] {
  if (leaving.length === 0) return []
  const user_ids = leaving.map(member => member.user_id)
  return [
    deleteMembers({ group_id, user_ids }),
    uncountJoined({ app_id: app.app_id, user_ids }),
    ...keepBans(group_id, leaving, now),
  ]
}
