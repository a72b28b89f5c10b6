import type { Context } from 'hono'
import { DatabaseError, type Session } from '../db/engine.ts'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'
import type { Result } from '../operation/executor.ts'
import type { Caller, Operation } from '../operation/operation.ts'
import { BlobStoreError } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { callerOf, type Identity } from '../tenant/token-verifier.ts'
import { corsOrigin } from './cors.ts'
import { bodyOf, parse } from './input.ts'
import { baseHeaders, failure, requestIdOf, success } from './respond.ts'
import type { Service } from './service.ts'

/** One request under way. Filled in as it is understood, for the answer and the log. */
export interface Exchange {
  readonly context: Context
  readonly request: Request
  readonly requestId: string
  readonly route: string
  readonly started: number
  readonly session: Session
  app_id: string
  user_id: number | null
}

export function openExchange(context: Context, route: string): Exchange {
  const request = context.req.raw
  return {
    context,
    request,
    requestId: requestIdOf(request.headers.get('x-request-id')),
    route,
    started: performance.now(),
    session: { bookmark: request.headers.get('x-cohort-bookmark') ?? undefined },
    app_id: '',
    user_id: null,
  }
}

/** The app that `app_id` names, or 40000. */
export function appOf(
  service: Service,
  exchange: Exchange,
  app_id: string | null,
): App | Refusal | Promise<App | Refusal> {
  if (app_id === null || app_id === '')
    return refuse('app_not_found', 'app_id is missing: send it as a header')
  const known = (app: App | undefined): App | Refusal => {
    if (app === undefined) return refuse('app_not_found')
    exchange.app_id = app.app_id
    return app
  }
  const app = service.apps.get(app_id)
  return app instanceof Promise ? app.then(known) : known(app)
}

/** The caller whom the token and the acting headers name. `files`: where a store_token is good enough. */
export function authenticate(
  service: Service,
  exchange: Exchange,
  app: App,
  token: string | null,
  files = false,
): Caller | Refusal | Promise<Caller | Refusal> {
  const { headers } = exchange.request
  const sent = token ?? /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (sent === undefined || sent === '') return refuse('token_missing')
  const enter = (identity: Identity): Caller | Refusal => {
    if (identity.filesOnly && !files) return refuse('token_invalid', 'this token is good for files only')
    const caller = callerOf(identity, headers.get('user_id'), headers.get('group_id'))
    if (caller instanceof Refusal) return caller
    exchange.user_id = caller.user_id
    service.limits.take(app, identity.user_id)
    return caller
  }
  const known = service.tokens.known(app, sent)
  if (known !== undefined) return enter(known)

  const address = service.addressOf(exchange.context)
  service.limits.checkAddress(address)
  return service.tokens.verify(app, sent).then(identity => {
    if (!(identity instanceof Refusal)) return enter(identity)
    if (identity.name !== 'token_expired') service.limits.countFailure(address)
    return identity
  })
}

/** Writes the answer and its line in the log. `code` is one of ours, or the HTTP status. */
export function answer(
  service: Service,
  exchange: Exchange,
  code: number,
  body: string,
  status = 200,
  more?: Readonly<Record<string, string>>,
): Response {
  close(service, exchange, code, status)
  const headers = baseHeaders(exchange.requestId, corsOrigin(service.origins, exchange.request))
  if (exchange.session.bookmark !== undefined) headers['x-cohort-bookmark'] = exchange.session.bookmark
  if (more !== undefined) Object.assign(headers, more)
  return new Response(body, { status, headers })
}

/** Counts and logs an answer that is written elsewhere. */
export function close(service: Service, exchange: Exchange, code: number, status: number): void {
  const ms = performance.now() - exchange.started
  service.metrics.answered(exchange.route, code, ms)
  service.log.info({
    method: exchange.request.method,
    route: exchange.route,
    status,
    code,
    ms: Math.round(ms * 100) / 100,
    id: exchange.requestId,
    app: exchange.app_id,
    user: exchange.user_id,
  })
}

