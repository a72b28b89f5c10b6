import { and, eq, sql } from 'drizzle-orm'
import { type Bound, command, db, query } from '../../db/query.ts'
import { apps, type DerivedObject, users } from '../../db/schema.ts'
import { fileHold, objectState } from '../../db/states.ts'
import { type Refusal, refuse } from '../../operation/errors.ts'
import type { Task } from '../../operation/executor.ts'
import { task } from '../../operation/task.ts'
import type { App } from '../../tenant/app.ts'
import { destinationOfObject, objectByName, type StoredObject } from '../objects.ts'
import { refusalToArrive } from '../recipient.ts'

/*
 * The life of an object from an upload URL to stored bytes, as tasks. The bytes themselves move outside of
 * any transaction. A claim makes an upload URL work only once. The change that makes stored bytes visible
 * also counts them against the quotas.
 */

const setState = command<{ object_name: string; from: number; to: number }>()(
  p =>
    sql`UPDATE objects SET state = CASE WHEN state = ${p.from} THEN ${p.to} END WHERE object_name = ${p.object_name}`,
)

/** An object that is to be uploaded, and the group that it is for, if any. */
interface Expected {
  readonly object_name: string
  readonly group_id?: number | undefined
}

const destinationOf = (app_id: string, { object_name, group_id = 0 }: Expected) =>
  destinationOfObject({ app_id, object_name, group_id })

/**
 * Claims a promised object for one upload. Refuses 10030 if it is claimed or stored already, and 10010 if the
 * user who was promised the upload may not send it any more.
 */
export const claim = (expected: Expected): Task<StoredObject> =>
  task({
    reads: ({ app: { app_id } }) => [
      objectByName({ app_id, object_name: expected.object_name }),
      destinationOf(app_id, expected),
    ],
    decide: ({ now }, [[object], [group]]) => {
      const { object_name, group_id } = expected
      if (object === undefined)
        return refuse('file_sign_invalid', 'the upload URL is for a file that does not exist any more', 410)
      if (object.state !== objectState.promised)
        return refuse('file_sign_invalid', 'the upload URL has been used already', 410)
      const refusal = group_id === undefined ? undefined : refusalToArrive(object.kind, group, now)
      if (refusal !== undefined) return refusal
      return {
        data: object,
        writes: [setState({ object_name, from: objectState.promised, to: objectState.receiving })],
      }
    },
  })

/** Gives a claim back after a failed upload. Nothing was stored, so the URL may be used again. */
export const unclaim = (object_name: string): Task<null> =>
  task({
    reads: ({ app }) => [objectByName({ app_id: app.app_id, object_name })],
    decide: (_, [[object]]) => {
      if (object?.state !== objectState.receiving) return { data: null }
      return {
        data: null,
        writes: [setState({ object_name, from: objectState.receiving, to: objectState.promised })],
      }
    },
  })

const usage = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ file_bytes: apps.file_bytes, user_file_bytes: users.user_file_bytes })
    .from(apps)
    .leftJoin(users, and(eq(users.app_id, apps.app_id), eq(users.user_id, p.user_id)))
    .where(eq(apps.app_id, p.app_id)),
)

const setStored = command<{
  object_name: string
  seen: number
  size: number
  content_type: string
  etag: string
  name: string
  seen_hold: number
  hold: number
  reason: string
  held_at: number
}>()(
  p => sql`UPDATE objects SET state = CASE WHEN state = ${p.seen} THEN 1 END, size = ${p.size}, content_type = ${p.content_type}, etag = ${p.etag},
      name = CASE WHEN ${p.name} <> '' THEN ${p.name} ELSE name END, refused_status = 0,
      hold = CASE WHEN hold = ${p.seen_hold} THEN ${p.hold} END, hold_reason = ${p.reason}, held_at = ${p.held_at}
    WHERE object_name = ${p.object_name}`,
)
// If a quota was reached meanwhile, the CASE is null, the NOT NULL column refuses it, and the whole change is
// decided again. A limit of 0 means no limit.
const countInApp = command<{ app_id: string; size: number; limit: number }>()(
  p => sql`UPDATE apps SET file_bytes = CASE WHEN ${p.limit} = 0 OR file_bytes + ${p.size} <= ${p.limit} THEN file_bytes + ${p.size} END
    WHERE app_id = ${p.app_id}`,
)
const countOfUser = command<{ app_id: string; user_id: number; size: number; limit: number }>()(
  p => sql`INSERT INTO users (app_id, user_id, user_file_bytes) VALUES (${p.app_id}, ${p.user_id}, ${p.size})
    ON CONFLICT (app_id, user_id) DO UPDATE SET user_file_bytes =
      CASE WHEN ${p.limit} = 0 OR user_file_bytes + ${p.size} <= ${p.limit} THEN user_file_bytes + ${p.size} END`,
)

export interface Arrived extends Expected {
  readonly owner_id: number
  readonly size: number
  readonly content_type: string
  readonly etag: string
  /** The sender's name of the file; '' if the upload has none. */
  readonly name: string
  /** Whether the virus scanner has still to look at it. */
  readonly unscanned?: boolean
  /** Why it goes into quarantine: what the virus scanner found. */
  readonly quarantine?: string | undefined
}

