import { eq, lt, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { objects } from '../db/schema.ts'
import { objectColumns, objectState, type StoredObject } from '../file/objects.ts'
import type { Executor, Task } from '../operation/executor.ts'
import { runTask } from '../operation/task.ts'
import type { BlobStore } from '../platform.ts'

/*
 * Bytes that nobody can reach are deleted: of objects that nothing refers to any more, and of uploads that
 * were never completed. First the bytes, then the row: after a crash in between, the row is still there to
 * say what is left to do.
 */

/** How long an upload may stay unfinished, milliseconds. */
const patience = 24 * 60 * 60 * 1000
const portion = 100

const released = query()(() => db.select(objectColumns).from(objects).where(sql`state = 2`).limit(portion))

const unfinished = query<{ before: number }>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(sql`${objects.state} IN (0, 3) AND ${lt(objects.created_at, p.before)}`)
    .limit(portion),
)

const deleteRow = command<{ object_name: string }>()(
  p => sql`DELETE FROM objects WHERE object_name = ${p.object_name}`,
)
const deleteGrants = command<{ object_name: string }>()(
  p => sql`DELETE FROM grants WHERE object_name = ${p.object_name}`,
)
const uncountInApp = command<{ app_id: string; size: number }>()(
  p => sql`UPDATE apps SET file_bytes = file_bytes - ${p.size} WHERE app_id = ${p.app_id}`,
)
const uncountOfUser = command<{ app_id: string; user_id: number; size: number }>()(
  p =>
    sql`UPDATE users SET user_file_bytes = user_file_bytes - ${p.size} WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)

const byName = query<{ object_name: string }>()(p =>
  db.select(objectColumns).from(objects).where(eq(objects.object_name, p.object_name)),
)

/** Forgets an object, unless it was stored meanwhile. Answers the bytes that are free again. */
const forget = (object_name: string): Task<number> => ({
  writes: true,
  reads: () => [byName({ object_name })],
  decide: (_, [rows]) => {
    const object = rows?.[0] as StoredObject | undefined
    if (object === undefined || object.state === objectState.stored) return { data: 0 }
    const { app_id, owner_id: user_id, size } = object
    const counted =
      object.state === objectState.released
        ? [uncountInApp({ app_id, size }), uncountOfUser({ app_id, user_id, size })]
        : []
    return {
      data: size,
      writes: [deleteGrants({ object_name }), deleteRow({ object_name }), ...counted],
      // Bytes that were never stored are not missed.
      ...(counted.length > 0 && { events: [{ kind: 'file.deleted', app_id, object_name, size }] }),
    }
  },
})

export interface Collected {
  readonly objects: number
  readonly bytes: number
}

/**
 * Deletes what can go and answers how much that was. `arrived` is asked about unfinished uploads where
 * clients send bytes straight to the store; it makes stored what is there and answers whether it did.
 */
export async function collect(
  executor: Executor,
  blobs: BlobStore,
  now: number,
  arrived: (object: StoredObject) => Promise<boolean>,
): Promise<Collected> {
  let count = 0
  let bytes = 0
  const drop = async (object: StoredObject) => {
    await blobs.delete([
      object.object_name,
      ...Object.keys(object.derived).map(suffix => object.object_name + suffix),
    ])
    bytes += await runTask(executor, forget(object.object_name), now)
    count++
  }
  for (
    let found = await executor.read(released({}));
    found.length > 0;
    found = await executor.read(released({}))
  ) {
    for (const object of found) await drop(object)
  }
  const before = now - patience
  for (;;) {
    const found = await executor.read(unfinished({ before }))
    for (const object of found) if (!(await arrived(object))) await drop(object)
    if (found.length < portion) return { objects: count, bytes }
  }
}
