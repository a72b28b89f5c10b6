import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { Log } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { type FeedSource, LiveFeed } from './live-feed.ts'

/** How many streams a process holds open at once. */
export const mostStreams = 1000

/** Who reads events in this process: the feeds of its apps, and the streams that are open. */
export interface Feeds {
  /** A source for one reader of this app's events. */
  open(app: App): FeedSource
  /** Counts a stream in; undefined if there are too many. The function counts it out. */
  enter(): (() => void) | undefined
  /** Aborted when the service stops: every reader ends then. */
  readonly stopping: AbortSignal
  stop(): void
}

interface Ports {
  readonly executorFor: (app_id: string) => Executor
  readonly log: Log
  readonly metrics: Metrics
  /** Where readers cannot share: on Workers, what one request opened is of no use to another. */
  readonly sourceFor?: ((app: App, executor: Executor) => FeedSource) | undefined
}

export function eventFeeds({ executorFor, log, metrics, sourceFor }: Ports): Feeds {
  const feeds = new Map<string, { app: App; feed: LiveFeed }>()
  const stopping = new AbortController()
  let streams = 0
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
    enter() {
      if (streams >= mostStreams) return undefined
      streams++
      return () => {
        streams--
      }
    },
    get stopping() {
      // A signal that one request made must not be heard in another's on Workers, where nothing stops anyway.
      return sourceFor === undefined ? stopping.signal : new AbortController().signal
    },
    stop: () => stopping.abort(),
  }
}
