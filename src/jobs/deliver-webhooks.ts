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
          // Of its own: on Workers the request that began it may be ended anywhere, and nobody may wait for that one.
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
