import { and, eq, sql } from 'drizzle-orm'
import { command, db, query } from '../../db/query.ts'
import { apps, users } from '../../db/schema.ts'
import { type Refusal, refuse } from '../../operation/errors.ts'
import type { Task } from '../../operation/executor.ts'
import { objectByName, objectState, type StoredObject } from '../objects.ts'

/*
 * The life of an object between a promise and stored bytes, as tasks: the bytes themselves move outside of
 * any transaction. A claim makes an upload URL work once; what is stored is counted against the quotas in the
 * same change that makes it visible.
 */

const setState = command<{ object_name: string; from: number; to: number }>()(
  p =>
    sql`UPDATE objects SET state = CASE WHEN state = ${p.from} THEN ${p.to} END WHERE object_name = ${p.object_name}`,
)

/** Takes a promised object for one upload. Refuses 10030 if it is taken or stored already. */
export const claim = (object_name: string): Task<StoredObject> => ({
  writes: true,
  reads: ({ app }) => [objectByName({ app_id: app.app_id, object_name })],
  decide: (_, [rows]) => {
    const object = rows?.[0] as StoredObject | undefined
    if (object === undefined)
      return refuse('file_sign_invalid', 'the upload URL is for a file that does not exist any more', 410)
    if (object.state !== objectState.promised)
      return refuse('file_sign_invalid', 'the upload URL has been used already', 410)
    return {
      data: object,
      writes: [setState({ object_name, from: objectState.promised, to: objectState.receiving })],
    }
  },
})

/** Gives a claim back after an upload that failed: nothing was stored, and the URL may be used again. */
export const unclaim = (object_name: string): Task<null> => ({
  writes: true,
  reads: ({ app }) => [objectByName({ app_id: app.app_id, object_name })],
  decide: (_, [rows]) => {
    const object = rows?.[0] as StoredObject | undefined
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
}>()(
  p => sql`UPDATE objects SET state = CASE WHEN state = ${p.seen} THEN 1 END, size = ${p.size}, content_type = ${p.content_type}, etag = ${p.etag}
    WHERE object_name = ${p.object_name}`,
)
// A quota reached meanwhile makes the CASE null, which the column refuses, and all is decided again. A limit
// of 0 is none.
const countInApp = command<{ app_id: string; size: number; limit: number }>()(
  p => sql`UPDATE apps SET file_bytes = CASE WHEN ${p.limit} = 0 OR file_bytes + ${p.size} <= ${p.limit} THEN file_bytes + ${p.size} END
    WHERE app_id = ${p.app_id}`,
)
const countOfUser = command<{ app_id: string; user_id: number; size: number; limit: number }>()(
  p => sql`INSERT INTO users (app_id, user_id, user_file_bytes) VALUES (${p.app_id}, ${p.user_id}, ${p.size})
    ON CONFLICT (app_id, user_id) DO UPDATE SET user_file_bytes =
      CASE WHEN ${p.limit} = 0 OR user_file_bytes + ${p.size} <= ${p.limit} THEN user_file_bytes + ${p.size} END`,
)

export interface Arrived {
  readonly object_name: string
  readonly owner_id: number
  readonly size: number
  readonly content_type: string
  readonly etag: string
}

/**
 * Makes bytes that have arrived the object's, and counts them. Refuses 10009 if a quota has no room; then the
 * bytes are to be deleted.
 */
export const finish = ({ object_name, owner_id, size, content_type, etag }: Arrived): Task<StoredObject> => ({
  writes: true,
  reads: ({ app }) => [
    objectByName({ app_id: app.app_id, object_name }),
    usage({ app_id: app.app_id, user_id: owner_id }),
  ],
  decide: ({ app }, [objects, used]): ReturnType<Task<StoredObject>['decide']> => {
    const object = objects?.[0] as StoredObject | undefined
    const bytes = used?.[0] as { file_bytes: number; user_file_bytes: number | null } | undefined
    if (object === undefined || object.state === objectState.released)
      return refuse('file_sign_invalid', 'the file was deleted meanwhile', 410)
    if (object.state === objectState.stored) return { data: object }
    const refusal = quotaRefusal(app.settings, size, bytes?.file_bytes ?? 0, bytes?.user_file_bytes ?? 0)
    if (refusal !== undefined) return refusal
    const { app_id, settings } = app
    return {
      data: { ...object, state: objectState.stored, size, content_type, etag },
      writes: [
        setStored({ object_name, seen: object.state, size, content_type, etag }),
        countInApp({ app_id, size, limit: settings.app_quota_bytes }),
        countOfUser({ app_id, user_id: owner_id, size, limit: settings.user_quota_bytes }),
      ],
      events: [{ kind: 'file.uploaded', object_name, size, content_type, by_id: owner_id }],
    }
  },
})

export function quotaRefusal(
  {
    app_quota_bytes,
    user_quota_bytes,
  }: { readonly app_quota_bytes: number; readonly user_quota_bytes: number },
  size: number,
  ofApp: number,
  ofUser: number,
): Refusal | undefined {
  if (app_quota_bytes > 0 && ofApp + size > app_quota_bytes)
    return refuse('storage_failed', 'the storage quota of this app is used up', 507)
  if (user_quota_bytes > 0 && ofUser + size > user_quota_bytes)
    return refuse('storage_failed', 'the storage quota of this user is used up', 507)
  return undefined
}

const addDerived = command<{ object_name: string; suffix: string; derived: string }>()(
  p => sql`UPDATE objects SET derived = json_set(derived, '$."' || ${p.suffix} || '"', json(${p.derived}))
    WHERE object_name = ${p.object_name} AND state = 1`,
)

/** Remembers that something made from the object is stored beside it. */
export const remember = (
  object_name: string,
  suffix: string,
  content_type: string,
  size: number,
): Task<null> => ({
  writes: true,
  reads: () => [],
  decide: () => ({
    data: null,
    writes: [addDerived({ object_name, suffix, derived: JSON.stringify({ content_type, size }) })],
  }),
})
