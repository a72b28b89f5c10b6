import { DurableObject, type HibernatingWebSocket } from 'cloudflare:workers'

declare const WebSocketPair: new () => { readonly 0: HibernatingWebSocket; readonly 1: HibernatingWebSocket }

/**
 * Each app has one Hub, which tells the Workers with open streams that there are new events. The Workers keep
 * hibernating WebSockets to the Hub, so it costs nothing while nothing happens. Streams are answered by the
 * Workers, because a stream from the Hub would keep the Hub awake. The Hub carries no events: the Workers
 * read them from the database.
 */
export class Hub extends DurableObject {
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

  webSocketClose(socket: HibernatingWebSocket): void {
    socket.close()
  }
}
