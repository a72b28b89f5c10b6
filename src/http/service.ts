import type { Context } from 'hono'
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
import type { BlobStore, Clock, LocalFile, Log, Outbound, TextHash } from '../platform.ts'
import type { Scanning } from '../scan/scanning.ts'
import type { AppRegistry } from '../tenant/registry.ts'
import type { TokenVerifier } from '../tenant/token-verifier.ts'
import type { BeforeHooks } from '../webhook/before-hook.ts'
import type { Asset } from './assets.gen.js'
import type { ReceivedBody } from './gathered.ts'
import type { Outbox } from './outbox.ts'
import type { RateLimiter } from './rate-limit.ts'

/** Sends files of this machine's disk. */
export interface FileSender {
  /** Whether it sends small files, too. Otherwise they come from memory. */
  readonly sendsAll: boolean
  /** Answers with the bytes of the file; undefined if it is gone. */
  send(
    context: Context,
    file: LocalFile,
    answer: { readonly status: number; readonly headers: Record<string, string> },
  ): Promise<Response | undefined>
}

/** What the file routes work with. */
export interface FilePorts {
  readonly blobs: BlobStore
  /** Template of an image service (see IMAGE_SERVICE_URL), '' without one. */
  readonly imageServiceUrl: string
  readonly convert: Converter
  /** Reads bytes that are to be sent. */
  readonly read: ObjectReader
  /** Where objects can be files on this machine's disk. */
  readonly sender?: FileSender | undefined
  readonly uploadsOfUser: UploadsOfUser
  /** undefined: there is no virus scanner. */
  readonly scanning: Scanning | undefined
}

/** The documentation of this service. It is made when it is first asked for. */
export interface Documentation {
  /** The OpenAPI document as JSON. */
  openApi(): string
  /** The same document as an HTML page. */
  page(): string
}

/** A backup of the database. */
export interface BackupFile {
  readonly name: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly made_at: number
}

/** What is known only of the machine that the service runs on. */
export interface Premises {
  /** `node`, `bun`, `deno` or `workers`. */
  readonly runtime: string
  /** Where the bytes are: `folder`, `s3` or `r2`. */
  readonly store: string
  readonly version: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Free and total bytes of the database's disk. undefined where there is no disk. */
  disk?(): Promise<{ readonly free: number; readonly total: number }>
  /** The script that draws /docs. undefined where a static asset has its URL: on Workers. */
  reference?(): Promise<Asset>
  /**
   * Up to when the replica of the database and the mirror of the files have everything, milliseconds since
   * 1970. undefined where there is no such copy.
   */
  copies?(): { readonly replica: number | undefined; readonly mirror: number | undefined }
  /** undefined where the service makes no backups: on Workers. */
  readonly backups?: {
    /** Newest first. */
    list(): Promise<readonly BackupFile[]>
    make(): Promise<BackupFile>
  }
}

/** Everything that the HTTP layer works with. `createService` makes it once. */
export interface Service {
  readonly apps: AppRegistry
  readonly tokens: TokenVerifier
  readonly operators: OperatorAccess
  readonly executorFor: (app_id: string) => Executor
  /** The executors of all databases. */
  readonly executors: readonly Executor[]
  readonly clock: Clock
  readonly newId: () => number
  readonly hash: TextHash
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
  /** The readers of events. */
  readonly feeds: Feeds
  readonly refusedAccess: RefusedAccess
  /** Throws if the database does not answer. */
  readonly ready: () => void | Promise<void>
  /** The URL of this service; '' if URLs are made from the request's own URL. */
  readonly publicUrl: string
  /** '*' or the list of origins that may call. */
  readonly origins: '*' | readonly string[]
  /** The caller's network address, for limits and loopback; '' if the runtime does not say. */
  readonly addressOf: (context: { readonly env: unknown; readonly req: { readonly raw: Request } }) => string
  /** The body of a request, where the runtime has it without the costs of `Request`. */
  readonly receivedBody?: ((context: { readonly env: unknown }) => ReceivedBody | undefined) | undefined
  /** How much of that address events keep. */
  readonly addressKeeping: AddressKeeping
  /**
   * Whether `addressOf` uses the address that the proxy in front tells. Otherwise all callers behind a proxy
   * have the proxy's address.
   */
  readonly trustsProxy: boolean
}
