import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { command } from '../../db/query.ts'
import { troubleOf } from '../../operation/durability.ts'
import { HttpError } from '../../operation/errors.ts'
import type { Executor, Task } from '../../operation/executor.ts'
import { runTask } from '../../operation/task.ts'
import { type BlobStore, BlobStoreError } from '../../platform.ts'

/**
 * How long a result is reused, milliseconds. Everybody may call `/readyz`, so calls must not cause work
 * without limit.
 */
const freshMs = 1000
const storeFreshMs = 10_000
/** How long the checks of the disk may take in all, milliseconds. */
const maxProbeMs = 5000

/**
 * Two writes of a number in the database's header that nothing else uses. They alternate, because SQLite
 * writes nothing if the number stays the same.
 */
const marks = [1, 2].map(mark =>
  command<Record<never, never>>()(() => sql.raw(`PRAGMA user_version = ${mark}`)),
)

/** A change that changes nothing, but is written as every other. `turn` must grow from call to call. */
export const probe = (turn: number): Task<null> => ({
  writes: true,
  reads: () => [],
  decide: () => ({ data: null, writes: marks.slice(turn % 2, (turn % 2) + 1).map(mark => mark({})) }),
})

/** The least free space on the disk, bytes. */
const minFreeBytes = 1024 * 1024

/**
 * Checks the disk by writing a file beside the database. For most faults of a disk SQLite only says that
 * there was one. On a full disk SQLite may still find room in its log. Answers undefined if there is no
 * fault.
 */
async function folderTrouble(folder: string): Promise<string | undefined> {
  const file = join(folder, 'cohort.probe')
  try {
    await writeFile(file, new Uint8Array(minFreeBytes))
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EROFS') return 'the disk is read-only'
    return code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : undefined
  } finally {
    await rm(file, { force: true }).catch(() => undefined)
  }
}

/**
 * Checks that the service can do its work: makes a small change and syncs it. `folder` is the folder of the
 * database. Throws `HttpError` 503 that says what is wrong. The message is safe to show to any caller.
 */
export function readiness(executor: Executor, folder: string, blobs: BlobStore): () => Promise<void> {
  let turn = 0
  let found: { readonly at: number; readonly result: Promise<void> } | undefined

  /** The store is checked less often, because it may be far away and each call may cost money. */
  let store: { readonly at: number; readonly result: Promise<void> } | undefined
  const probeStore = (): Promise<void> => {
    if (store === undefined || performance.now() - store.at > storeFreshMs) {
      const result = (blobs.probe?.() ?? Promise.resolve()).catch(error => {
        throw new HttpError(
          503,
          `not ready: ${error instanceof BlobStoreError ? error.message : 'the object store does not answer'}`,
        )
      })
      store = { at: performance.now(), result }
    }
    return store.result
  }

  const look = async (): Promise<void> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new HttpError(503, 'not ready: the disk or the object store does not answer')),
        maxProbeMs,
      )
    })
    try {
      const written = runTask(executor, probe(turn++), Date.now()).then(
        () => undefined,
        (error: unknown) => troubleOf(error),
      )
      const [inFolder, inDatabase] = await Promise.race([Promise.all([folderTrouble(folder), written]), late])
      const why = inFolder ?? inDatabase
      if (why !== undefined) throw new HttpError(503, `not ready: ${why}`)
      await probeStore()
    } finally {
      clearTimeout(timer)
    }
  }

  return () => {
    if (found === undefined || performance.now() - found.at > freshMs) {
      found = { at: performance.now(), result: look() }
      // Everybody who asked gets this error. If nobody waits any more, it can be ignored.
      found.result.catch(() => undefined)
    }
    return found.result
  }
}
