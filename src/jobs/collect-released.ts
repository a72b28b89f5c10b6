import { and, gt, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { objects } from '../db/schema.ts'
import { objectState } from '../db/states.ts'
import { objectColumns } from '../file/objects.ts'
import { forgetObject } from './forget-object.ts'
import type { Job } from './job.ts'

const portion = 100

const released = query<{ after: string }>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(and(sql`state = ${sql.raw(String(objectState.released))}`, gt(objects.object_name, p.after)))
    .orderBy(objects.object_name)
    .limit(portion),
)

const countReleased = query()(() =>
  db
    .select({
      objects: sql<number>`count(*)`.as('objects'),
      bytes: sql<number>`coalesce(sum(size + derived_bytes), 0)`.as('bytes'),
    })
    .from(objects)
    .where(sql`state = ${sql.raw(String(objectState.released))}`),
)

/** Deletes the bytes of objects that nothing refers to any more. */
export const collectReleased: Job = {
  name: 'collect-released',
  title: 'delete bytes that nothing refers to any more',
  everyMs: 30_000,
  async run(run) {
    const { executors, signal, attempt } = run
    let count = 0
    let bytes = 0
    for (const executor of executors) {
      // The objects are read page by page, in the order of their names. So an object that cannot be deleted
      // does not come up again in this run.
      for (let after = ''; !signal.aborted; ) {
        const found = await executor.read(released({ after }))
        for (const object of found) {
          after = object.object_name
          await attempt(object.object_name, async () => {
            bytes += await forgetObject(run, executor, object)
            count++
          })
        }
        if (found.length < portion) break
      }
    }
    return { objects: count, bytes }
  },
  async preview({ executors }) {
    const report = { objects: 0, bytes: 0 }
    for (const executor of executors) {
      const [found] = await executor.read(countReleased({}))
      report.objects += found?.objects ?? 0
      report.bytes += found?.bytes ?? 0
    }
    return report
  },
}
