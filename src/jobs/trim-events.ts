import { type Reach, reach } from '../events/feed.ts'
import {
  deleteAudited,
  deleteOrdinary,
  dropOldBatches,
  keepAuditedEntries,
  keepNoEntries,
  markTrimmed,
  oldestBatches,
  ordinaryUpTo,
} from '../events/retention.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask, task } from '../operation/task.ts'
import { allApps } from '../tenant/registry.ts'
import type { Job } from './job.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Deletes events that are older than an app keeps them (settings `events_days` and `audit_days`). */
export const trimEvents: Job = {
  name: 'trim-events',
  title: 'delete events that are older than they are kept',
  everyMs: 60 * 60 * 1000,
  async run({ executors, apps, clock, mayGoOn, attempt }) {
    let batches = 0
    const now = clock()
    for (const executor of executors) {
      for (const { app_id } of await executor.read(allApps({}))) {
        const app = await apps.get(app_id)
        if (app === undefined) continue
        const { events_days, audit_days } = app.settings
        await attempt(`app ${app_id}`, async () => {
          while (mayGoOn(batches) && (await trimBatches(executor, app_id, now - events_days * dayMs)))
            batches++
          while (mayGoOn(batches) && (await forgetBatches(executor, app_id, now - audit_days * dayMs)))
            batches++
        })
      }
    }
    return { batches }
  },
}

/** The oldest batches that have these entries and no event that is newer than `before`. */
async function oldBatches(executor: Executor, app_id: string, kept: 'all' | 'audited', before: number) {
  const found = await executor.read(oldestBatches({ app_id, kept }))
  const end = found.findIndex(({ last_at }) => last_at >= before)
  return end < 0 ? found : found.slice(0, end)
}

/** Deletes the events of ordinary kinds of a few batches. Answers whether there were any such batches. */
async function trimBatches(executor: Executor, app_id: string, before: number): Promise<boolean> {
  const old = await oldBatches(executor, app_id, 'all', before)
  const end = old.at(-1)
  if (end === undefined) return false
  const [reached] = await executor.read(reach({ app_id }))
  const { earliest } = reached as Reach
  const [{ seq } = { seq: null }] = await executor.read(ordinaryUpTo(app_id, earliest, end.last_seq))
  const marked =
    seq === null
      ? []
      : [
          // Also the former `events.trimmed`, whose place this one takes.
          deleteOrdinary(app_id, earliest, seq),
          markTrimmed({ app_id, seq, data: JSON.stringify({ from: 1, to: seq }) }),
        ]
  const numbers = old.map(({ number }) => number)
  await runTask(
    executor,
    task({ decide: () => ({ data: null, writes: [...marked, keepAuditedEntries({ app_id, numbers })] }) }),
    0,
  )
  return true
}

/** Deletes the events of audit kinds of a few batches. Answers whether there were any such batches. */
async function forgetBatches(executor: Executor, app_id: string, before: number): Promise<boolean> {
  const [reached] = await executor.read(reach({ app_id }))
  const { head } = reached as Reach
  const old = (await oldBatches(executor, app_id, 'audited', before)).filter(
    ({ last_seq }) => last_seq < head,
  )
  const [start] = old
  const end = old.at(-1)
  if (start === undefined || end === undefined) return false
  const numbers = old.map(({ number }) => number)
  await runTask(
    executor,
    task({
      decide: () => ({
        data: null,
        writes: [
          deleteAudited({ app_id, from: start.first_seq, to: end.last_seq }),
          keepNoEntries({ app_id, numbers }),
          dropOldBatches({ app_id, number: end.number }),
        ],
      }),
    }),
    0,
  )
  return true
}
