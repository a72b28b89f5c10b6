import { and, lt, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { objects } from '../db/schema.ts'
import { objectState } from '../db/states.ts'
import { objectColumns, type StoredObject } from '../file/objects.ts'
import { confirm } from '../file/upload/confirm.ts'
import { Refusal } from '../operation/errors.ts'
import { runnerFor } from '../operation/task.ts'
import { forgetObject } from './forget-object.ts'
import type { Job, JobRun } from './job.ts'

/** How long an upload may stay unfinished, milliseconds. */
const maxUnfinishedMs = 24 * 60 * 60 * 1000
const portion = 100

const unfinished = query<{ before: number; after_time: number; after_row: number }>()(p =>
  db
    .select({ ...objectColumns, created_at: objects.created_at, row: sql<number>`rowid`.as('row') })
    .from(objects)
    .where(
      and(
        sql`state IN (${objectState.promised}, ${objectState.receiving})`,
        lt(objects.created_at, p.before),
        sql`(created_at, rowid) > (${p.after_time}, ${p.after_row})`,
      ),
    )
    .orderBy(objects.created_at, sql`rowid`)
    .limit(portion),
)

const countUnfinished = query<{ before: number }>()(p =>
  db
    .select({ uploads: sql<number>`count(*)`.as('uploads') })
    .from(objects)
    .where(
      and(
        sql`state IN (${objectState.promised}, ${objectState.receiving})`,
        lt(objects.created_at, p.before),
      ),
    ),
)

/**
 * With presigned uploads the store does not report arrivals. So before an upload is forgotten that nobody has
 * asked for, this asks the store for it. Answers whether the object is there and may stay.
 */
async function arrived(run: JobRun, object: StoredObject): Promise<boolean> {
  const app = await run.apps.get(object.app_id)
  if (app === undefined) return false
  const runTask = runnerFor(run, { bookmark: undefined }, app)
  const confirmed = await confirm(run.blobs, app, runTask, object, run.scanning !== undefined)
  return !(confirmed instanceof Refusal) && confirmed.state === objectState.stored
}

/** Forgets uploads that were not completed within a day. */
export const collectUnfinished: Job = {
  name: 'collect-unfinished',
  title: 'forget uploads that were not completed within a day',
  everyMs: 30_000,
  async run(run) {
    const { executors, signal, attempt, clock } = run
    const before = clock() - maxUnfinishedMs
    let count = 0
    for (const executor of executors) {
      for (let after = { after_time: 0, after_row: 0 }; !signal.aborted; ) {
        const found = await executor.read(unfinished({ before, ...after }))
        for (const object of found) {
          after = { after_time: object.created_at, after_row: object.row }
          await attempt(object.object_name, async () => {
            if (await arrived(run, object)) return
            await forgetObject(run, executor, object)
            count++
          })
        }
        if (found.length < portion) break
      }
    }
    return { uploads: count }
  },
  async preview({ executors, clock }) {
    let uploads = 0
    for (const executor of executors) {
      const [found] = await executor.read(countUnfinished({ before: clock() - maxUnfinishedMs }))
      uploads += found?.uploads ?? 0
    }
    return { uploads }
  },
}
