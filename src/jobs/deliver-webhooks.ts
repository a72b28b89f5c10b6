import { deliverFor } from '../webhook/deliveries.ts'
import { webhooksDue } from '../webhook/webhook.ts'
import type { Job } from './job.ts'

/** Tells webhooks what happened. */
export const deliverWebhooks: Job = {
  name: 'deliver-webhooks',
  title: 'tell webhooks what happened',
  everyMs: 1000,
  afterChanges: true,
  async run({ executors, apps, clock, log, outbound, deliveries, signal, untilDone, attempt }) {
    const started: Promise<void>[] = []
    for (const executor of executors) {
      for (const { app_id, webhook_id } of await executor.read(webhooksDue({ now: clock() }))) {
        await attempt(webhook_id, async () => {
          const app = await apps.get(app_id)
          if (app === undefined) return
          const context = { executor, outbound, clock, log, signal, epoch: app.epoch }
          if (!untilDone) return deliveries.start(context, app_id, webhook_id)
          // On Workers the runtime may end the request that runs this. So each run delivers by itself, and
          // waits
          // for nothing that another request began.
          started.push(
            attempt(webhook_id, () => deliverFor({ ...context, lookEveryMs: 1000 }, app_id, webhook_id)),
          )
        })
      }
    }
    if (!untilDone) deliveries.wake()
    await Promise.all(started)
    return {}
  },
}
