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

/**
 * Whether the service can do its work: a small change is written and synced. Throws `HttpError` 503 that says
 * why not, in words that are safe to answer.
 */
export function readiness(executor: Executor, blobs: BlobStore): () => Promise<void> {
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
      await Promise.race([runTask(executor, probe(turn++), Date.now()), late])
      await probeStore()
    } catch (error) {
      throw error instanceof HttpError ? error : new HttpError(503, `not ready: ${troubleOf(error)}`)
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
