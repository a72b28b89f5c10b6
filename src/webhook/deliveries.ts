import { Deliverer, type DelivererContext } from './deliverer.ts'

/** Delivers the events that this webhook has not got yet, unless another process is delivering for it. */
export async function deliverFor(
  context: DelivererContext,
  app_id: string,
  webhook_id: string,
): Promise<void> {
  let deliverer: Deliverer | undefined
  do {
    deliverer = await Deliverer.claim(context, app_id, webhook_id)
    await deliverer?.run()
    // A process that came meanwhile found the lease taken. So its events must be delivered here.
  } while (await deliverer?.hasMore())
}

/**
 * The deliveries of this process, one for each webhook, so that a slow receiver does not delay the others.
 */
export class Deliveries {
  private readonly underWay = new Map<string, Promise<void>>()
  private readonly deliverers = new Set<Deliverer>()

  /** Starts to deliver for this webhook, unless this process is doing so already. Never throws. */
  start(context: DelivererContext, app_id: string, webhook_id: string): void {
    if (this.underWay.has(webhook_id)) return
    const started = this.deliver(context, app_id, webhook_id)
      .catch(error => context.log.error({ event: 'webhook', webhook: webhook_id, error: String(error) }))
      .finally(() => this.underWay.delete(webhook_id))
    this.underWay.set(webhook_id, started)
  }

  /** Makes running deliveries look for new events, so that one slow delivery does not delay other groups. */
  wake(): void {
    for (const deliverer of this.deliverers) deliverer.wake()
  }

  /** Resolves when all deliveries have ended. They end when their signal is aborted. */
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