/**
 * Marks an object as stored and counts its bytes. Refuses 10009 if a quota has no room. Then the caller must
 * delete the bytes.
 */
export const finish = (arrived: Arrived): Task<StoredObject> =>
  task({
    reads: ({ app: { app_id } }) => [
      objectByName({ app_id, object_name: arrived.object_name }),
      usage({ app_id, user_id: arrived.owner_id }),
      destinationOf(app_id, arrived),
    ],
    decide: ({ app, now }, [[object], [used], [group]]) => {
      const { object_name, owner_id, size, content_type, etag, name, group_id, quarantine } = arrived
      if (object === undefined || object.state === objectState.released)
        return refuse('file_sign_invalid', 'the file was deleted meanwhile', 410)
      if (object.state === objectState.stored) return { data: object }
      const refusal =
        (group_id === undefined ? undefined : refusalToArrive(object.kind, group, now)) ??
        quotaRefusal(app.settings, size, used)
      if (refusal !== undefined) return refusal
      const held = holdOf(arrived, object, now)
      const { hold, reason: hold_reason } = held
      const as = { size, content_type, etag }
      return {
        data: { ...object, ...as, state: objectState.stored, name: name || object.name, hold, hold_reason },
        writes: [
          setStored({ object_name, seen: object.state, ...as, name, seen_hold: object.hold, ...held }),
          ...count(app, owner_id, size),
        ],
        events: [
          { kind: 'file.uploaded', object_name, size, content_type, by_id: owner_id },
          ...(quarantine === undefined
            ? []
            : [{ kind: 'file.quarantined' as const, object_name, reason: quarantine, by_id: null }]),
        ],
      }
    },
  })

/** A quarantine that an administrator has put on a file before its bytes came stays. */
function holdOf({ unscanned = false, quarantine }: Arrived, object: StoredObject, now: number) {
  if (quarantine !== undefined) return { hold: fileHold.quarantined, reason: quarantine, held_at: now }
  if (object.hold === fileHold.quarantined)
    return { hold: object.hold, reason: object.hold_reason, held_at: object.held_at }
  return { hold: unscanned ? fileHold.unscanned : fileHold.none, reason: '', held_at: 0 }
}

const setRefused = command<{ object_name: string; status: number }>()(
  p =>
    sql`UPDATE objects SET refused_status = ${p.status} WHERE object_name = ${p.object_name} AND state = 0`,
)

/**
 * Saves why bytes that a client sent straight to the store were refused. Whoever asks for the object gets
 * this reason.
 */
export const rememberRefusal = (object_name: string, status: number): Task<null> =>
  task({
    reads: () => [],
    decide: () => ({ data: null, writes: [setRefused({ object_name, status })] }),
  })

interface Usage {
  readonly file_bytes: number
  readonly user_file_bytes: number | null
}

/** Counts bytes against the quotas of an app and of a user. */
const count = ({ app_id, settings }: App, user_id: number, size: number): Bound[] => [
  countInApp({ app_id, size, limit: settings.app_quota_bytes }),
  countOfUser({ app_id, user_id, size, limit: settings.user_quota_bytes }),
]

function quotaRefusal(
  { app_quota_bytes, user_quota_bytes }: App['settings'],
  size: number,
  used: Usage | undefined,
): Refusal | undefined {
  if (app_quota_bytes > 0 && (used?.file_bytes ?? 0) + size > app_quota_bytes)
    return refuse('storage_failed', 'the storage quota of this app is used up', 507)
  if (user_quota_bytes > 0 && (used?.user_file_bytes ?? 0) + size > user_quota_bytes)
    return refuse('storage_failed', 'the storage quota of this user is used up', 507)
  return undefined
}

// If two requests make the same thing, the CASE is null for the second, the column refuses it, and the whole
// change is decided again.
const addDerived = command<{ object_name: string; suffix: string; derived: string; size: number }>()(
  p => sql`UPDATE objects SET derived = CASE WHEN state = ${objectState.stored} AND json_type(derived, '$."' || ${p.suffix} || '"') IS NULL
      THEN json_set(derived, '$."' || ${p.suffix} || '"', json(${p.derived})) END,
    derived_bytes = derived_bytes + ${p.size}
    WHERE object_name = ${p.object_name}`,
)

/**
 * Saves that something made from the object is stored beside it, and counts its bytes against the quotas of
 * the object's owner and of the app. Answers false if there is no room, or the object no longer exists. Then
 * the caller must delete the bytes.
 */
export const remember = (
  { object_name, owner_id }: Pick<StoredObject, 'object_name' | 'owner_id'>,
  suffix: string,
  made: DerivedObject,
): Task<boolean> =>
  task({
    reads: ({ app: { app_id } }) => [
      objectByName({ app_id, object_name }),
      usage({ app_id, user_id: owner_id }),
    ],
    decide: ({ app }, [[object], [used]]) => {
      if (object?.state !== objectState.stored) return { data: false }
      if (object.derived[suffix] !== undefined) return { data: true }
      const { size } = made
      if (quotaRefusal(app.settings, size, used) !== undefined) return { data: false }
      const derived = JSON.stringify(made)
      return {
        data: true,
        writes: [addDerived({ object_name, suffix, derived, size }), ...count(app, owner_id, size)],
      }
    },
  })
