import * as z from 'zod'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'

/* Routes that are not part of the API (docs/behaviour.md, section 9). */

const plainText = 'text/plain; charset=utf-8'
const nothing = z.object({})
const ok = z.literal('ok')

export const healthz: Route = {
  id: 'get__healthz',
  methods: ['GET'],
  path: '/healthz',
  title: 'Is the process up?',
  description: '',
  tag: 'service',
  who: 'everybody',
  query: nothing,
  answers: { 200: { description: 'It is', content: { 'text/plain': ok } } },
  handle: exchange => exchange.text('ok', plainText),
}

export const readyz: Route = {
  id: 'get__readyz',
  methods: ['GET'],
  path: '/readyz',
  title: 'Does the database answer?',
  description: '',
  tag: 'service',
  who: 'everybody',
  query: nothing,
  answers: {
    200: { description: 'It does', content: { 'text/plain': ok } },
    503: { description: 'It does not' },
  },
  async handle(exchange) {
    const { ready, log } = exchange.service
    try {
      await ready()
    } catch (error) {
      log.error({ route: '/readyz', error: String(error) })
      const why = error instanceof HttpError ? error.message : 'the database does not answer'
      return exchange.reject(503, why)
    }
    return exchange.text('ok', plainText)
  },
}

export const metrics: Route = {
  id: 'get__metrics',
  methods: ['GET'],
  path: '/metrics',
  title: 'Counters in the text format of Prometheus',
  description: 'For an administrator token, or from loopback.',
  tag: 'service',
  who: 'machine',
  query: nothing,
  answers: {
    200: { description: "Prometheus' text format 0.0.4", content: { 'text/plain': z.string() } },
    403: { description: 'Neither from loopback nor with an administrator token' },
  },
  async handle(exchange) {
    const refusal = isLocal(exchange) ? undefined : await refusalToRead(exchange)
    if (refusal !== undefined) return refuse(refusal.name, refusal.message, 403)
    return exchange.text(exchange.service.metrics.text(), 'text/plain; version=0.0.4; charset=utf-8')
  },
}

export const openApiDocument: Route = {
  id: 'get__openapi_json',
  methods: ['GET'],
  path: '/openapi.json',
  title: 'This document',
  description: '',
  tag: 'service',
  who: 'everybody',
  query: nothing,
  answers: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': z.looseObject({}) } } },
  handle: exchange => exchange.text(exchange.service.documentation.openApi(), 'application/json'),
}

/**
 * The page loads only from this service, and calls only this service: at its own address, and at PUBLIC_URL,
 * which the document names. Scalar writes its style into the page.
 */
const pagePolicy = (publicUrl: string) => ({
  'content-security-policy': [
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:",
    `font-src 'self' data:; connect-src 'self'${publicUrl === '' ? '' : ` ${new URL(publicUrl).origin}`}`,
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
})

export const docs: Route = {
  id: 'get__docs',
  methods: ['GET'],
  path: '/docs',
  title: 'This document as a page with search, examples and a way to try',
  description: '',
  tag: 'service',
  who: 'everybody',
  query: nothing,
  answers: { 200: { description: 'HTML', content: { 'text/html': z.string() } } },
  handle(exchange) {
    const { documentation, publicUrl } = exchange.service
    return exchange.text(documentation.page(), 'text/html; charset=utf-8', pagePolicy(publicUrl))
  },
}

async function refusalToRead(exchange: Exchange): Promise<Refusal | undefined> {
  const token = exchange.tokenOf(exchange.header('access-token'))
  const app = await exchange.appOf(token)
  if (app instanceof Refusal) return app
  const caller = await exchange.callerOf(app, token ?? null)
  if (caller instanceof Refusal) return caller
  const { administrator, user_id, only_group } = caller
  return administrator && user_id === null && only_group === null
    ? undefined
    : refuse('no_permission', 'metrics are for administrators')
}

/** Headers that proxies add to the calls that they pass on. */
const proxyHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']

/**
 * Whether the call was made on this machine. A call that a proxy on this machine passes on also comes from
 * here, although its maker may be elsewhere. So such headers count as not local, unless the proxy is trusted
 * and tells the caller's address.
 */
function isLocal(exchange: Exchange): boolean {
  const known = exchange.service.trustsProxy && exchange.header('x-forwarded-for') !== null
  if (!known && proxyHeaders.some(name => exchange.header(name) !== null)) return false
  return /^(127\.|::1$|::ffff:127\.)/.test(exchange.address)
}

/** Redirects people who open the service in a browser to the documentation. */
export const root: Route = {
  id: 'get__root',
  methods: ['GET'],
  path: '/',
  title: 'Leads to the documentation',
  description: '',
  tag: 'page',
  who: 'everybody',
  query: nothing,
  answers: { 302: { description: 'To /docs' } },
  handle: exchange => exchange.redirect('/docs', {}),
}
