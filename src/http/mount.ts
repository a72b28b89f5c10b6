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

/**
 * The answer to a preflight for an unknown path. It allows every method, so that the caller's script sees the
 * 404 of the request itself. Otherwise the browser would refuse the request.
 */
const anyMethod = allowed(['GET', 'POST', 'PUT', 'DELETE'])

/**
 * Mounts all operations and routes. Each path also gets a preflight, and a 405 for every other method. Each
 * route has one handler and no middleware. Hono calls a single handler directly but runs several through
 * promises, which takes a fifth of the cost of a read. HTTP has any number of methods, so 405 is answered in
 * `notFound`.
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
    // Only the router can tell whether a path fits a pattern with parameters. So `notFound` cannot answer
    // these.
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

/**
 * The path of a request without doubled slashes: clients that join base URL and path carelessly send
 * `//group/info`.
 */
export const pathOf = (request: Request): string => getPath(request).replace(/^\/{2,}/, '/')
