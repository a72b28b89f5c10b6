import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { command } from '../../db/query.ts'
import { troubleOf } from '../../operation/durability.ts'
import { HttpError } from '../../operation/errors.ts'
import type { Executor, Task } from '../../operation/executor.ts'
import { runTask } from '../../operation/task.ts'
import { type BlobStore, BlobStoreError } from '../../platform.ts'

/** How long what was found out is answered again, milliseconds: `/readyz` is open to everybody. */
const freshMs = 1000
const storeFreshMs = 10_000
/** How long the disk may take, milliseconds. */
const maxProbeMs = 5000

/**
 * A change of a number in the database's header that nobody uses, by turns: writing what is there already
 * would write nothing.
 */
const marks = [1, 2].map(mark =>
  command<Record<never, never>>()(() => sql.raw(`PRAGMA user_version = ${mark}`)),
)

const probe = (turn: number): Task<null> => ({
  writes: true,
  reads: () => [],
  decide: () => ({ data: null, writes: marks.slice(turn % 2, (turn % 2) + 1).map(mark => mark({})) }),
})

/** What must be free on the disk, bytes. */
const minFreeBytes = 1024 * 1024

/**
 * SQLite says of most faults of a disk only that there was one, and may find room in its log on a disk that
 * is full. Writing a file beside the database says it more precisely: undefined if there is nothing to say.
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
 * Whether the service can do its work: a small change is written and synced. Throws `HttpError` 503 that says
 * why not, in words that are safe to answer. `folder` is where the database is.
 */
export function readiness(executor: Executor, folder: string, blobs: BlobStore): () => Promise<void> {
  let turn = 0
  let found: { readonly at: number; readonly result: Promise<void> } | undefined

  /** The store may be far away, and asking it may cost: it is asked less often. */
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
      // It is answered to whoever asks; if nobody waits any more, nothing is lost.
      found.result.catch(() => undefined)
    }
    return found.result
  }
}
