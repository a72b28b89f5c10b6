import { Deliverer, type DelivererContext } from './deliverer.ts'

/** The webhooks that this process is delivering for: one slow receiver does not hold up the others. */
export class Deliveries {
  private readonly underWay = new Map<string, Promise<void>>()

  /** Delivers what this webhook has to hear, if that is not under way already. Never throws. */
  start(context: DelivererContext, app_id: string, webhook_id: string): Promise<void> {
    const running = this.underWay.get(webhook_id)
    if (running !== undefined) return running
    const started = Deliverer.run(context, app_id, webhook_id)
      .catch(error => context.log.error({ event: 'webhook', webhook: webhook_id, error: String(error) }))
      .finally(() => this.underWay.delete(webhook_id))
    this.underWay.set(webhook_id, started)
    return started
  }
}
