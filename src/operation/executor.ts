import type { Session } from '../db/engine.ts'
import type { Bound } from '../db/query.ts'
import { record } from '../events/record.ts'
import { Refusal } from './errors.ts'
import type { Call, Outcome } from './operation.ts'

/** What an executor runs: an operation, or anything of the same form that is not part of the API. */
export interface Task<Out = unknown> {
  readonly writes: boolean
  reads(call: Call<unknown>): readonly Bound[] | Refusal
  decide(call: Call<unknown>, rows: readonly (readonly unknown[])[]): Outcome<Out> | Refusal
}

export type Result<Out = unknown> = Outcome<Out> | Refusal

export interface Executor {
  /**
   * Runs a task: its reads, its decision, and its writes as one atomic change that is on disk when the result
   * is there. Reads answer at once where the engine allows it. Throws `DatabaseError` if the task was not
   * carried out, `OutcomeUnknown` (503) if it may have been, and `HttpError` 503 while nothing can be
   * written.
   */
  run<Out>(task: Task<Out>, call: Call<unknown>, session: Session): Result<Out> | Promise<Result<Out>>
  /**
   * Rows outside of any operation: of apps, of files, for jobs. Held like the reads of an operation: what
   * they may rest on is on disk when they are there, unless the disk refuses all writes (see `durable`). On a
   * replicated database they are at least as fresh as what the session has seen.
   */
  read<Row>(bound: Bound<Row>, session?: Session): Row[] | Promise<Row[]>
  /**
   * Resolves when all that was read or committed so far is on disk. Throws 503 if it cannot be brought there.
   * Wait for it before you act on what was read outside of the database, as by deleting bytes.
   */
  durable(): Promise<void>
  /**
   * Calls the listener whenever changes have become durable: what it reads then was written and synced.
   * Answers a function that ends this.
   */
  onDurable(listener: () => void): () => void
  /** Resolves when everything accepted so far is written or refused. */
  drain(): Promise<void>
}

export interface ExecutorMetrics {
  /** A transaction of so many operations took so many milliseconds. */
  committed(operations: number, ms: number): void
  /** What was committed was on disk after so many milliseconds. */
  synced(ms: number): void
  /** A sync failed or did not end. */
  syncFailed(): void
  retried(): void
  queued(depth: number): void
  /** So many events were written with a change. */
  recorded(events: number): void
}

/** For executors that nobody looks at. */
export const noMetrics: ExecutorMetrics = {
  committed() {},
  synced() {},
  syncFailed() {},
  retried() {},
  queued() {},
  recorded() {},
}

/** Rows as objects, from rows as the engine answers them. */
export const decode = (bound: Bound, rows: unknown[][]): readonly unknown[] => bound.statement.decode(rows)

/** All that a result writes: its rows, and the record of what happened. */
export function writesOf(
  result: Result,
  call: Call<unknown>,
  metrics: ExecutorMetrics,
  recordsEvents = true,
): readonly Bound[] {
  if (result instanceof Refusal) return []
  const { writes = [], events = [] } = result
  if (events.length === 0 || !recordsEvents) return writes
  const recorded = record(call, events)
  metrics.recorded(recorded.length)
  return [...writes, ...recorded]
}
