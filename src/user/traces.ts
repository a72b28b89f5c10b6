import { and, eq, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { apps, objects } from '../db/schema.ts'
import { events, idempotency } from '../db/schema-events.ts'
import { groupStatus, objectState, receiverType } from '../db/states.ts'
import { objectColumns } from '../file/objects.ts'
import { avatarOf } from './avatar.ts'

/*
 * What is left of a user beside the groups: rows that no index finds by user are looked for in portions, in
 * the order of their keys. Everything here can be run twice, so an erasure goes on after a crash where it
 * was.
 */

type OfUser = { app_id: string; user_id: number }
type Range = OfUser & { after: number; last: number }

/** How many rows one step looks at. */
export const portion = 2000

// Groups: who made them, and pictures that the user stored.

export const lastOfGroups = query<{ after: number }>()(p =>
  db
    .select({ last: sql<number | null>`max(group_id)`.as('last') })
    .from(
      sql`(SELECT group_id FROM groups WHERE group_id > ${p.after} ORDER BY group_id LIMIT ${sql.raw(String(portion))})`,
    ),
)
const inRange = (p: { [K in keyof Range]: unknown }) =>
  sql`group_id > ${p.after} AND group_id <= ${p.last} AND app_id = ${p.app_id}`

export const groupsWithAvatar = query<Range>()(p =>
  db
    .select({ group_id: sql<number>`g.group_id`.as('group_id') })
    .from(sql`groups AS g`)
    .where(
      sql`g.group_id > ${p.after} AND g.group_id <= ${p.last} AND g.app_id = ${p.app_id} AND g.status = ${sql.raw(String(groupStatus.living))}
        AND g.avatar <> '' AND ${avatarOf('g')} = ${p.user_id}`,
    ),
)
export const uncountCreated = command<Range>()(
  p => sql`UPDATE users SET groups_created = groups_created - (SELECT count(*) FROM groups
      WHERE ${inRange(p)} AND creator_id = ${p.user_id} AND status = ${groupStatus.living})
    WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)
/** Nobody is the creator then, and the group counts against nobody's limit. */
export const dropCreator = command<Range>()(
  p => sql`UPDATE groups SET creator_id = 0 WHERE ${inRange(p)} AND creator_id = ${p.user_id}`,
)
/** Dissolved groups keep their row for ever, but nothing of what it said. */
export const blankDissolved = command<Range>()(
  p => sql`UPDATE groups SET owner_id = 0, name = '', description = '', avatar = '', ext = ''
    WHERE ${inRange(p)} AND owner_id = ${p.user_id} AND status = ${groupStatus.dissolved}`,
)

// Rows in dissolved groups, and invitations.

const dissolved = (app_id: unknown) =>
  sql`(SELECT g.group_id FROM groups AS g WHERE g.group_id = t.group_id AND g.app_id = ${app_id} AND g.status = ${groupStatus.dissolved})`

const uncountDissolved = command<OfUser>()(
  p => sql`UPDATE groups SET count = count - 1 WHERE status = ${groupStatus.dissolved} AND group_id IN
    (SELECT group_id FROM members WHERE app_id = ${p.app_id} AND user_id = ${p.user_id})`,
)
const uncountJoined = command<OfUser>()(
  p => sql`UPDATE users SET groups_joined = groups_joined - (SELECT count(*) FROM members AS t
      WHERE t.app_id = ${p.app_id} AND t.user_id = ${p.user_id} AND EXISTS ${dissolved(p.app_id)})
    WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)
const dropIn = (table: string, column: string) =>
  command<OfUser>()(
    p =>
      sql`DELETE FROM ${sql.identifier(table)} AS t WHERE t.${sql.identifier(column)} = ${p.user_id} AND EXISTS ${dissolved(p.app_id)}`,
  )
const dropMemberships = command<OfUser>()(
  p =>
    sql`DELETE FROM members AS t WHERE t.app_id = ${p.app_id} AND t.user_id = ${p.user_id} AND EXISTS ${dissolved(p.app_id)}`,
)
const dropInvitations = (column: string) =>
  command<OfUser>()(
    p => sql`DELETE FROM invitations WHERE app_id = ${p.app_id} AND ${sql.identifier(column)} = ${p.user_id}`,
  )

/** What is left in dissolved groups, and all invitations to and from the user. */
export const remains = [
  uncountDissolved,
  uncountJoined,
  dropMemberships,
  dropIn('applications', 'applicant_id'),
  dropIn('blacklist', 'user_id'),
  dropIn('absent_bans', 'user_id'),
  dropIn('kicks', 'user_id'),
  dropIn('ended_qr_codes', 'inviter_id'),
  dropIn('announcements', 'author_id'),
  dropIn('shared_files', 'uploader_id'),
  dropInvitations('invitee_id'),
  dropInvitations('inviter_id'),
]

// Files.

const objectsIn = (state: number) =>
  query<OfUser>()(p =>
    db
      .select(objectColumns)
      .from(objects)
      .where(
        and(
          eq(objects.app_id, p.app_id),
          eq(objects.user_id, p.user_id),
          sql`state = ${sql.raw(String(state))}`,
        ),
      )
      .limit(10),
  )
/** Uploads under way and released objects have no index by user, but there are never many of them. */
const unsettled = query<OfUser>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(and(sql`state IN (0, 3)`, eq(objects.app_id, p.app_id), eq(objects.user_id, p.user_id)))
    .limit(100),
)

