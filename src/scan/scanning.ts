import { limiter } from '../media/limiter.ts'
import type { Metrics } from '../metrics.ts'
import {
  type BlobStore,
  BlobStoreError,
  type Clock,
  type Log,
  ScanError,
  type ScannedFile,
  type Scanner,
} from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { scanUrl } from './scan-url.ts'

/** How many files are looked at at the same time, and how many wait for it. */
const atOnce = 4
const waiting = 100

/** The file to look at, as it is in the store. */
export interface StoredFile {
  readonly object_name: string
  readonly size: number
  readonly content_type: string
  readonly etag: string
}

/**
 * What came out. `unscanned`: the scanner failed, and files are refused then. `tooLarge`: it will never look
 * at this one. Where files are allowed when the scanner fails, they are `clean`.
 */
export type ScanResult =
  | { readonly is: 'clean' }
  | { readonly is: 'found'; readonly name: string }
  | { readonly is: 'unscanned'; readonly tooLarge: boolean }

interface Ports {
  readonly scanner: Scanner
  /** What becomes of files that the scanner could not look at: SCAN_ON_FAILURE. */
  readonly onFailure: 'allow' | 'refuse'
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'add'>
  /** The URL of this service, for scanners that fetch the file. */
  readonly baseUrl: string
  /** Set on Workers: a request there cannot wait for what another request began. */
  readonly withoutLine?: true | undefined
}

/** Has files looked at by the virus scanner: each once at a time, and few at the same time. */
export class Scanning {
  private readonly ports: Ports
  private readonly line = limiter(atOnce, waiting, () => new ScanError('too many files wait for it'))
  private readonly underWay = new Map<string, Promise<ScanResult>>()
  private isDown = false

  constructor(ports: Ports) {
    this.ports = ports
  }

  /** Everybody who asks for the same bytes waits for the same scan. Never throws. */
  look(app: App, file: StoredFile): Promise<ScanResult> {
    if (this.ports.withoutLine) return this.ask(app, file).catch((error: unknown) => this.failed(file, error))
    const key = `${file.object_name} ${file.etag}`
    const known = this.underWay.get(key)
    if (known !== undefined) return known
    const result = this.line(() => this.ask(app, file))
      .catch((error: unknown) => this.failed(file, error))
      .finally(() => this.underWay.delete(key))
    this.underWay.set(key, result)
    return result
  }

  private async ask(app: App, file: StoredFile): Promise<ScanResult> {
    const { scanner, blobs, clock, log, metrics, baseUrl } = this.ports
    const { object_name, size, content_type, etag } = file
    const scanned: ScannedFile = {
      app_id: app.app_id,
      object_name,
      size,
      content_type,
      open: () => blobs.get(object_name, undefined, etag),
      url: () => scanUrl(app, baseUrl, file, clock()),
    }
    const startedAt = performance.now()
    const name = await scanner.scan(scanned)
    metrics.add('cohort_scans_total')
    metrics.add('cohort_scan_seconds_total', (performance.now() - startedAt) / 1000)
    if (this.isDown) log.warn({ event: 'scan', state: 'the virus scanner answers again' })
    this.isDown = false
    if (name === undefined) return { is: 'clean' }
    metrics.add('cohort_scans_found_total')
    log.warn({ event: 'scan', object: object_name, found: name })
    return { is: 'found', name }
  }

  private failed({ object_name }: StoredFile, error: unknown): ScanResult {
    const { onFailure, log, metrics } = this.ports
    const tooLarge = error instanceof ScanError && error.tooLarge
    metrics.add('cohort_scan_failures_total')
    log.error({ event: 'scan', object: object_name, error: String(error), files: onFailure })
    if (error instanceof ScanError && !tooLarge) this.isDown = true
    // The store has failed and not the scanner: nothing is known of the file.
    if (error instanceof BlobStoreError) return { is: 'unscanned', tooLarge: false }
    return onFailure === 'allow' ? { is: 'clean' } : { is: 'unscanned', tooLarge }
  }

  /** Throws `ScanError` if the scanner does not answer. */
  probe(): Promise<void> {
    return this.ports.scanner.probe()
  }
}