/** The answer to whatever was thrown: nothing of it but what is meant for a caller gets out. */
export function answerError(service: Service, exchange: Exchange, error: unknown): Response {
  if (error instanceof HttpError)
    return answer(
      service,
      exchange,
      error.status,
      failure(error.status, error.message),
      error.status,
      error.headers,
    )
  const report = {
    id: exchange.requestId,
    route: exchange.route,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
  service.log.error(report)
  if (error instanceof DatabaseError) return answerRefusal(service, exchange, refuse('database_failed'))
  if (error instanceof BlobStoreError)
    return answerRefusal(
      service,
      exchange,
      refuse('storage_failed', 'the object storage does not answer: try again'),
    )
  return answer(
    service,
    exchange,
    500,
    failure(500, `internal error: report request ${exchange.requestId}`),
    500,
  )
}

/** The answer to a method that a path does not have. */
export function methodNotAllowed(service: Service, exchange: Exchange, methods: readonly string[]): Response {
  const { method } = exchange.request
  const allow = allowed(methods)
  return answer(
    service,
    exchange,
    405,
    failure(405, `${method} is not allowed here: use ${methods.join(' or ')}`),
    405,
    { allow },
  )
}

/** The value of an Allow header. */
export const allowed = (methods: readonly string[]): string =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')

/** The answer to a refusal. */
export const answerRefusal = (service: Service, exchange: Exchange, refusal: Refusal): Response =>
  answer(service, exchange, refusal.code, failure(refusal.code, refusal.message))

/** How the client reaches this service. */
export const baseUrlOf = (service: Service, request: Request): string =>
  service.publicUrl || new URL(request.url).origin

/** `then` for what may be there already: what is at hand is answered in the same turn, without a promise. */
function after<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/**
 * The handler of an operation's routes. Order of checks: app, token, acting headers, parameters, then the
 * operation's own (docs/behaviour.md, section 3). A read whose app and token are known runs to its answer
 * synchronously.
 */
export function serve(
  service: Service,
  operation: Operation,
  route: string,
): (context: Context) => Response | Promise<Response> {
  const { self, input: schema } = operation

  const run = (
    exchange: Exchange,
    app: App,
    caller: Caller,
    sent: Record<string, unknown>,
  ): Result | Promise<Result> => {
    if (self && caller.user_id === null)
      return refuse('invalid_parameter', 'this acts on a user: an administrator must send the user_id header')
    const input = parse(schema, sent)
    if (input instanceof Refusal) return input
    const { clock, newId } = service
    const now = clock()
    const result = service
      .executorFor(app.app_id)
      .run(operation, { app, caller, input, now, newId }, exchange.session)
    return operation.present === undefined ? result : present(exchange, app, now, result)
  }

  const present = async (
    exchange: Exchange,
    app: App,
    now: number,
    pending: Result | Promise<Result>,
  ): Promise<Result> => {
    const result = await pending
    if (result instanceof Refusal || operation.present === undefined) return result
    const at = { app, now, baseUrl: baseUrlOf(service, exchange.request), blobs: service.files.blobs }
    return { ...result, data: await operation.present(result.data, at) }
  }

  const finish = (exchange: Exchange, result: Result): Response =>
    result instanceof Refusal
      ? answerRefusal(service, exchange, result)
      : answer(service, exchange, 200, success(result.data, result.page))

  const attempt = (exchange: Exchange): Result | Promise<Result> => {
    const { context, request } = exchange
    const { headers } = request
    return after(appOf(service, exchange, headers.get('app_id')), app => {
      if (app instanceof Refusal) return app
      return after(authenticate(service, exchange, app, headers.get('access-token')), caller => {
        if (caller instanceof Refusal) return caller
        const query: Record<string, unknown> = context.req.query()
        if (request.method === 'GET' || request.method === 'HEAD') return run(exchange, app, caller, query)
        return bodyOf(request).then(body =>
          body instanceof Refusal ? body : run(exchange, app, caller, { ...query, ...body }),
        )
      })
    })
  }

  return context => {
    const exchange = openExchange(context, route)
    // Link previews and prefetchers send HEAD: it must not change anything, nor may it.
    if (operation.writes && exchange.request.method === 'HEAD')
      return methodNotAllowed(service, exchange, operation.methods)
    try {
      const result = attempt(exchange)
      if (!(result instanceof Promise)) return finish(exchange, result)
      return result.then(
        done => finish(exchange, done),
        error => answerError(service, exchange, error),
      )
    } catch (error) {
      return answerError(service, exchange, error)
    }
  }
}