/** The user's objects in each state, some of them. */
export const objectsOf = [objectsIn(objectState.stored), unsettled, objectsIn(objectState.released)]

export const lastOfGrants = query<{ after: number }>()(p =>
  db
    .select({ last: sql<number | null>`max(grant_id)`.as('last') })
    .from(
      sql`(SELECT grant_id FROM grants WHERE grant_id > ${p.after} ORDER BY grant_id LIMIT ${sql.raw(String(portion))})`,
    ),
)
/**
 * Files of others that the user was sent or has forwarded. The others keep them; that the user was part of it
 * is forgotten. No user has the id 0.
 */
export const blankGrants = command<Range>()(
  p => sql`UPDATE grants SET from_id = iif(from_id = ${p.user_id}, 0, from_id),
      to_id = iif(to_type = ${receiverType.user} AND to_id = ${p.user_id}, 0, to_id)
    WHERE grant_id > ${p.after} AND grant_id <= ${p.last}
      AND (from_id = ${p.user_id} OR (to_type = ${receiverType.user} AND to_id = ${p.user_id}))
      AND EXISTS (SELECT 1 FROM objects AS o WHERE o.object_name = grants.object_name AND o.app_id = ${p.app_id})`,
)

// The user itself.

export const dropUser = command<OfUser>()(
  p => sql`DELETE FROM users WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}
    AND groups_created = 0 AND groups_joined = 0 AND user_file_bytes = 0`,
)
/** If the id has already joined or stored something again, only the settings go. */
export const dropSettings = command<OfUser>()(
  p =>
    sql`UPDATE users SET group_confirm = NULL, other_settings = '{}' WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)

// Answers under Idempotency-Keys.

export interface KeptRow {
  readonly day: number
  readonly hash: string
  readonly answer: unknown
}
const answerRows = 500
/** The kept answers after a place that have the digits of the user's id, and the place behind the portion. */
export const answersWith = query<{ app_id: string; day: number; hash: string; digits: string }>()(p =>
  db
    .select({ day: idempotency.day, hash: idempotency.hash, answer: idempotency.answer })
    .from(idempotency)
    .where(
      and(
        eq(idempotency.app_id, p.app_id),
        sql`(${idempotency.day}, ${idempotency.hash}) > (${p.day}, ${p.hash})`,
        sql`instr(${idempotency.answer}, ${p.digits}) > 0`,
      ),
    )
    .orderBy(idempotency.day, idempotency.hash)
    .limit(answerRows),
)
export const replaceAnswer = command<{ app_id: string; day: number; hash: string; answer: string }>()(
  p =>
    sql`UPDATE idempotency SET answer = ${p.answer} WHERE app_id = ${p.app_id} AND day = ${p.day} AND hash = ${p.hash}`,
)

// Webhooks.

/** Deliveries that were given up, of events that are about the user. */
const dropParked = command<OfUser>()(
  p => sql`DELETE FROM webhook_parked AS k WHERE k.webhook_id IN (SELECT webhook_id FROM webhooks WHERE app_id = ${p.app_id})
    AND EXISTS (SELECT 1 FROM events AS e WHERE e.app_id = ${p.app_id} AND e.seq = k.seq AND (e.by_id = ${p.user_id}
      OR EXISTS (SELECT 1 FROM json_each(e.subjects) WHERE value = ${p.user_id})))`,
)
/** What receivers answered is a text of somebody else, which may say anything. */
const blankParked = command<OfUser>()(
  p => sql`UPDATE webhook_parked SET last = json_set(last, '$.answer', '')
    WHERE webhook_id IN (SELECT webhook_id FROM webhooks WHERE app_id = ${p.app_id})`,
)
const blankAttempts = command<OfUser>()(
  p =>
    sql`UPDATE webhooks SET recent = (SELECT json_group_array(json_set(value, '$.answer', '')) FROM json_each(recent)) WHERE app_id = ${p.app_id}`,
)
export const deliveries = [dropParked, blankParked, blankAttempts]

// Events.

export const headOf = query<{ app_id: string }>()(p =>
  db
    .select({
      head: sql<number>`coalesce((SELECT max(seq) FROM events WHERE app_id = ${p.app_id}), 0)`.as('head'),
    })
    .from(apps)
    .where(eq(apps.app_id, p.app_id)),
)

/** How many events one step looks at: as many as one change of the chain takes (see audit/erase.ts). */
export const eventPortion = 500

/** The kinds of events whose data is about their subject, and is a text or a choice of that user. */
const ofSubject = sql`('group.member.changed', 'group.member.preferences', 'user.settings.changed')`

/**
 * The events from `first` to `last` that say more of the user than its id among the subjects: what it did,
 * what it was called or chose, and texts of its own that a later change names as the former ones. Why a file
 * was put under quarantine goes with the file; the event does not say whose it was.
 */
export const eventsAbout = query<OfUser & { first: number; last: number }>()(p =>
  db
    .select({ seq: sql<number>`e.seq`.as('seq') })
    .from(sql`${events} AS e`)
    .where(
      sql`e.app_id = ${p.app_id} AND e.seq BETWEEN ${p.first} AND ${p.last} AND e.kind <> 'events.trimmed'
      AND (e.data <> '{}' OR e.by_id IS NOT NULL OR e.key_id <> '' OR e.request <> '' OR e.ip <> '')
      AND (e.by_id = ${p.user_id}
        OR e.data ->> '$.previous' = ${p.user_id} OR e.data ->> '$.inviter' = ${p.user_id} OR e.data ->> '$.group.owner_id' = ${p.user_id}
        OR (e.kind IN ${ofSubject} AND EXISTS (SELECT 1 FROM json_each(e.subjects) WHERE value = ${p.user_id}))
        OR (e.kind = 'group.profile.changed' AND ${p.user_id} = coalesce(
          (SELECT b.by_id FROM events AS b WHERE b.group_id = e.group_id AND b.group_version < e.group_version AND b.kind = 'group.profile.changed'
            AND (SELECT key FROM json_each(b.data, '$.changes')) = (SELECT key FROM json_each(e.data, '$.changes')) ORDER BY b.group_version DESC LIMIT 1),
          (SELECT b.by_id FROM events AS b WHERE b.group_id = e.group_id AND b.group_version = 1 AND b.kind = 'group.created')))
        OR (e.kind = 'file.quarantined' AND NOT EXISTS (SELECT 1 FROM objects AS o WHERE o.object_name = e.data ->> '$.object_name'))
        OR (e.kind = 'group.file.renamed' AND EXISTS (SELECT 1 FROM events AS b WHERE b.group_id = e.group_id AND b.group_version < e.group_version
          AND b.kind IN ('group.file.shared', 'group.file.renamed') AND b.subjects = e.subjects AND b.by_id = ${p.user_id})))`,
    )
    .orderBy(sql`e.seq`),
)
