import { Hono } from 'hono'
import type { Config } from './config.ts'
import { DatabaseError } from './db/engine.ts'
import { eventFeeds } from './events/feeds.ts'
import type { FeedSource } from './events/live-feed.ts'
import { RefusedAccess } from './events/refused.ts'
import { converter } from './file/download/converter.ts'
import type { Converters } from './file/download/derive.ts'
import { objectReader } from './file/download/object-reader.ts'
import { uploadsOfUser } from './file/upload/uploads-of-user.ts'
import { consoleRoutes } from './http/asset-routes.ts'
import { openApi } from './http/documentation/document.ts'
import { docsPage } from './http/documentation/page.ts'
import { mount, pathOf } from './http/mount.ts'
import { outbox, type TextPorts, unbounded } from './http/outbox.ts'
import { rateLimiter } from './http/rate-limit.ts'
import type { Route } from './http/route.ts'
import type { Documentation, Service } from './http/service.ts'
import { type Jobs, jobRunner } from './jobs/runner.ts'
import type { Metrics } from './metrics.ts'
import type { Executor } from './operation/executor.ts'
import { highestId, highestIds } from './operation/highest-id.ts'
import { idMaker } from './operation/ids.ts'
import { operations } from './operations.ts'
import { operatorAccess } from './operator/access.ts'
import type { Clock, Log, Outbound, Scanner, TextHash } from './platform.ts'
import { routes } from './routes.ts'
import { Scanning } from './scan/scanning.ts'
import type { App } from './tenant/app.ts'
import { appRegistry } from './tenant/registry.ts'
import { tokenVerifier } from './tenant/token-verifier.ts'
import { BeforeHooks } from './webhook/before-hook.ts'
import { Deliveries } from './webhook/deliveries.ts'

/** What an entry gives the service: its ports and the settings that concern it. */
export interface Platform {
  readonly config: Pick<
    Config,
    'AUDIT_IP' | 'CONSOLE' | 'CORS_ORIGINS' | 'PUBLIC_URL' | 'IMAGE_SERVICE_URL' | 'OPERATOR_SECRET'
  >
  /** The executor of the database that holds this app. */
  readonly executorFor: (app_id: string) => Executor
  /** The executors of all databases. */
  readonly executors: readonly Executor[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** How old what is known of an app may be, milliseconds. */
  readonly appTtlMs: number
  readonly version: string
  readonly addressOf: Service['addressOf']
  readonly receivedBody?: Service['receivedBody']
  /** Whether `addressOf` tells what the proxy in front says. */
  readonly trustsProxy: boolean
  readonly files: Converters & Pick<Service['files'], 'sender'>
  /**
   * Whether the runtime may end a request anywhere, as Workers do: what it holds would never be given back,
   * so nothing is counted for it.
   */
  readonly endsRequests?: boolean
  readonly outbound: Outbound
  readonly texts?: TextPorts | undefined
  readonly hash: TextHash
  /** The virus scanner, and what becomes of files while it fails. undefined: there is none. */
  readonly scanner?: { readonly scanner: Scanner; readonly onFailure: 'allow' | 'refuse' } | undefined
  /** Throws if the database does not answer. */
  readonly ready: Service['ready']
  readonly premises: Omit<Service['premises'], 'version'>
  /** How a request reads events, where requests of one process cannot share what they opened. */
  readonly eventSourceFor?: ((app: App, executor: Executor) => FeedSource) | undefined
}

/** A service that is put together: it answers `app.fetch`, and does by itself what `jobs` lists. */
export interface RunningService {
  readonly app: Hono
  readonly jobs: Jobs
  /**
   * Reads what the service must know of its databases before the first request: the highest ids. With it, the
   * app that will be asked for first. Throws `DatabaseError`.
   */
  prepare(first_app_id?: string): Promise<void>
  /** Ends all who wait for events, so that a stop does not wait for them. */
  endStreams(): void
}

/** Puts the service together from its ports. It does nothing until `prepare` was called and it is asked. */
export function createService(platform: Platform): RunningService {
  const {
    config,
    executorFor,
    executors,
    clock,
    log,
    metrics,
    files,
    outbound,
    endsRequests = false,
  } = platform
  const { blobs } = files
  const apps = appRegistry(executorFor, clock, platform.appTtlMs)
  const ids = idMaker(clock)
  const newId = ids.next
  const publicUrl = config.PUBLIC_URL ?? ''
  const deliveries = new Deliveries()
  const scanning =
    platform.scanner &&
    new Scanning({
      ...platform.scanner,
      blobs,
      clock,
      log,
      metrics,
      baseUrl: publicUrl,
      withoutLine: files.withoutLine,
    })
  const jobs = jobRunner({
    executors,
    executorFor,
    apps,
    blobs,
    clock,
    newId,
    log,
    metrics,
    outbound,
    hash: platform.hash,
    scanning,
    deliveries,
  })
  const feeds = eventFeeds({ executorFor, log, metrics, sourceFor: platform.eventSourceFor })
  const served = config.CONSOLE === 'on' ? routes : routes.filter(route => !consoleRoutes.includes(route))
  const service: Service = {
    apps,
    tokens: tokenVerifier(clock, metrics),
    operators: operatorAccess({
      secret: config.OPERATOR_SECRET,
      executor: () => executorFor(''),
      clock,
      ttlMs: platform.appTtlMs,
    }),
    executorFor,
    executors,
    clock,
    newId,
    hash: platform.hash,
    log,
    metrics,
    outbound,
    beforeHooks: new BeforeHooks({ outbound, clock, log }),
    limits: rateLimiter(clock),
    outbox: endsRequests ? unbounded : outbox(platform.texts),
    files: {
      blobs,
      imageServiceUrl: config.IMAGE_SERVICE_URL ?? '',
      convert: converter(files, metrics),
      read: objectReader(files, files.sender),
      sender: files.sender,
      uploadsOfUser: uploadsOfUser(),
      scanning,
    },
    documentation: documentation(served, platform.version, publicUrl),
    jobs,
    premises: { ...platform.premises, version: platform.version },
    feeds,
    refusedAccess: new RefusedAccess(),
    ready: platform.ready,
    publicUrl,
    origins: config.CORS_ORIGINS,
    addressOf: platform.addressOf,
    receivedBody: platform.receivedBody,
    addressKeeping: config.AUDIT_IP,
    trustsProxy: platform.trustsProxy,
  }
  const app = new Hono({ getPath: pathOf })
  mount(app, service, operations, served)
  return {
    app,
    jobs,
    endStreams: feeds.stop,
    async prepare(first_app_id) {
      const goOn = async (executor: Executor) => {
        try {
          ids.goOnAbove(highestId(await executor.read(highestIds({}))))
        } catch (error) {
          // A damaged page must not keep the rest from being served: ids go by the clock then.
          if (!(error instanceof DatabaseError)) throw error
          log.error({ event: 'ids', error: String(error) })
        }
      }
      await Promise.all([
        ...executors.map(goOn),
        first_app_id === undefined ? undefined : apps.get(first_app_id),
      ])
    },
  }
}

/** Made when it is asked for: a cold start does not wait for it. */
function documentation(served: readonly Route[], version: string, publicUrl: string): Documentation {
  let document: Record<string, unknown> | undefined
  let json: string | undefined
  let page: string | undefined
  const made = () => {
    document ??= openApi(operations, served, version, publicUrl)
    return document
  }
  return {
    openApi() {
      json ??= JSON.stringify(made())
      return json
    },
    page() {
      page ??= docsPage(made())
      return page
    },
  }
}
