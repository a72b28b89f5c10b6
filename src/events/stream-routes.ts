import * as z from 'zod'
import type { Exchange } from '../http/exchange.ts'
import type { Access, Route } from '../http/route.ts'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'
import { position, positionIn } from './cursor.ts'
import { mostStreamsOfUser } from './feeds.ts'
import { hintsFor } from './hints.ts'
import type { FeedSource, SharedEvent } from './live-feed.ts'
import { comment, eventStream, frame, retryIn } from './sse.ts'
import { isWanted, startOf, wantedParameters } from './wanted.ts'

/** How long a stream lasts, and how long it may be silent; milliseconds. */
const maxStreamMs = 30 * 60_000
const maxSilenceMs = 20_000
/**
 * How many events a stream reads at once for itself, and from how many characters on it writes them. So a
 * reader that takes nothing has hardly more kept for it than what waits in its stream.
 */
const eventsAtOnce = 25
const charsAtOnce = 65_536
/** How often a stream checks that its token is still valid, milliseconds. */
const recheckMs = 2_000

const query = z.object(wantedParameters)

const streamed = {
  200: { description: 'Server-Sent Events', content: { 'text/event-stream': z.string() } },
  429: { description: 'This user has too many streams open' },
  503: { description: 'Too many streams are open' },
}

export const stream: Route = {
  id: 'get__events_stream',
  methods: ['GET'],
  path: '/events/stream',
  title: 'Follow what happens',
  description:
    'As Server-Sent Events: `id` is the cursor, `event` the kind, `data` the event as /events answers it. A browser sends `Last-Event-ID` by itself when it comes back. The first frame, `hello`, says with `resumed` whether the stream goes on from there; if not, read the groups anew.',
  tag: 'events',
  who: 'administrator',
  tokenInQuery: true,
  query,
  answers: streamed,
  async handle(exchange, access) {
    const input = exchange.parameters(query)
    if (input instanceof Refusal) return input
    const { kinds, group_id } = input
    const wanted = { kinds: kinds && new Set(kinds), group_id }
    // When a browser reconnects, its Last-Event-ID is newer than the `after` in its URL.
    const sent = exchange.header('last-event-id')
    const after = sent !== null && positionIn(sent) !== undefined ? sent : input.after
    return streamOf(exchange, access, async source => {
      const page = await source.read(Number.MAX_SAFE_INTEGER)
      const { epoch } = page
      const start = startOf(after, page)
      const seq = start ?? page.head
      const hello = JSON.stringify({
        head: position(epoch, page.head),
        resumed: after !== undefined && start !== undefined,
        earliest: position(epoch, page.earliest),
      })
      return {
        epoch,
        seq,
        hello: frame(hello, { id: position(epoch, seq), event: 'hello' }),
        tell: shared =>
          isWanted(wanted, shared.stored)
            ? frame(shared.json, { id: position(epoch, shared.stored.seq), event: shared.stored.kind })
            : '',
      }
    })
  },
}

export const mine: Route = {
  id: 'get__events_mine',
  methods: ['GET'],
  path: '/events/mine',
  title: "Hear that the caller's groups changed",
  description:
    'As Server-Sent Events, from now on: `{group_id, version, kind}` of what happens in the groups of the caller, and nothing else. /group/sync says what it was. The stream ends with the token.',
  tag: 'events',
  who: 'user',
  tokenInQuery: true,
  query: z.object({}),
  answers: streamed,
  async handle(exchange, access) {
    const { user_id } = access.caller
    if (user_id === null) return refuse('invalid_parameter', 'an administrator must send the user_id header')
    const { app } = access
    const executor = exchange.service.executorFor(app.app_id)
    return streamOf(exchange, access, async () => {
      const { hints, epoch, head } = await hintsFor(executor, app, user_id)
      return {
        epoch,
        seq: head,
        hello: frame('{}', { event: 'hello' }),
        tell: ({ event }) => {
          const hint = hints(event)
          return hint === undefined ? '' : frame(JSON.stringify(hint))
        },
      }
    })
  },
}

interface Telling {
  readonly epoch: string
  /** The `seq` of the last event that the reader has. */
  readonly seq: number
  readonly hello: string
  /** The frame of an event; '' if the event is not for this reader. */
  tell(shared: SharedEvent): string
}

/** While the disk fails nothing may be told. The stream waits, as if nothing had happened. */
function whileNothingIsSaved(error: unknown): undefined {
  if (!(error instanceof HttpError)) throw error
}

/** A stream for this reader. `begin` tells where it starts and what the reader is told. */
async function streamOf(
  exchange: Exchange,
  access: Access,
  begin: (source: FeedSource) => Promise<Telling>,
): Promise<Response> {
  const { feeds, log, metrics, clock } = exchange.service
  const leave = feeds.enter(access.app, access.caller.user_id)
  if (leave === 'process') return exchange.reject(503, 'too many streams are open', { 'retry-after': '5' })
  if (leave === 'user')
    return exchange.reject(429, `this user has ${mostStreamsOfUser} streams open: end one`, {
      'retry-after': '5',
    })
  const source = feeds.open(access.app)
  const close = () => {
    source.close()
    leave()
  }
  let telling: Telling
  try {
    telling = await begin(source)
  } catch (error) {
    close()
    throw error
  }
  const { epoch, hello, tell } = telling
  const body = eventStream(
    async ({ write, gone }) => {
      try {
        const signal = AbortSignal.any([gone, feeds.stopping])
        const until = performance.now() + maxStreamMs
        let { seq } = telling
        let checkAt = performance.now() + recheckMs
        let spokeAt = performance.now()
        if (!(await write(retryIn(3000) + hello))) return
        for (;;) {
          const page = await source.read(seq, eventsAtOnce).catch(whileNothingIsSaved)
          // The database was turned back. The reader is told so when it reconnects.
          const turnedBack = page !== undefined && page.epoch !== epoch
          if (turnedBack || signal.aborted || performance.now() > until) return
          let frames = ''
          const readAt = performance.now()
          const events = page?.events ?? []
          for (const shared of events) {
            frames += tell(shared)
            ;({ seq } = shared.stored)
            if (frames.length < charsAtOnce) continue
            if (!(await write(frames))) return
            frames = ''
            spokeAt = performance.now()
          }
          const now = performance.now()
          if (frames === '' && now - spokeAt > maxSilenceMs) frames = comment
          const newest = events.at(-1)?.stored.at
          if (newest !== undefined && (frames !== '' || spokeAt > readAt))
            metrics.told(events.length, Math.max(0, clock() - newest))
          if (frames !== '') {
            spokeAt = now
            if (!(await write(frames))) return
          }
          if (now >= checkAt) {
            if (!(await exchange.isStillGood(access))) return
            checkAt = now + recheckMs
          }
          if (page === undefined || seq >= page.head)
            await source.wait(seq, Math.max(0, checkAt - now), signal)
        }
      } finally {
        close()
      }
    },
    error => log.error({ event: 'stream', error: String(error) }),
  )
  // x-accel-buffering tells proxies (nginx) not to hold frames back.
  return exchange.stream(body, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
}
