import { forgetKeysBefore, keysBefore } from '../operation/idempotency.ts'
import { runTask, task } from '../operation/task.ts'
import { allApps } from '../tenant/registry.ts'
import type { Job } from './job.ts'

const dayMs = 24 * 60 * 60 * 1000
const hourMs = 60 * 60 * 1000

/** Forgets Idempotency-Keys that are older than an app keeps them (setting `idempotency_hours`). */
export const forgetKeys: Job = {
  name: 'forget-keys',
  title: 'forget Idempotency-Keys that are too old',
  everyMs: 60 * 60 * 1000,
  async run({ executors, apps, clock, mayGoOn, attempt }) {
    let portions = 0
    for (const executor of executors) {
      for (const { app_id } of await executor.read(allApps({}))) {
        const app = await apps.get(app_id)
        if (app === undefined) continue
        const day = Math.floor((clock() - app.settings.idempotency_hours * hourMs) / dayMs)
        await attempt(`app ${app_id}`, async () => {
          while (mayGoOn(portions) && (await executor.read(keysBefore({ app_id, day }))).length > 0) {
            await runTask(
              executor,
              task({ decide: () => ({ data: null, writes: [forgetKeysBefore({ app_id, day })] }) }),
              0,
            )
            portions++
          }
        })
      }
    }
    return { portions }
  },
}
