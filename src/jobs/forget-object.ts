import { eq, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { objects } from '../db/schema.ts'
import { objectState } from '../db/states.ts'
import { keyAside } from '../file/hold-file.ts'
import { objectColumns, type StoredObject } from '../file/objects.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask, task } from '../operation/task.ts'
import type { JobRun } from './job.ts'

const byName = query<{ object_name: string }>()(p =>
  db.select(objectColumns).from(objects).where(eq(objects.object_name, p.object_name)),
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
  p => sql`UPDATE users SET user_file_bytes = user_file_bytes - ${p.size}
    WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)

/** Forgets an object, unless it has been stored meanwhile. Answers how many bytes that frees. */
const forget = (object_name: string) =>
  task({
    reads: () => [byName({ object_name })],
    decide: (_, [[object]]) => {
      if (object === undefined || object.state === objectState.stored) return { data: 0 }
      const { app_id, owner_id: user_id } = object
      const size = object.size + object.derived_bytes
      const counted =
        object.state === objectState.released
          ? [uncountInApp({ app_id, size }), uncountOfUser({ app_id, user_id, size })]
          : []
      return {
        data: size,
        writes: [deleteGrants({ object_name }), deleteRow({ object_name }), ...counted],
        // Bytes that were never stored have no event.
        ...(counted.length > 0 && { events: [{ kind: 'file.deleted', app_id, object_name, size }] }),
      }
    },
  })

/**
 * Deletes an object's bytes and everything made from them, and then its row. After a crash in between, the
 * row still tells what is left to delete. Answers how many bytes that frees.
 */
export async function forgetObject(
  { blobs, clock }: Pick<JobRun, 'blobs' | 'clock'>,
  executor: Executor,
  { object_name, derived }: StoredObject,
): Promise<number> {
  // The decision to delete the bytes must be on disk before they are deleted.
  await executor.durable()
  const aside = blobs.move === undefined ? [] : [keyAside(object_name)]
  await blobs.delete([object_name, ...aside, ...Object.keys(derived).map(suffix => object_name + suffix)])
  return runTask(executor, forget(object_name), clock())
}
