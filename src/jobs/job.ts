import type { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import type { BlobStore, Clock, Log } from '../platform.ts'
import type { AppRegistry } from '../tenant/registry.ts'

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
}

export interface JobRun extends JobContext {
  /** Aborted when the service stops: a job ends after the item it is at. */
  readonly signal: AbortSignal
  /** Does one item. What it throws is logged and counted, and the job goes on with the next item. */
  attempt(item: string, action: () => Promise<void>): Promise<void>
}

/** What a run did, by name: `{ objects: 3, bytes: 4096 }`. Logged where anything is not 0. */
export type JobReport = Readonly<Record<string, number>>

/** Something that the service does by itself. */
export interface Job {
  readonly name: string
  /** What it does, for `cohort gc`. */
  readonly title: string
  /** How often, milliseconds. On Workers the cron trigger runs it, at most so often. */
  readonly everyMs: number
  run(run: JobRun): Promise<JobReport>
}
