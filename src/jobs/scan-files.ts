import { and, gt, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { objects } from '../db/schema.ts'
import { fileHold, objectState } from '../db/states.ts'
import { objectColumns, type StoredObject } from '../file/objects.ts'
import { scanFile } from '../file/scan-file.ts'
import { confirm } from '../file/upload/confirm.ts'
import { runnerFor } from '../operation/task.ts'
import type { Job, JobRun } from './job.ts'

/**
 * For so long after its upload URL was made, an upload that nobody asked for is looked for in the store, ms.
 */
const expectedForMs = 20 * 60_000
const portion = 100
/** How many files are worked on at the same time. */
const atOnce = 4

const unscanned = query<{ after: string; most: number }>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(and(sql`hold = ${sql.raw(String(fileHold.unscanned))}`, gt(objects.object_name, p.after)))
    .orderBy(objects.object_name)
    .limit(p.most),
)

const newestExpected = query<{ since: number; most: number }>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(
      and(sql`state IN (${objectState.promised}, ${objectState.receiving})`, gt(objects.created_at, p.since)),
    )
    .orderBy(sql`${objects.created_at} DESC`)
    .limit(p.most),
)

/** Does something for each of these files, few at the same time. */
async function each(
  { signal, attempt }: JobRun,
  files: readonly StoredObject[],
  action: (file: StoredObject) => Promise<void>,
): Promise<void> {
  const waiting = [...files].reverse()
  const worker = async () => {
    for (let file = waiting.pop(); file !== undefined && !signal.aborted; file = waiting.pop()) {
      const one = file
      await attempt(one.object_name, () => action(one))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/**
 * Has files looked at that came straight to the store: those that nobody asked for yet, and those for which
 * the scanner failed. Without a scanner it gives back what still waits for one.
 */
export const scanFiles: Job = {
  name: 'scan-files',
  title: 'have the virus scanner look at files that wait for it',
  everyMs: 10_000,
  async run(run) {
    const { executors, blobs, clock, scanning, signal, most, apps } = run
    let count = 0
    const taskRunner = async ({ app_id }: StoredObject) => {
      const app = await apps.get(app_id)
      return app && { app, perform: runnerFor(run, { bookmark: undefined }, app) }
    }
    for (const executor of executors) {
      if (scanning !== undefined && blobs.uploads === 'store') {
        const since = clock() - expectedForMs
        const expected = await executor.read(newestExpected({ since, most: Math.min(most, portion) }))
        await each(run, expected, async file => {
          const of = await taskRunner(file)
          if (of !== undefined) await confirm(blobs, of.app, of.perform, file, true)
        })
      }
      for (let after = '', left = most; left > 0 && !signal.aborted; ) {
        const found = await executor.read(unscanned({ after, most: Math.min(left, portion) }))
        after = found.at(-1)?.object_name ?? after
        left -= found.length
        await each(run, found, async file => {
          const of = await taskRunner(file)
          if (of === undefined) return
          const { hold } = await scanFile(scanning, of.app, of.perform, file)
          if (hold !== fileHold.unscanned) count++
        })
        if (found.length < portion) break
      }
    }
    return { files: count }
  },
}
