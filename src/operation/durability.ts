import { DatabaseError, type DatabaseTrouble, type SerialEngine } from '../db/engine.ts'
import type { EventLoop, Log } from '../platform.ts'
import { HttpError, OutcomeUnknown } from './errors.ts'
import type { ExecutorMetrics } from './executor.ts'

/**
 * A sync that takes longer than this counts as a failing disk, milliseconds. The service still waits for it
 * to end.
 */
const maxSyncMs = 10_000
/** The pause between two attempts to repair the log, milliseconds. */
const repairPauseMs = 1000

/** An answer that waits: it may depend on changes that are not on disk yet. */
export interface Held {
  /** Called when the changes are on disk. */
  release(): void
  /** Called when nobody knows whether the changes are on disk. */
  abandon(unknown: OutcomeUnknown): void
}

/** What `Durability` needs, and the callbacks that it calls. */
export interface DurabilityOptions {
  readonly loop: EventLoop
  readonly metrics: ExecutorMetrics
  readonly log: Log
  /**
   * Other processes commit to the database, too. Their changes may not be on disk yet, and a sync of theirs
   * may have failed.
   */
  readonly shared?: boolean | undefined
  /** Called when all committed changes are on disk. The next ones may be committed. */
  onSound(): void
  /** Called when no change can be saved for now. Waiting changes must be refused. */
  onFailing(): void
}

const same = <T>(answer: T): T => answer

const sentences: Readonly<Record<DatabaseTrouble, string>> = {
  busy: 'another process holds the database',
  full: 'the disk is full',
  'read-only': 'the disk is read-only',
  disk: 'the disk reports errors',
  other: 'the database does not answer',
}

/** Why nothing can be written, in words that are safe to show to a caller. */
export function troubleOf(error: unknown): string {
  if (error instanceof HttpError) return error.message
  if (!(error instanceof DatabaseError)) return sentences.other
  return /log was deleted/.test(error.message) ? error.message : sentences[error.trouble]
}

/**
 * Holds back every answer until the changes that it depends on are on disk.
 *
 * COMMIT does not wait for the disk. One sync then covers all committed changes, and after it they are
 * answered. A sync that fails does not say which pages are on disk, and the next sync does not try the lost
 * ones again. So after a failure nothing counts as saved until the whole log was written again and synced. If
 * that fails too, the disk is failing: waiting answers are abandoned, changes are refused, and the repair is
 * tried again every second.
 */
export class Durability {
  private readonly engine: SerialEngine
  private readonly options: DurabilityOptions
  private readonly listeners = new Set<() => void>()
  /** Answers that wait for the sync or repair under way; undefined if none is under way. */
  private held: Held[] | undefined
  /** Why the disk is failing; undefined if it is not. */
  private failure: unknown
  private stopRetrying: (() => void) | undefined
  /** Whether a sync that succeeds proves that all of the log is on disk: no earlier one has failed. */
  private sound: boolean

  constructor(engine: SerialEngine, options: DurabilityOptions) {
    this.engine = engine
    this.options = options
    this.sound = options.shared !== true
  }

  /** Whether the next commit must wait, because earlier changes are not on disk yet. */
  get unsettled(): boolean {
    return this.held !== undefined || this.failure !== undefined
  }

  /** Whether answers are waiting for the disk now. */
  get underWay(): boolean {
    return this.held !== undefined
  }

  get waiting(): number {
    return this.held?.length ?? 0
  }

  /** Why no change can be saved now; undefined if changes can be saved. */
  get refusal(): HttpError | undefined {
    if (this.failure === undefined) return undefined
    const message = `nothing can be saved now, and nothing was changed: ${troubleOf(this.failure)}`
    return new HttpError(503, message, { 'retry-after': '5' })
  }

  /** Syncs the committed changes, then releases their answers. Call it only while `unsettled` is false. */
  cover(committed: Held[]): void {
    this.held = committed
    const { loop, metrics } = this.options
    const started = performance.now()
    const late = loop.later(maxSyncMs, () =>
      this.fail(new DatabaseError('disk I/O error: a sync does not end')),
    )
    this.sync().then(
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
   * Holds an answer back until all changes committed so far are on disk. If they cannot be saved, readers get
   * what `unsaved` makes of it: whoever made the changes was told to repeat them. Answers without a promise
   * if there is nothing to wait for: the changes are on disk already, or the disk is failing.
   */
  hold<T>(answer: T, unsaved: (answer: T) => T = same): T | Promise<T> {
    const { held } = this
    if (held === undefined) return this.failure === undefined ? answer : unsaved(answer)
    return new Promise(resolve =>
      held.push({ release: () => resolve(answer), abandon: () => resolve(unsaved(answer)) }),
    )
  }

  /**
   * As `hold`, for an answer that must never be made of changes that may be lost. Throws 503 if that cannot
   * be known.
   */
  holdStrictly<T>(answer: T): Promise<T> | undefined {
    const { refusal } = this
    if (refusal !== undefined) throw refusal
    if (this.options.shared === true && this.held === undefined) this.cover([])
    const { held } = this
    return held && new Promise((resolve, abandon) => held.push({ release: () => resolve(answer), abandon }))
  }

  /** Resolves when all changes committed so far are on disk. Throws 503 if that cannot be known. */
  async settled(): Promise<void> {
    await this.holdStrictly(undefined)
  }

  onDurable(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Stops the attempts to repair the log. */
  stop(): void {
    this.stopRetrying?.()
    this.stopRetrying = undefined
  }

  /** Has everything that was committed on disk when it resolves. */
  private async sync(): Promise<void> {
    if (!this.sound) return this.engine.repair()
    try {
      await this.engine.sync()
    } catch (error) {
      this.sound = false
      this.options.metrics.syncFailed()
      this.options.log.error({ event: 'sync', error: String(error) })
      await this.engine.repair()
      this.options.log.warn({ event: 'log repaired' })
    }
  }

  private succeed(): void {
    this.sound = true
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
