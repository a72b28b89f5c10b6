import type { Context, Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import type { Method, Operation } from '../operation/operation.ts'
import { allowed, corsOrigin, preflight } from './cors.ts'
import { Exchange } from './exchange.ts'
import { baseHeaders, requestIdOf } from './respond.ts'
import type { Route } from './route.ts'
import { type Handler, serveOperation, serveRoute } from './serve.ts'
import { serveOperatorOperation } from './serve-operator.ts'
import type { Service } from './service.ts'

interface Mounted {
  readonly path: string
  readonly methods: readonly Method[]
  readonly handler: Handler
}

/** What a preflight hears of a path that there is not: the request itself then hears 404, and not the browser. */
const anyMethod = allowed(['GET', 'POST', 'PUT', 'DELETE'])

/**
 * Mounts everything that answers HTTP, and for each path a preflight and a 405 for every other method. One handler
 * a route and no middleware: Hono answers a single handler directly and composes several through promises, which
 * is a fifth of the cost of a read. So other methods, of which HTTP has any number, are told in `notFound`.
 */
export function mount(
  app: Hono,
  service: Service,
  operations: readonly Operation[],
  routes: readonly Route[],
): void {
  const methodsOf = new Map<string, string[]>()
  for (const { path, methods, handler } of [
    ...operations.flatMap(operation => pathsOf(service, operation)),
    ...routes.map(route => ({ ...route, handler: serveRoute(service, route) })),
  ]) {
    app.on([...methods], path, handler)
    methodsOf.set(path, [...(methodsOf.get(path) ?? []), ...methods])
  }
  const preflightFor = ({ req }: Context, allow: string): Response => {
    const headers = baseHeaders(requestIdOf(null), corsOrigin(service.origins, req.raw))
    return new Response(null, { status: 204, headers: { ...headers, ...preflight(allow), allow } })
  }
  for (const [path, methods] of methodsOf) {
    app.on('OPTIONS', path, context => preflightFor(context, allowed(methods)))
    // Which of these a path is, the router alone can tell.
    if (path.includes(':'))
      app.all(path, context => new Exchange(service, context, path, 'status').methodNotAllowed(methods))
  }
  app.notFound(context => {
    const { req } = context
    const methods = methodsOf.get(req.path)
    if (methods !== undefined)
      return new Exchange(service, context, req.path, 'status').methodNotAllowed(methods)
    if (req.method === 'OPTIONS' && req.header('access-control-request-method') !== undefined)
      return preflightFor(context, anyMethod)
    return new Exchange(service, context, 'unknown', 'status').reject(
      404,
      'there is no such route: /docs lists them all',
    )
  })
  app.onError((error, context) => new Exchange(service, context, 'unknown', 'status').fail(error))
}

const pathsOf = (service: Service, operation: Operation): Mounted[] =>
  [{ path: operation.path, methods: operation.methods }, ...(operation.compat ?? [])].map(
    ({ path, methods }) => ({
      path,
      methods,
      handler:
        operation.who === 'operator'
          ? serveOperatorOperation(service, operation, path)
          : serveOperation(service, operation, path),
    }),
  )

/** The path of a request; clients that join base URL and path carelessly send `//group/info`. */
export const pathOf = (request: Request): string => getPath(request).replace(/^\/{2,}/, '/')
