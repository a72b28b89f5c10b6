import type { Context } from 'hono'
import { itemsIn } from '../operation/cost.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import type { Result } from '../operation/executor.ts'
import { idempotencyKey, isAnswered, runOnce } from '../operation/idempotency.ts'
import type { Caller, Operation, Who } from '../operation/operation.ts'
import type { App } from '../tenant/app.ts'
import { concerns } from '../webhook/before-hook.ts'
import { after } from './after.ts'
import { Exchange } from './exchange.ts'
import { type Body, parse } from './input.ts'
import { type Access, isGuarded, type Route } from './route.ts'
import type { Service } from './service.ts'
import { tellNotOperator, tellRefused } from './tell-refused.ts'
import { checkFields } from './unknown-fields.ts'

/** Marks a replayed answer: it is that of an earlier request with the same key, and nothing happened now. */
const replayed = { 'idempotent-replayed': 'true' }

export type Handler = (context: Context) => Response | Promise<Response>

/** This many items in an input cost as much as one request. */
const chargedItems = 50

/** The app and the caller that the headers name. Some routes also take them from the query. */
function access(exchange: Exchange, inQuery = false): Access | Refusal | Promise<Access | Refusal> {
  const query: Readonly<Record<string, string>> = inQuery ? exchange.query : {}
  const token = exchange.tokenOf(exchange.header('access-token') ?? query['access-token'] ?? null)
  return after(exchange.appOf(token, query.app_id), app => {
    if (app instanceof Refusal) return app
    return after(exchange.callerOf(app, token ?? null), caller =>
      caller instanceof Refusal ? caller : { app, caller, token },
    )
  })
}

/**
 * Why this caller may not call what is for `who`. An administrator who acts as a user has only that user's
 * rights.
 */
function refusalToCall(who: Who, { administrator, user_id, only_group }: Caller): Refusal | undefined {
  if (who === 'user' || (administrator && user_id === null && only_group === null)) return undefined
  return refuse('no_permission', 'this is for administrators of the whole app')
}

/**
 * The handler of an operation at one of its paths. The order of checks is: app, token, acting headers,
 * parameters, and then the operation's own (docs/behaviour.md, section 3). A read whose app and token are
 * cached is answered synchronously.
 */
export function serveOperation(service: Service, operation: Operation, path: string): Handler {
  const { self, who, requires, input: schema } = operation
  const isPrivileged = who !== 'user' || requires === 'admin' || requires === 'owner'

  const run = (
    exchange: Exchange,
    app: App,
    caller: Caller,
    sent: Record<string, unknown>,
  ): Result | Promise<Result> => {
    const refusal = refusalToCall(who, caller)
    if (refusal !== undefined) return refusal
    if (self && caller.user_id === null) {
      return refuse('invalid_parameter', 'this acts on a user: an administrator must send the user_id header')
    }
    const input = parse(schema, sent)
    if (input instanceof Refusal) return input
    const unfit = operation.admit?.(input, service)
    if (unfit !== undefined) return unfit
    exchange.charge(Math.floor(itemsIn(input) / chargedItems))
    const { clock, newId } = service
    const now = clock()
    const executor = service.executorFor(app.app_id)
    const { session } = exchange
    if (!operation.writes) {
      const result = executor.run(operation, { app, caller, input, now, newId }, session)
      return operation.present === undefined ? result : present(exchange, app, now, result)
    }
    const key = idempotencyKey(exchange.header('idempotency-key'))
    if (key instanceof Refusal) return key
    const call = { app, caller, input, now, newId, origin: exchange.origin }
    const name = key === undefined ? undefined : { operation: operation.id, key, hash: service.hash }
    const change = (): Result | Promise<Result> => {
      const result =
        name === undefined
          ? executor.run(operation, call, session)
          : runOnce(executor, operation, call, session, name)
      return operation.present === undefined ? result : present(exchange, app, now, result)
    }
    const ask = async (): Promise<Result> => {
      // A change that was made before is only answered again, so nobody is asked about it again.
      if (name !== undefined && (await isAnswered(executor, call, session, name))) return change()
      return (await service.beforeHooks.ask(operation, call)) ?? change()
    }
    return concerns(app.settings, operation) ? ask() : change()
  }

  const present = async (
    exchange: Exchange,
    app: App,
    now: number,
    pending: Result | Promise<Result>,
  ): Promise<Result> => {
    const result = await pending
    if (result instanceof Refusal || operation.present === undefined) return result
    const { baseUrl } = exchange
    const { files, outbound } = service
    const at = { app, now, baseUrl, blobs: files.blobs, outbound }
    return Object.assign({}, result, { data: await operation.present(result.data, at) })
  }

  /** The result. If a privileged operation is refused for lack of rights, that is recorded first. */
  const told = (
    exchange: Exchange,
    allowed: Access,
    pending: Result | Promise<Result>,
  ): Result | Promise<Result> =>
    isPrivileged
      ? after<Result, Result>(pending, result =>
          result instanceof Refusal ? tellRefused(exchange, allowed, operation.id, result) : result,
        )
      : pending

  const attempt = (exchange: Exchange): Result | Promise<Result> =>
    after(access(exchange), allowed => {
      if (allowed instanceof Refusal) return allowed
      const { app, caller } = allowed
      const query = exchange.queryFor(schema)
      if (query instanceof Refusal) return query
      const { method } = exchange.request
      if (method === 'GET' || method === 'HEAD')
        return told(exchange, allowed, run(exchange, app, caller, query))
      return after<Body, Result>(exchange.body(), body => {
        if (body instanceof Refusal) return body
        const unknown = checkFields(exchange, path, schema, body, app.settings.strict_fields)
        return unknown ?? told(exchange, allowed, run(exchange, app, caller, Object.assign(query, body)))
      })
    })

  const finish = (exchange: Exchange, result: Result): Response =>
    result instanceof Refusal
      ? exchange.refuse(result)
      : exchange.ok(result.data, result.page, result.replayed ? replayed : undefined)

  return context => {
    const exchange = new Exchange(service, context, path, 'envelope')
    // HEAD must not change anything, so writing operations refuse it.
    if (operation.writes && exchange.request.method === 'HEAD') {
      return exchange.methodNotAllowed(operation.methods)
    }
    try {
      const result = attempt(exchange)
      if (!(result instanceof Promise)) return finish(exchange, result)
      return result.then(
        done => finish(exchange, done),
        error => exchange.fail(error),
      )
    } catch (error) {
      return exchange.fail(error)
    }
  }
}

/** The handler of a route. */
export function serveRoute(service: Service, route: Route): Handler {
  const attempt = async (exchange: Exchange): Promise<Response | Refusal> => {
    if (!isGuarded(route)) return route.handle(exchange)
    if (route.who === 'operator') {
      const operator = await exchange.operator()
      return operator instanceof Refusal
        ? tellNotOperator(exchange, route.id, operator)
        : route.handle(exchange, operator)
    }
    const allowed = await access(exchange, route.tokenInQuery)
    if (allowed instanceof Refusal) return allowed
    const refusal = refusalToCall(route.who, allowed.caller)
    if (refusal !== undefined) return tellRefused(exchange, allowed, route.id, refusal)
    return route.handle(exchange, allowed)
  }
  return async context => {
    const exchange = new Exchange(service, context, route.path, 'status')
    try {
      const response = await attempt(exchange)
      return response instanceof Refusal ? exchange.refuse(response) : response
    } catch (error) {
      return exchange.fail(error)
    }
  }
}
