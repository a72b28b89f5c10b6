import { type HibernatingWebSocket, waitUntil } from 'cloudflare:workers'
import { directSource, type FeedSource } from '../../events/live-feed.ts'
import { Refusal } from '../../operation/errors.ts'
import type { Executor } from '../../operation/executor.ts'
import type { App } from '../../tenant/app.ts'

/** The binding HUB: a namespace of Durable Objects. */
export interface HubsLike {
  idFromName(name: string): unknown
  get(id: unknown): {
    fetch(
      url: string,
      init: RequestInit,
    ): Promise<Response & { readonly webSocket?: HibernatingWebSocket | null }>
    ring(): Promise<void>
    retryAt(at: number): Promise<void>
  }
}

/**
 * How often a reader looks for events on its own, milliseconds: without a hub, and with one in case its
 * signal is lost.
 */
const lookMs = 1000
const lookBesideHubMs = 10_000

/** An executor that calls `tell` after every change that recorded events, with the app of the events. */
export const telling = (executor: Executor, tell: (app_id: string) => Promise<void>): Executor => ({
  ...executor,
  async run(task, call, session) {
    const result = await executor.run(task, call, session)
    if (
      !(result instanceof Refusal) &&
      result.events !== undefined &&
      result.events.length > 0 &&
      !result.replayed
    ) {
      // If it fails, readers find the events on their own, and the cron trigger tells webhooks.
      waitUntil(tell(result.events[0]?.app_id ?? call.app.app_id).catch(() => {}))
    }
    return result
  },
})

/** The source of events for a request. The app's hub wakes it. Without a hub it looks every second. */
export function sourceOn(hubs: HubsLike | undefined, app: App, executor: Executor): FeedSource {
  let rung = false
  let wake: () => void = () => {}
  const socket =
    hubs &&
    connected(hubs, app.app_id, () => {
      rung = true
      wake()
    })
  const maxWaitMs = hubs === undefined ? lookMs : lookBesideHubMs
  const source = directSource(
    executor,
    app,
    (_, ms, signal) => {
      if (rung || signal.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, Math.min(ms, maxWaitMs))
        wake = done
        signal.addEventListener('abort', done)
      })
    },
    () => void socket?.then(open => open?.close()),
  )
  return {
    ...source,
    async read(seq) {
      // A signal that arrives from here on may be about events that this read does not see.
      await socket
      rung = false
      return source.read(seq)
    },
  }
}

/** A connection to the app's hub; undefined if the hub cannot be reached. */
async function connected(
  hubs: HubsLike,
  app_id: string,
  ring: () => void,
): Promise<HibernatingWebSocket | undefined> {
  try {
    const { webSocket } = await hubs
      .get(hubs.idFromName(app_id))
      .fetch('https://hub/', { headers: { upgrade: 'websocket' } })
    if (!webSocket) return undefined
    webSocket.accept()
    webSocket.addEventListener('message', ring)
    return webSocket
  } catch {
    return undefined
  }
}
