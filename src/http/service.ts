import type { Converter } from '../file/download/converter.ts'
import type { UploadsOfUser } from '../file/upload/uploads-of-user.ts'
import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { BlobStore, Clock, Log } from '../platform.ts'
import type { AppRegistry } from '../tenant/registry.ts'
import type { TokenVerifier } from '../tenant/token-verifier.ts'
import type { RateLimiter } from './rate-limit.ts'

/** What the file routes work with. */
export interface FilePorts {
  readonly blobs: BlobStore
  /** Template of an image service (see IMAGE_SERVICE_URL), '' without one. */
  readonly imageServiceUrl: string
  readonly convert: Converter
  readonly uploadsOfUser: UploadsOfUser
}

/** The documentation of this service, made when it is first asked for. */
export interface Documentation {
  /** The OpenAPI document as JSON. */
  openApi(): string
  /** The same as a page of HTML. */
  page(): string
}

/** All that the HTTP layer works with: made once by `createService`. */
export interface Service {
  readonly apps: AppRegistry
  readonly tokens: TokenVerifier
  readonly executorFor: (app_id: string) => Executor
  readonly clock: Clock
  readonly newId: () => number
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: RateLimiter
  readonly files: FilePorts
  readonly documentation: Documentation
  /** Throws if the database does not answer. */
  readonly ready: () => void | Promise<void>
  /** '' where URLs follow the request. */
  readonly publicUrl: string
  /** '*' or the list of origins that may call. */
  readonly origins: '*' | readonly string[]
  /** The caller's network address, for limits and loopback; '' if the runtime does not say. */
  readonly addressOf: (context: { readonly env: unknown; readonly req: { readonly raw: Request } }) => string
  /**
   * Whether `addressOf` tells what the proxy in front says; otherwise whoever comes through a proxy has the
   * proxy's address.
   */
  readonly trustsProxy: boolean
}
