import { Hono } from 'hono'
import { downloadRoutes } from './file/download/download.ts'
import { receiveRoute } from './file/upload/receive.ts'
import { docsPage } from './http/docs.ts'
import { serve } from './http/handler.ts'
import { openApi } from './http/openapi.ts'
import { rateLimiter } from './http/rate-limit.ts'
import { mountRoutes } from './http/routes.ts'
import type { FilePorts, Service } from './http/service.ts'
import { serviceRoutes } from './http/service-routes.ts'
import type { Metrics } from './metrics.ts'
import type { Executor } from './operation/executor.ts'
import { idMaker } from './operation/ids.ts'
import { operations } from './operations.ts'
import type { Clock, Log } from './platform.ts'
import { appRegistry } from './tenant/registry.ts'
import { tokenVerifier } from './tenant/token-verifier.ts'

/** What an entry gives the app: its ports and the few settings that concern HTTP. */
export interface Platform {
  /** The executor of the database that holds this app. */
  readonly executorFor: (app_id: string) => Executor
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** How old what is known of an app may be, milliseconds. */
  readonly appTtl: number
  readonly origins: '*' | readonly string[]
  /** '' where URLs follow the request. */
  readonly publicUrl: string
  readonly version: string
  readonly addressOf: Service['addressOf']
  readonly trustsProxy: boolean
  readonly files: FilePorts
  /** Throws if the database does not answer. */
  readonly ready: () => void | Promise<void>
}

/** The whole service as one Hono app. Pure: it does nothing until it is asked. */
export function createApp(platform: Platform): Hono {
  const { executorFor, clock, log, metrics, origins, addressOf, trustsProxy } = platform
  const service: Service = {
    apps: appRegistry(executorFor, clock, platform.appTtl),
    tokens: tokenVerifier(clock, metrics),
    executorFor,
    clock,
    newId: idMaker(clock),
    log,
    metrics,
    limits: rateLimiter(clock),
    origins,
    addressOf,
    trustsProxy,
    files: platform.files,
    publicUrl: platform.publicUrl,
  }
  const app = new Hono()
  const document = openApi(operations, platform.version, platform.publicUrl)
  const routes = operations.flatMap(operation =>
    [{ path: operation.path, methods: operation.methods }, ...(operation.compat ?? [])].map(
      ({ path, methods }) => ({
        path,
        methods,
        handler: serve(service, operation, path),
      }),
    ),
  )
  const fileRoutes = [receiveRoute(service), ...downloadRoutes(service)]
  mountRoutes(app, service, [
    ...routes,
    ...fileRoutes,
    ...serviceRoutes(service, platform.ready, JSON.stringify(document), docsPage(document)),
  ])
  return app
}
