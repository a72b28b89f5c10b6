import { DurableObject, type HibernatingWebSocket } from 'cloudflare:workers'

declare const WebSocketPair: new () => { readonly 0: HibernatingWebSocket; readonly 1: HibernatingWebSocket }

/**
 * Each app has one hub. It tells the Workers with open streams that there are new events. The Workers keep
 * hibernating WebSockets to the hub, so it costs nothing while nothing happens. Streams are answered by the
 * Workers, because a stream from the hub would keep the hub awake. The hub carries no events: the Workers
 * read them from the database. It also has an alarm for the next attempt to deliver to a webhook.
 */
export abstract class EventHub<Bindings> extends DurableObject<Bindings> {
  /** Delivers what webhooks have to hear now, and asks for the next attempt by `retryAt`. */
  protected abstract tellWebhooks(): Promise<void>

  fetch(): Response {
    const pair = new WebSocketPair()
    this.ctx.acceptWebSocket(pair[1])
    // Only the Response of Workers has the field `webSocket`.
    return new Response(null, { status: 101, webSocket: pair[0] } as ResponseInit)
  }

  /** Tells all connected Workers that there are new events. */
  ring(): void {
    for (const socket of this.ctx.getWebSockets()) socket.send('')
  }

  /** Has the webhooks told at this time, milliseconds since 1970, or earlier. */
  async retryAt(at: number): Promise<void> {
    const { storage } = this.ctx
    const next = await storage.getAlarm()
    if (next === null || at < next) await storage.setAlarm(at)
  }

  alarm(): Promise<void> {
    return this.tellWebhooks()
  }

  webSocketClose(socket: HibernatingWebSocket): void {
    socket.close()
  }
}
