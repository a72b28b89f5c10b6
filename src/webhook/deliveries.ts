import { Deliverer, type DelivererContext } from './deliverer.ts'

/** Delivers what this webhook has to hear, unless another process does. */
export async function deliverFor(
  context: DelivererContext,
  app_id: string,
  webhook_id: string,
): Promise<void> {
  let deliverer: Deliverer | undefined
  do {
    deliverer = await Deliverer.claim(context, app_id, webhook_id)
    await deliverer?.run()
    // Whoever came meanwhile found the webhook taken, and relies on this one.
  } while (await deliverer?.hasMore())
}

/** The webhooks that this process is delivering for: one slow receiver does not hold up the others. */
export class Deliveries {
  private readonly underWay = new Map<string, Promise<void>>()
  private readonly deliverers = new Set<Deliverer>()

  /** Delivers what this webhook has to hear, if that is not under way already. Never throws. */
  start(context: DelivererContext, app_id: string, webhook_id: string): void {
    if (this.underWay.has(webhook_id)) return
    const started = this.deliver(context, app_id, webhook_id)
      .catch(error => context.log.error({ event: 'webhook', webhook: webhook_id, error: String(error) }))
      .finally(() => this.underWay.delete(webhook_id))
    this.underWay.set(webhook_id, started)
  }

  /** Has those under way look for more: a slow delivery to one group does not hold up what comes for others. */
  wake(): void {
    for (const deliverer of this.deliverers) deliverer.wake()
  }

  /** Resolves when all that are under way have ended, as they do when their signal is aborted. */
  async ended(): Promise<void> {
    await Promise.all(this.underWay.values())
  }

  private async deliver(context: DelivererContext, app_id: string, webhook_id: string): Promise<void> {
    const deliverer = await Deliverer.claim(context, app_id, webhook_id)
    if (deliverer === undefined) return
    this.deliverers.add(deliverer)
    await deliverer.run().finally(() => this.deliverers.delete(deliverer))
  }
}
