import type { Context, Hono } from 'hono'
import { corsOrigin, preflight } from './cors.ts'
import { allowed, answer, answerError, methodNotAllowed, openExchange } from './handler.ts'
import { baseHeaders, failure, requestIdOf } from './respond.ts'
import type { Service } from './service.ts'

export interface Route {
  readonly path: string
  readonly methods: readonly string[]
  readonly handler: (context: Context) => Response | Promise<Response>
}

const allMethods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']

/**
 * Mounts the routes, and for each path a preflight and a 405 for every other method. One handler a route and
 * no middleware: Hono answers a single handler directly and composes several through promises, which is a
 * fifth of the cost of a read.
 */
export function mountRoutes(app: Hono, service: Service, routes: readonly Route[]): void {
  const methodsOf = new Map<string, string[]>()
  for (const { path, methods, handler } of routes) {
    app.on([...methods], path, handler)
    methodsOf.set(path, [...(methodsOf.get(path) ?? []), ...methods])
  }
  for (const [path, methods] of methodsOf) {
    const allow = allowed(methods)
    const others = allMethods.filter(method => !methods.includes(method))
    app.on(others, path, context => methodNotAllowed(service, openExchange(context, path), methods))
    app.on('OPTIONS', path, context => {
      const headers = baseHeaders(requestIdOf(null), corsOrigin(service.origins, context.req.raw))
      return new Response(null, { status: 204, headers: { ...headers, ...preflight(allow), allow } })
    })
  }
  app.notFound(context =>
    answer(service, openExchange(context, 'unknown'), 404, failure(404, 'there is no such route'), 404),
  )
  app.onError((error, context) => answerError(service, openExchange(context, 'unknown'), error))
}
