import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { BlobStore, Clock, Log, Outbound, TextHash } from '../platform.ts'
import type { Scanning } from '../scan/scanning.ts'
import type { AppRegistry } from '../tenant/registry.ts'
import type { Deliveries } from '../webhook/deliveries.ts'

/** What a job works with. */
export interface JobContext {
  /** The executors of all databases. */
  readonly executors: readonly Executor[]
  /** The executor of the database that holds this app. */
  readonly executorFor: (app_id: string) => Executor
  readonly apps: AppRegistry
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly newId: () => number
  readonly log: Log
  readonly metrics: Metrics
  readonly hash: TextHash
  readonly outbound: Outbound
  /** undefined: there is no virus scanner. */
  readonly scanning: Scanning | undefined
  /** The webhooks that this process is delivering for. */
  readonly deliveries: Deliveries
}

export interface JobRun extends JobContext {
  /** Aborted when the service stops. A job then ends after its current item. */
  readonly signal: AbortSignal
  /** How many items a job whose work has no natural end may handle in this run. */
  readonly most: number
  /**
   * Whether a job that works in portions, of at most 16 statements each, may begin another one after so many.
   * It is false when the service stops, and when a run of a cron trigger has done its share. That job then
   * goes on in the next minute.
   */
  mayGoOn(portions: number): boolean
  /** Whether the run must not end before everything that it began has ended. A cron trigger needs that. */
  readonly untilDone: boolean
  /** Runs `action` for one item. An error is logged and counted, and the job goes on with the next item. */
  attempt(item: string, action: () => Promise<void>): Promise<void>
}

/** What a run did, by name: `{ objects: 3, bytes: 4096 }`. It is logged if any number is not 0. */
export type JobReport = Readonly<Record<string, number>>

/** Something that the service does by itself. */
export interface Job {
  readonly name: string
  /** What it does, for `cohort gc`. */
  readonly title: string
  /** How often it runs, milliseconds. On Workers the cron trigger runs it, and never more often than that. */
  readonly everyMs: number
  /** Whether it also runs soon after changes are on disk. */
  readonly afterChanges?: boolean
  /** Whether it also runs when the service stops. */
  readonly atStop?: boolean
  run(run: JobRun): Promise<JobReport>
  /** What a run without bounds would do now, in the same words. Changes nothing. */
  preview?(run: JobRun): Promise<JobReport>
}
