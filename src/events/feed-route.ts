import * as z from 'zod'
import type { Exchange } from '../http/exchange.ts'
import type { Route } from '../http/route.ts'
import { Refusal } from '../operation/errors.ts'
import { integer } from '../operation/fields.ts'
import { position } from './cursor.ts'
import type { FeedPage, FeedSource } from './live-feed.ts'
import { isWanted, startOf, type Wanted, wantedParameters } from './wanted.ts'

/** How many pages one request reads at most to find events that its caller wants. */
const maxPagesRead = 10
/** A page ends early if it would become longer than this, characters. */
const maxPageChars = 1_000_000

const query = z.object({
  ...wantedParameters,
  limit: integer(1, 500).default(100),
  wait: integer(0, 25).default(0).describe('seconds to wait for an event where there is none'),
})

/** The answer to a cursor that is void or too old: HTTP 410. */
const reset = (exchange: Exchange, { epoch, earliest, head }: FeedPage): Response =>
  exchange.json(410, {
    code: 'reset',
    data: null,
    message: 'this cursor is void or too old: read the groups anew, then go on from head',
    earliest: position(epoch, earliest),
    head: position(epoch, head),
  })

export const feed: Route = {
  id: 'get__events',
  methods: ['GET'],
  path: '/events',
  title: 'Read what happened',
  description:
    'Events in the order of their commits, at least once, after a cursor. `more`: ask again at once. A cursor that is void (the database was restored) or older than what is kept answers 410 with the code `reset`: read the groups anew, then go on from `head`.',
  tag: 'events',
  who: 'administrator',
  query,
  answers: {
    200: {
      description: 'Events and the cursor to go on from',
      content: {
        'application/json': z.object({
          code: z.literal(200),
          data: z.array(z.looseObject({ cursor: z.string(), seq: z.int(), at: z.int(), kind: z.string() })),
          message: z.null(),
          cursor: z.string(),
          head: z.string(),
          earliest: z.string(),
          more: z.boolean(),
        }),
      },
    },
    410: { description: 'The cursor is void: read the groups anew, then go on from head' },
  },
  async handle(exchange, access) {
    const input = exchange.parameters(query)
    if (input instanceof Refusal) return input
    const source = exchange.service.feeds.open(access.app)
    try {
      return await answer(exchange, source, input)
    } finally {
      source.close()
    }
  },
}

async function answer(
  exchange: Exchange,
  source: FeedSource,
  { after, kinds, group_id, limit, wait }: z.infer<typeof query>,
): Promise<Response> {
  const { stopping } = exchange.service.feeds
  const signal = AbortSignal.any([stopping, exchange.request.signal])
  const wanted: Wanted = { kinds: kinds && new Set(kinds), group_id }
  const deadline = performance.now() + wait * 1000
  let page = await source.read(Number.MAX_SAFE_INTEGER)
  const { epoch } = page
  let seq = startOf(after, page)
  // The texts of the events, put together at once: joining them as a list takes longer.
  let texts = ''
  let found = 0
  for (let pages = 0; seq !== undefined && pages < maxPagesRead; pages++) {
    page = await source.read(seq)
    if (page.epoch !== epoch) return reset(exchange, page)
    for (const shared of page.events) {
      if (found === limit || texts.length > maxPageChars) break
      seq = shared.stored.seq
      if (!isWanted(wanted, shared.stored)) continue
      texts += found === 0 ? shared.json : `,${shared.json}`
      found++
    }
    if (found === limit || texts.length > maxPageChars) break
    if (seq < page.head) continue
    const left = deadline - performance.now()
    if (found > 0 || left <= 0 || signal.aborted) break
    await source.wait(seq, left, signal)
    pages = 0
  }
  if (seq === undefined) return reset(exchange, page)
  const at = (number: number) => JSON.stringify(position(epoch, number))
  return exchange.text(
    `{"code":200,"data":[${texts}],"message":null,"cursor":${at(seq)},"head":${at(Math.max(page.head, seq))},"earliest":${at(page.earliest)},"more":${seq < page.head}}`,
    'application/json',
  )
}
