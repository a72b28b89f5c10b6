import { DatabaseError, type DatabaseTrouble, type SerialEngine } from '../db/engine.ts'
import type { EventLoop, Log } from '../platform.ts'
import { HttpError, OutcomeUnknown } from './errors.ts'
import type { ExecutorMetrics } from './executor.ts'

/**
 * How long a sync may take before the disk counts as failing, milliseconds. It is waited for all the same.
 */
const maxSyncMs = 10_000
/** How long to wait between two attempts to repair the log, milliseconds. */
const repairPauseMs = 1000

/** An answer that waits: it rests on changes that are not on disk yet. */
export interface Held {
  /** The changes are on disk. */
  release(): void
  /** Nobody knows whether the changes are on disk. */
  abandon(unknown: OutcomeUnknown): void
}

/** What the disk does, and who is told. */
export interface DurabilityOptions {
  readonly loop: EventLoop
  readonly metrics: ExecutorMetrics
  readonly log: Log
  /** All committed changes are on disk: the next may be committed. */
  onSound(): void
  /** No change will be on disk for now: those that wait are to be refused. */
  onFailing(): void
}

const sentences: Readonly<Record<DatabaseTrouble, string>> = {
  busy: 'another process holds the database',
  full: 'the disk is full',
  'read-only': 'the disk is read-only',
  disk: 'the disk reports errors',
  other: 'the database does not answer',
}

/** Why nothing can be written, in words that are safe to answer. */
export function troubleOf(error: unknown): string {
  if (error instanceof HttpError) return error.message
  if (!(error instanceof DatabaseError)) return sentences.other
  return /log was deleted/.test(error.message) ? error.message : sentences[error.trouble]
}

/**
 * Sees to it that nothing is answered before it is on disk.
 *
 * Changes are committed without waiting for the disk, then covered by one sync, and answered after it. A sync
 * that fails says nothing about the pages it was asked to write, and the next one does not try them again. So
 * after a failure nothing counts as saved until the whole log was written anew and synced. While that fails
 * too, the disk is failing: answers that wait are abandoned, no change is taken, and the repair is tried
 * again every second.
 */
export class Durability {
  private readonly engine: SerialEngine
  private readonly options: DurabilityOptions
  private readonly listeners = new Set<() => void>()
  /** What waits for the sync or repair under way; undefined when all committed changes are on disk. */
  private held: Held[] | undefined
  /** Why the disk is failing. */
  private failure: unknown
  private stopRetrying: (() => void) | undefined

  constructor(engine: SerialEngine, options: DurabilityOptions) {
    this.engine = engine
    this.options = options
  }

  /** Whether a commit must wait: what was committed before is not on disk yet. */
  get unsettled(): boolean {
    return this.held !== undefined || this.failure !== undefined
  }

  /** Whether answers wait for the disk at this moment. */
  get underWay(): boolean {
    return this.held !== undefined
  }

  get waiting(): number {
    return this.held?.length ?? 0
  }

  /** Why no change can be saved now; undefined if it can. */
  get refusal(): HttpError | undefined {
    if (this.failure === undefined) return undefined
    const message = `nothing can be saved now, and nothing was changed: ${troubleOf(this.failure)}`
    return new HttpError(503, message, { 'retry-after': '5' })
  }

  /** Syncs what was committed, then releases those who wait for it. Only while nothing is unsettled. */
  cover(committed: Held[]): void {
    this.held = committed
    const { loop, metrics } = this.options
    const started = performance.now()
    const late = loop.later(maxSyncMs, () =>
      this.fail(new DatabaseError('disk I/O error: a sync does not end')),
    )
    this.engine
      .sync()
      .catch((error: unknown) => {
        metrics.syncFailed()
        this.options.log.error({ event: 'sync', error: String(error) })
        return this.engine.repair().then(() => this.options.log.warn({ event: 'log repaired' }))
      })
      .then(
        () => {
          late()
          metrics.synced(performance.now() - started)
          this.succeed()
        },
        (error: unknown) => {
          late()
          this.fail(error)
          this.repairLater()
        },
      )
  }

  /**
   * The answer, when all that is committed by now is on disk; undefined if it is already, or never will be.
   */
  hold<T>(answer: T): Promise<T> | undefined {
    const { held } = this
    if (held === undefined) return undefined
    return new Promise(resolve => {
      const tell = () => resolve(answer)
      // While nothing can be saved, readers are told what is there: who changed it has been told to repeat
      // it.
      held.push({ release: tell, abandon: tell })
    })
  }

  /** Resolves when all that is committed by now is on disk; throws 503 if that is not known. */
  async settled(): Promise<void> {
    const { held, refusal } = this
    if (refusal !== undefined) throw refusal
    if (held !== undefined) await new Promise<void>((release, abandon) => held.push({ release, abandon }))
  }

  onDurable(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Ends the attempts to repair. */
  stop(): void {
    this.stopRetrying?.()
    this.stopRetrying = undefined
  }

  private succeed(): void {
    const released = this.held ?? []
    this.held = undefined
    if (this.failure !== undefined) this.options.log.warn({ event: 'disk works again' })
    this.failure = undefined
    this.options.onSound()
    for (const { release } of released) release()
    for (const listener of this.listeners) listener()
  }

  private fail(error: unknown): void {
    const abandoned = this.held ?? []
    this.held = undefined
    if (this.failure === undefined) {
      const line = {
        event: 'disk fails',
        why: troubleOf(error),
        error: String(error),
        unknown: abandoned.length,
      }
      this.options.log.error(line)
    }
    this.failure = error
    for (const { abandon } of abandoned) abandon(new OutcomeUnknown())
    this.options.onFailing()
  }

  private repairLater(): void {
    this.stopRetrying = this.options.loop.later(repairPauseMs, () => {
      this.engine.repair().then(
        () => this.succeed(),
        (error: unknown) => {
          this.failure = error
          this.repairLater()
        },
      )
    })
  }
}
