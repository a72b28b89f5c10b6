import type { Context } from 'hono'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'
import { answer, answerError, appOf, authenticate, type Exchange, openExchange } from './handler.ts'
import { failure } from './respond.ts'
import type { Route } from './routes.ts'
import type { Service } from './service.ts'

const text = { 'content-type': 'text/plain; charset=utf-8' }
// The page loads nothing and runs nothing: what it is, is in it.
const page = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
}

/** The routes beside the API (docs/behaviour.md, section 9). */
export function serviceRoutes(
  service: Service,
  ready: () => void | Promise<void>,
  openApi: string,
  docs: string,
): Route[] {
  const route = (path: string, respond: (exchange: Exchange) => Response | Promise<Response>): Route => ({
    path,
    methods: ['GET'],
    handler: async (context: Context) => {
      const exchange = openExchange(context, path)
      try {
        return await respond(exchange)
      } catch (error) {
        return answerError(service, exchange, error)
      }
    },
  })
  return [
    route('/healthz', exchange => answer(service, exchange, 200, 'ok', 200, text)),
    route('/readyz', async exchange => {
      try {
        await ready()
      } catch (error) {
        service.log.error({ route: '/readyz', error: String(error) })
        const why = error instanceof HttpError ? error.message : 'the database does not answer'
        return answer(service, exchange, 503, failure(503, why), 503)
      }
      return answer(service, exchange, 200, 'ok', 200, text)
    }),
    route('/metrics', async exchange => {
      const refusal = await mayReadMetrics(service, exchange)
      if (refusal !== undefined)
        return answer(service, exchange, refusal.code, failure(refusal.code, refusal.message), 403)
      return answer(service, exchange, 200, service.metrics.text(), 200, {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      })
    }),
    route('/openapi.json', exchange => answer(service, exchange, 200, openApi)),
    route('/docs', exchange => answer(service, exchange, 200, docs, 200, page)),
  ]
}

async function mayReadMetrics(service: Service, exchange: Exchange): Promise<Refusal | undefined> {
  if (isLocal(service, exchange)) return undefined
  const { headers } = exchange.request
  const app = await appOf(service, exchange, headers.get('app_id'))
  if (app instanceof Refusal) return app
  const caller = await authenticate(service, exchange, app, headers.get('access-token'))
  if (caller instanceof Refusal) return caller
  return caller.administrator ? undefined : refuse('no_permission', 'metrics are for administrators')
}

/** What proxies say of the calls they hand on. */
const handedOn = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']

/**
 * Whether the call was made on this machine. What a proxy on this machine hands on comes from here too,
 * whoever made it.
 */
function isLocal({ addressOf, trustsProxy }: Service, { context, request: { headers } }: Exchange): boolean {
  const known = trustsProxy && headers.has('x-forwarded-for')
  if (!known && handedOn.some(name => headers.has(name))) return false
  return /^(127\.|::1$|::ffff:127\.)/.test(addressOf(context))
}
