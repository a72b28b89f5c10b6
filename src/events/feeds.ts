import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { Log } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { type FeedSource, LiveFeed } from './live-feed.ts'

/** How many streams a process may have open at once. */
export const mostStreams = 1000
/**
 * How many of them one user may have open: more than anybody has devices, and too few to leave others none.
 */
export const mostStreamsOfUser = 20

/** The readers of events in this process: the feeds of its apps, and the open streams. */
export interface Feeds {
  /** A source for one reader of this app's events. */
  open(app: App): FeedSource
  /**
   * Counts a new stream, of this user of an app or of its server (null). The function that it answers ends
   * the counting of that stream. Otherwise it answers of whom there are too many.
   */
  enter(app: App, user_id: number | null): (() => void) | 'process' | 'user'
  /** Aborted when the service stops: every reader ends then. */
  readonly stopping: AbortSignal
  stop(): void
}

interface Ports {
  readonly executorFor: (app_id: string) => Executor
  readonly log: Log
  readonly metrics: Metrics
  /** Set where readers cannot share a feed: on Workers, one request cannot use what another has opened. */
  readonly sourceFor?: ((app: App, executor: Executor) => FeedSource) | undefined
}

export function eventFeeds({ executorFor, log, metrics, sourceFor }: Ports): Feeds {
  const feeds = new Map<string, { app: App; feed: LiveFeed }>()
  const stopping = new AbortController()
  let streams = 0
  const ofUsers = new Map<string, number>()
  metrics.figures.push({
    name: 'cohort_event_streams',
    type: 'gauge',
    help: 'Event streams that are open',
    value: () => streams,
  })
  const failed = (error: unknown) => log.error({ event: 'feed', error: String(error) })
  return {
    open(app) {
      const executor = executorFor(app.app_id)
      if (sourceFor !== undefined) return sourceFor(app, executor)
      let known = feeds.get(app.app_id)
      if (known === undefined) {
        known = { app, feed: new LiveFeed(executor, app, failed) }
        feeds.set(app.app_id, known)
      }
      return known.feed.open()
    },
    enter({ app_id }, user_id) {
      const user = `${app_id} ${user_id}`
      const others = ofUsers.get(user) ?? 0
      if (user_id !== null && others >= mostStreamsOfUser) return 'user'
      if (streams >= mostStreams) return 'process'
      streams++
      ofUsers.set(user, others + 1)
      return () => {
        streams--
        const left = (ofUsers.get(user) ?? 0) - 1
        if (left > 0) ofUsers.set(user, left)
        else ofUsers.delete(user)
      }
    },
    get stopping() {
      // On Workers a request must not listen to a signal that another request has made. Nothing stops there
      // anyway.
      return sourceFor === undefined ? stopping.signal : new AbortController().signal
    },
    stop: () => stopping.abort(),
  }
}
