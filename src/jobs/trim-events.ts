import { type Reach, reach } from '../events/feed.ts'
import { deleteEvents, markTrimmed, oldestAudited, oldestEvents, portion } from '../events/retention.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask, task } from '../operation/task.ts'
import { allApps } from '../tenant/registry.ts'
import type { Job } from './job.ts'

const dayMs = 24 * 60 * 60 * 1000

const trim = (app_id: string, trimmed: number, seqs: readonly number[]) =>
  task({
    decide() {
      const last = seqs.at(-1) ?? 0
      const gone = [...(trimmed > 0 ? [trimmed] : []), ...seqs.slice(0, -1)]
      return {
        data: null,
        writes: [
          deleteEvents({ app_id, seqs: gone }),
          markTrimmed({ app_id, seq: last, data: JSON.stringify({ from: 1, to: last }) }),
        ],
      }
    },
  })

const forgetAudited = (app_id: string, seqs: readonly number[]) =>
  task({ decide: () => ({ data: null, writes: [deleteEvents({ app_id, seqs })] }) })

/** Deletes events that are older than an app keeps them (settings `events_days` and `audit_days`). */
export const trimEvents: Job = {
  name: 'trim-events',
  title: 'delete events that are older than they are kept',
  everyMs: 60 * 60 * 1000,
  async run({ executors, apps, clock, signal, attempt }) {
    let count = 0
    const now = clock()
    for (const executor of executors) {
      for (const { app_id } of await executor.read(allApps({}))) {
        const app = await apps.get(app_id)
        if (app === undefined) continue
        const { events_days, audit_days } = app.settings
        await attempt(`app ${app_id}`, async () => {
          for (let more = true; more && !signal.aborted; ) {
            const gone = await trimPortion(executor, app_id, now - events_days * dayMs)
            count += gone
            more = gone === portion
          }
          for (let more = true; more && !signal.aborted; ) {
            const gone = await forgetPortion(executor, app_id, now - audit_days * dayMs)
            count += gone
            more = gone === portion
          }
        })
      }
    }
    return { events: count }
  },
}

async function trimPortion(executor: Executor, app_id: string, before: number): Promise<number> {
  const [reached] = await executor.read(reach({ app_id }))
  const { head, earliest } = reached as Reach
  const found = await executor.read(oldestEvents(app_id, earliest))
  const old = found.findIndex(({ seq, at }) => at >= before || seq >= head)
  const seqs = (old < 0 ? found : found.slice(0, old)).map(({ seq }) => seq)
  if (seqs.length > 0) await runTask(executor, trim(app_id, earliest, seqs), 0)
  return seqs.length
}

async function forgetPortion(executor: Executor, app_id: string, before: number): Promise<number> {
  const [reached] = await executor.read(reach({ app_id }))
  const found = await executor.read(oldestAudited({ app_id, trimmed: reached?.earliest ?? 0 }))
  const seqs = found.flatMap(({ seq, at }) => (at < before ? seq : []))
  if (seqs.length > 0) await runTask(executor, forgetAudited(app_id, seqs), 0)
  return seqs.length
}
