import type { Hono } from 'hono'
import type { Method, Operation } from '../operation/operation.ts'
import { corsOrigin, preflight } from './cors.ts'
import { allowed, Exchange } from './exchange.ts'
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

const allMethods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']

/**
 * Mounts everything that answers HTTP, and for each path a preflight and a 405 for every other method. One handler
 * a route and no middleware: Hono answers a single handler directly and composes several through promises, which
 * is a fifth of the cost of a read.
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
  for (const [path, methods] of methodsOf) {
    const allow = allowed(methods)
    const others = allMethods.filter(method => !methods.includes(method))
    app.on(others, path, context => new Exchange(service, context, path, 'status').methodNotAllowed(methods))
    app.on('OPTIONS', path, context => {
      const headers = baseHeaders(requestIdOf(null), corsOrigin(service.origins, context.req.raw))
      return new Response(null, { status: 204, headers: { ...headers, ...preflight(allow), allow } })
    })
  }
  app.notFound(context =>
    new Exchange(service, context, 'unknown', 'status').reject(
      404,
      'there is no such route: /docs lists them all',
    ),
  )
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
