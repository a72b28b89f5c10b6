import { eq, sql } from 'drizzle-orm'
import type { SerialEngine } from '../../../db/engine.ts'
import { command, db, query } from '../../../db/query.ts'
import { objects } from '../../../db/schema.ts'
import { objectState } from '../../../db/states.ts'
import type { Executor } from '../../../operation/executor.ts'
import { runTask, task } from '../../../operation/task.ts'
import type { BlobStore } from '../../../platform.ts'
import type { Progress } from '../progress.ts'
import type { Mirror } from './mirror.ts'
import { countStored, isStored, type StoredFile, storedFiles } from './stored-files.ts'
import { Transfers } from './transfers.ts'

export interface FetchReport {
  fetched: number
  /** Bytes of the fetched files. */
  bytes: number
  /** How many files the folder had already. */
  kept: number
  /** Stored files whose bytes are neither in the folder nor in the bucket. */
  readonly lost: StoredFile[]
  /** Files that could not be fetched, each with the reason. */
  readonly failed: string[]
}

/**
 * Brings back every stored file whose bytes the folder does not have. A file appears in the folder when it is
 * complete, so a fetch that was killed is simply repeated. May run beside the service. Throws
 * `BlobStoreError` if the bucket cannot be used.
 */
export async function fetchFiles(
  mirror: Mirror & { readonly executor: Executor },
  progress: Progress,
): Promise<FetchReport> {
  const { engine, executor, folder, bucket } = mirror
  const transfers = new Transfers()
  const report: FetchReport = { fetched: 0, bytes: 0, kept: 0, lost: [], failed: transfers.failed }
  await bucket.probe?.()
  const total = countStored(engine)
  let done = 0
  for (const file of storedFiles(engine)) {
    await transfers.add(file.object_name, async () => {
      await fetchFile(mirror, file, report)
      await forgetMissingDerived(engine, executor, folder, file.object_name)
      progress(++done, total)
    })
  }
  await transfers.end()
  return report
}

async function fetchFile(
  { engine, folder, bucket }: Mirror,
  file: StoredFile,
  report: FetchReport,
): Promise<void> {
  const { object_name, size, content_type } = file
  const there = await folder.head(object_name)
  if (there?.size === size) {
    report.kept++
    return
  }
  const body = await bucket.get(object_name)
  if (body === undefined) {
    if (isStored(engine, object_name)) report.lost.push(file)
    return
  }
  // A file of another size is damaged, because the bytes of a file never change.
  if (there !== undefined) await folder.delete([object_name])
  await folder.put(object_name, body, { size, contentType: content_type })
  report.fetched++
  report.bytes += size
}

const madeFrom = query<{ object_name: string }>()(p =>
  db
    .select({
      app_id: objects.app_id,
      user_id: objects.user_id,
      derived: objects.derived,
      derived_bytes: objects.derived_bytes,
      state: objects.state,
    })
    .from(objects)
    .where(eq(objects.object_name, p.object_name)),
)
const dropDerived = command<{ object_name: string }>()(
  p => sql`UPDATE objects SET derived = '{}', derived_bytes = 0 WHERE object_name = ${p.object_name}`,
)
const uncountInApp = command<{ app_id: string; size: number }>()(
  p => sql`UPDATE apps SET file_bytes = file_bytes - ${p.size} WHERE app_id = ${p.app_id}`,
)
const uncountOfUser = command<{ app_id: string; user_id: number; size: number }>()(
  p => sql`UPDATE users SET user_file_bytes = user_file_bytes - ${p.size}
    WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)

/**
 * A mirror has no thumbnails and nothing else that was made of files. If the folder lacks one that the
 * database knows, the row forgets all of them, and they are made again when somebody asks.
 */
async function forgetMissingDerived(
  engine: SerialEngine,
  executor: Executor,
  folder: BlobStore,
  object_name: string,
): Promise<void> {
  const [row] = engine.all(madeFrom({ object_name }))
  const suffixes = Object.keys(JSON.parse(String(row?.[2] ?? '{}')))
  let isMissing = false
  for (const suffix of suffixes) isMissing ||= (await folder.head(object_name + suffix)) === undefined
  if (!isMissing) return
  await runTask(
    executor,
    task({
      reads: () => [madeFrom({ object_name })],
      decide: (_, [[object]]) => {
        if (object === undefined) return { data: null }
        const { app_id, user_id, derived_bytes: size } = object
        const writes = [
          dropDerived({ object_name }),
          uncountInApp({ app_id, size }),
          uncountOfUser({ app_id, user_id, size }),
        ]
        return { data: null, writes }
      },
    }),
    Date.now(),
  )
}

const release = command<{ object_name: string }>()(
  p =>
    sql`UPDATE objects SET state = ${objectState.released} WHERE object_name = ${p.object_name} AND state = ${objectState.stored}`,
)

/**
 * Forgets files whose bytes are lost: readers get the answer for a deleted file, and a job of the service
 * removes the rows and tells `file.deleted`.
 */
export async function forgetLost(executor: Executor, lost: readonly StoredFile[]): Promise<void> {
  for (const { object_name } of lost)
    await runTask(
      executor,
      task({ decide: () => ({ data: null, writes: [release({ object_name })] }) }),
      Date.now(),
    )
}
