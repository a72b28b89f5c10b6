import type { Feeds } from '../events/feeds.ts'
import type { AddressKeeping } from '../events/kept-address.ts'
import type { RefusedAccess } from '../events/refused.ts'
import type { Converter } from '../file/download/converter.ts'
import type { ObjectReader } from '../file/download/object-reader.ts'
import type { UploadsOfUser } from '../file/upload/uploads-of-user.ts'
import type { Jobs } from '../jobs/runner.ts'
import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { OperatorAccess } from '../operator/access.ts'
import type { BlobStore, Clock, Log, Outbound } from '../platform.ts'
import type { AppRegistry } from '../tenant/registry.ts'
import type { TokenVerifier } from '../tenant/token-verifier.ts'
import type { BeforeHooks } from '../webhook/before-hook.ts'
import type { Outbox } from './outbox.ts'
import type { RateLimiter } from './rate-limit.ts'

/** What the file routes work with. */
export interface FilePorts {
  readonly blobs: BlobStore
  /** Template of an image service (see IMAGE_SERVICE_URL), '' without one. */
  readonly imageServiceUrl: string
  readonly convert: Converter
  /** Reads what is sent. */
  readonly read: ObjectReader
  readonly uploadsOfUser: UploadsOfUser
}

/** The documentation of this service, made when it is first asked for. */
export interface Documentation {
  /** The OpenAPI document as JSON. */
  openApi(): string
  /** The same as a page of HTML. */
  page(): string
}

/** A backup of the database. */
export interface BackupFile {
  readonly name: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly made_at: number
}

/** What only the machine knows that the service runs on. */
export interface Premises {
  /** `node`, `bun`, `deno` or `workers`. */
  readonly runtime: string
  /** Where the bytes are: `folder`, `s3` or `r2`. */
  readonly store: string
  readonly version: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Bytes of the disk that the database is on; undefined where there is none. */
  disk?(): Promise<{ readonly free: number; readonly total: number }>
  /** Undefined where the service makes none: on Workers. */
  readonly backups?: {
    /** Newest first. */
    list(): Promise<readonly BackupFile[]>
    make(): Promise<BackupFile>
  }
}

/** All that the HTTP layer works with: made once by `createService`. */
export interface Service {
  readonly apps: AppRegistry
  readonly tokens: TokenVerifier
  readonly operators: OperatorAccess
  readonly executorFor: (app_id: string) => Executor
  /** The executors of all databases. */
  readonly executors: readonly Executor[]
  readonly clock: Clock
  readonly newId: () => number
  readonly log: Log
  readonly metrics: Metrics
  readonly outbound: Outbound
  readonly beforeHooks: BeforeHooks
  readonly limits: RateLimiter
  readonly outbox: Outbox
  readonly files: FilePorts
  readonly documentation: Documentation
  readonly jobs: Jobs
  readonly premises: Premises
  /** Who reads events. */
  readonly feeds: Feeds
  readonly refusedAccess: RefusedAccess
  /** Throws if the database does not answer. */
  readonly ready: () => void | Promise<void>
  /** '' where URLs follow the request. */
  readonly publicUrl: string
  /** '*' or the list of origins that may call. */
  readonly origins: '*' | readonly string[]
  /** The caller's network address, for limits and loopback; '' if the runtime does not say. */
  readonly addressOf: (context: { readonly env: unknown; readonly req: { readonly raw: Request } }) => string
  /** How much of that address events keep. */
  readonly addressKeeping: AddressKeeping
  /**
   * Whether `addressOf` tells what the proxy in front says; otherwise whoever comes through a proxy has the
   * proxy's address.
   */
  readonly trustsProxy: boolean
}
