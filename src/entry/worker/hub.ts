import { DurableObject, type HibernatingWebSocket } from 'cloudflare:workers'

declare const WebSocketPair: new () => { readonly 0: HibernatingWebSocket; readonly 1: HibernatingWebSocket }

/**
 * One for each app: tells the Workers that hold its streams that there are events. They keep hibernating
 * WebSockets to it, so it costs nothing while nothing happens. An answer that is streamed from here would keep it
 * awake, which is why the Workers hold those. It carries no events: these are read from the database.
 */
export class Hub extends DurableObject {
  fetch(): Response {
    const pair = new WebSocketPair()
    this.ctx.acceptWebSocket(pair[1])
    // `webSocket` is what a Response has on Workers alone.
    return new Response(null, { status: 101, webSocket: pair[0] } as ResponseInit)
  }

  /** There are events. */
  ring(): void {
    for (const socket of this.ctx.getWebSockets()) socket.send('')
  }

  webSocketClose(socket: HibernatingWebSocket): void {
    socket.close()
  }
}
