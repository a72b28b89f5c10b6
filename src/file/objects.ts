import { and, eq, gt, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { grants, groups, members, objects } from '../db/schema.ts'
import { groupStatus, objectState, receiverType } from '../db/states.ts'

/** `objects.kind` of avatars; chat and shared files have their file_type, 100 to 203. */
export const avatarKind = { user: 1, group: 2 } as const

/** Whether the object was sent as a picture: an avatar, or a picture of a chat (102) or shared (202). */
export const isPicture = (kind: number): boolean =>
  kind === avatarKind.user || kind === avatarKind.group || kind === 102 || kind === 202

/**
 * Whether the object was sent as voice: in a chat (101, or 104 by clients that record MP3) or as a shared
 * file (201).
 */
export const isVoice = (kind: number): boolean => kind === 101 || kind === 104 || kind === 201

/** The names of avatars, which clients send. */
export const avatarName = /^[\w-]{1,64}\/avatar\/[0-9a-z]{1,16}$/

export const objectColumns = {
  object_name: objects.object_name,
  app_id: objects.app_id,
  owner_id: sql<number>`${objects.user_id}`.as('owner_id'),
  kind: objects.kind,
  state: objects.state,
  size: objects.size,
  content_type: objects.content_type,
  etag: objects.etag,
  derived: objects.derived,
  derived_bytes: objects.derived_bytes,
  name: objects.name,
  refused_status: objects.refused_status,
  hold: objects.hold,
  hold_reason: objects.hold_reason,
  held_at: objects.held_at,
}

export type StoredObject = Pick<
  typeof objects.$inferSelect,
  Exclude<keyof typeof objectColumns, 'owner_id'>
> & {
  readonly owner_id: number
}

export const objectByName = query<{ app_id: string; object_name: string }>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(and(eq(objects.object_name, p.object_name), eq(objects.app_id, p.app_id))),
)

/**
 * A chat file by its grant, and the reader's role in the group that it was sent to. `role` null: not a
 * member. `status` null: the file was sent to a user.
 */
export const objectByGrant = query<{ app_id: string; grant_id: number; user_id: number | null }>()(p =>
  db
    .select({
      ...objectColumns,
      grant_id: grants.grant_id,
      from_id: grants.from_id,
      to_type: grants.to_type,
      to_id: grants.to_id,
      status: groups.status,
      role: members.role,
    })
    .from(grants)
    .innerJoin(objects, and(eq(objects.object_name, grants.object_name), eq(objects.app_id, p.app_id)))
    .leftJoin(groups, and(eq(grants.to_type, receiverType.group), eq(groups.group_id, grants.to_id)))
    .leftJoin(
      members,
      and(
        eq(members.group_id, groups.group_id),
        sql`${members.user_id} = coalesce(${p.user_id}, ${groups.owner_id})`,
      ),
    )
    .where(eq(grants.grant_id, p.grant_id)),
)

export interface GrantedObject extends StoredObject {
  readonly grant_id: number
  readonly from_id: number
  readonly to_type: number
  readonly to_id: number
  readonly status: number | null
  readonly role: number | null
}

/** The group that a file is to be sent to, and the sender's place in it. */
export const destination = query<{ app_id: string; group_id: number; user_id: number }>()(p =>
  db
    .select({
      group_id: groups.group_id,
      ban_all_until: groups.ban_all_until,
      role: members.role,
      ban_until: members.ban_until,
    })
    .from(groups)
    .leftJoin(members, and(eq(members.group_id, groups.group_id), eq(members.user_id, p.user_id)))
    .where(
      and(
        eq(groups.group_id, p.group_id),
        eq(groups.app_id, p.app_id),
        eq(groups.status, groupStatus.living),
      ),
    ),
)

export interface Destination {
  readonly group_id: number
  readonly ban_all_until: number
  readonly role: number | null
  readonly ban_until: number | null
}

/** The same as `destination`, for the user whom an upload of this object was promised to. */
export const destinationOfObject = query<{ app_id: string; object_name: string; group_id: number }>()(p =>
  db
    .select({
      group_id: groups.group_id,
      ban_all_until: groups.ban_all_until,
      member_invite: groups.member_invite,
      member_modify: groups.member_modify,
      role: members.role,
      ban_until: members.ban_until,
    })
    .from(objects)
    .innerJoin(
      groups,
      and(
        eq(groups.group_id, p.group_id),
        eq(groups.app_id, p.app_id),
        eq(groups.status, groupStatus.living),
      ),
    )
    .leftJoin(members, and(eq(members.group_id, groups.group_id), eq(members.user_id, objects.user_id)))
    .where(eq(objects.object_name, p.object_name)),
)

export type DestinationOfObject = Destination & {
  readonly member_invite: boolean
  readonly member_modify: boolean
}

/** How many unused upload URLs a user holds. URLs from before `since` have expired and are not counted. */
export const promisedTo = query<{ app_id: string; user_id: number | null; since: number }>()(p =>
  db
    .select({ promised: sql<number>`count(*)`.as('promised') })
    .from(objects)
    .where(
      and(
        eq(objects.app_id, p.app_id),
        eq(objects.user_id, p.user_id),
        sql`state = ${objectState.promised}`,
        gt(objects.created_at, p.since),
      ),
    ),
)

type NewObject = {
  readonly object_name: string
  readonly app_id: string
  readonly user_id: number
  readonly kind: number
  readonly now: number
  readonly since: number
  readonly most: number
}

/**
 * If the user already holds `most` unused upload URLs by now, the CASE is null, the NOT NULL column refuses
 * it, and the whole change is decided again.
 */
export const insertObject = command<NewObject>()(
  p => sql`INSERT INTO objects (object_name, app_id, user_id, kind, state, size, content_type, etag, created_at, derived)
    VALUES (${p.object_name}, ${p.app_id}, ${p.user_id}, ${p.kind}, CASE WHEN (SELECT count(*) FROM objects o
      WHERE o.app_id = ${p.app_id} AND o.user_id = ${p.user_id} AND o.state = ${objectState.promised} AND o.created_at > ${p.since}) < ${p.most} THEN ${objectState.promised} END,
      0, '', '', ${p.now}, '{}')`,
)

export const insertGrant = command<{
  grant_id: number
  object_name: string
  from_id: number
  to_type: number
  to_id: number
  source_grant_id: number
  now: number
}>()(
  p => sql`INSERT INTO grants (grant_id, object_name, from_id, to_type, to_id, source_grant_id, created_at)
    VALUES (${p.grant_id}, ${p.object_name}, ${p.from_id}, ${p.to_type}, ${p.to_id}, ${p.source_grant_id}, ${p.now})`,
)
