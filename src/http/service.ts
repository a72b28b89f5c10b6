import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { BlobStore, Clock, Images, Log, Videos, Voice } from '../platform.ts'
import type { AppRegistry } from '../tenant/registry.ts'
import type { TokenVerifier } from '../tenant/token-verifier.ts'
import type { RateLimiter } from './rate-limit.ts'

/** What the file routes need of the platform. */
export interface FilePorts {
  readonly blobs: BlobStore
  readonly images: Images
  readonly videos: Videos
  readonly voice: Voice
  /** Template of an image service (see IMAGE_SERVICE_URL), '' without one. */
  readonly imageServiceUrl: string
}

/** All that the HTTP layer works with: made once by `createApp`. */
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
