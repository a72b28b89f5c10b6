import * as z from 'zod'
import type { Exchange } from '../http/exchange.ts'
import { enveloped, type Route } from '../http/route.ts'
import { sessionCookie } from '../http/session-cookie.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'
import { noApp, task } from '../operation/task.ts'
import {
  allSessions,
  endAllSessions,
  endSession,
  type OpenedSession,
  openSession,
  sessionHours,
  signedIn,
} from './sessions.ts'

/* How the operator opens a session of the console, and how sessions end. */

const none = z.object({})
const session = z.object({
  session_id: z.int().nullable().describe('null: by a token, not by a session'),
  expires_at: z.int().describe('milliseconds'),
})

/** `Secure`: a browser takes the cookie only over https, or on the machine itself. */
const cookie = (value: string, maxAgeSeconds: number): Record<string, string> => ({
  'set-cookie': `${sessionCookie}=${value}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=${maxAgeSeconds}`,
})

const opening = z.object({
  link: z
    .string({ error: 'must be what follows # in the link of cohort console' })
    .min(1)
    .max(4096)
    .describe('what follows `#` in the link that `cohort console` prints, or an operator token with a `jti`'),
})

/**
 * Opens a session by a link from the database, or by an operator's token. Each link and each token works
 * once.
 */
async function open(exchange: Exchange, link: string): Promise<OpenedSession | Refusal> {
  const { operators } = exchange.service
  const browser = exchange.header('user-agent') ?? ''
  const run = exchange.runnerFor(noApp)
  if (!link.includes('.')) return run(openSession({ link, browser }))
  const operator = await operators.byToken(link)
  if (operator instanceof Refusal) return operator
  if (operator.tokenId === '') return refuse('token_invalid', 'the token needs a jti: it opens one session')
  return run(openSession({ link: `jti ${operator.tokenId}`, expiresAt: operator.expiresAt, browser }))
}

/** Sessions are in the first database. Where there are others, their apps are told of the session, too. */
async function tellOtherDatabases({ service, origin }: Exchange): Promise<void> {
  const { executors, executorFor, clock, newId } = service
  const caller = { administrator: true, user_id: null, only_group: null } as const
  const call = { app: noApp, caller, input: {}, now: clock(), newId, origin }
  const told = task({ decide: () => ({ data: null, events: [signedIn] }) })
  for (const executor of executors)
    if (executor !== executorFor('')) await executor.run(told, call, { bookmark: undefined })
}

export const openSessionRoute: Route = {
  id: 'post__operator_session',
  methods: ['POST'],
  path: '/operator/session',
  title: 'Open a session of the console',
  description: `Works once for a link or token, and sets a cookie for ${sessionHours} hours. Calls by the cookie carry the header \`x-cohort-session: 1\` beside it.`,
  tag: 'operator',
  who: 'everybody',
  query: none,
  takes: { POST: { 'application/json': opening } },
  answers: {
    200: {
      description: 'The session is open',
      content: { 'application/json': enveloped(session.omit({ session_id: true })) },
    },
    401: { description: '10008: the link was used, has expired, or never was' },
    429: { description: 'Too many wrong links from this address' },
  },
  async handle(exchange) {
    const { limits } = exchange.service
    const input = await exchange.input(opening)
    if (input instanceof Refusal) return input
    const opened = await open(exchange, input.link)
    if (opened instanceof Refusal) {
      limits.countWrongToken(exchange.address)
      return opened
    }
    await tellOtherDatabases(exchange)
    exchange.service.log.info({ event: 'console', opened: true, id: exchange.requestId })
    return exchange.ok(
      { expires_at: opened.expires_at },
      undefined,
      cookie(opened.session, sessionHours * 3600),
    )
  },
}

export const currentSession: Route = {
  id: 'get__operator_session',
  methods: ['GET'],
  path: '/operator/session',
  title: 'Get the session of the caller',
  description: '',
  tag: 'operator',
  who: 'operator',
  query: none,
  answers: {
    200: { description: 'It is open', content: { 'application/json': enveloped(session) } },
    401: { description: 'There is none, or none any more' },
  },
  handle: (exchange, { session_id, expiresAt }) => exchange.ok({ session_id, expires_at: expiresAt }),
}

export const listSessions: Route = {
  id: 'get__operator_sessions',
  methods: ['GET'],
  path: '/operator/sessions',
  title: 'List the open sessions of the console',
  description: 'Newest first.',
  tag: 'operator',
  who: 'operator',
  query: none,
  answers: {
    200: {
      description: 'The sessions',
      content: {
        'application/json': enveloped(
          z.array(
            z.object({
              session_id: z.int(),
              started_at: z.int().describe('milliseconds'),
              expires_at: z.int().describe('milliseconds'),
              browser: z.string().describe('as it names itself'),
            }),
          ),
        ),
      },
    },
  },
  async handle(exchange) {
    const { executorFor, clock } = exchange.service
    return exchange.ok(await executorFor('').read(allSessions({ now: clock() })))
  },
}

const ending = z.object({
  session_id: id.optional().describe('which; default: that of the caller'),
  all: z.boolean().default(false).describe('every session, and every link that was not used yet'),
})

export const endSessionRoute: Route = {
  id: 'post__operator_session_end',
  methods: ['POST'],
  path: '/operator/session/end',
  title: 'End a session of the console',
  description: 'A running service sees it within a second (five on Workers).',
  tag: 'operator',
  who: 'operator',
  query: none,
  takes: { POST: { 'application/json': ending } },
  answers: {
    200: { description: 'It has ended', content: { 'application/json': enveloped(z.literal(true)) } },
    400: { description: '10002: there is nothing to end' },
  },
  async handle(exchange, operator) {
    const input = await exchange.input(ending)
    if (input instanceof Refusal) return input
    const session_id = input.session_id ?? operator.session_id
    if (!input.all && session_id === null)
      return refuse('invalid_parameter', 'session_id is missing: a token has no session of its own')
    const own = input.all || session_id === operator.session_id
    const run = exchange.runnerFor(noApp)
    const ended = await run(input.all || session_id === null ? endAllSessions() : endSession(session_id))
    if (ended instanceof Refusal) return ended
    return exchange.ok(true, undefined, own ? cookie('', 0) : {})
  },
}
