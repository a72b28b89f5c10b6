import type { Session } from '../db/engine.ts'
import type { Bound } from '../db/query.ts'
import { record } from '../events/record.ts'
import { Refusal } from './errors.ts'
import type { Call, Outcome } from './operation.ts'

/** What an executor runs: an operation, or a change of the same form that is not part of the API. */
export interface Task<Out = unknown> {
  readonly writes: boolean
  /**
   * Of a task that reads: readers go on from its answer later, such as from a cursor. So it is never made of
   * changes that may be lost. While the disk fails, the task is refused with 503, and other reads go on.
   */
  readonly lasting?: boolean
  /**
   * Of a task that reads, and whose answer is kept or compared for a while: what it answers while the disk
   * fails, when the rows may show changes that will be lost. Default: the same.
   */
  unsaved?(result: Result<Out>): Result<Out>
  reads(call: Call<unknown>): readonly Bound[] | Refusal
  decide(call: Call<unknown>, rows: readonly (readonly unknown[])[]): Outcome<Out> | Refusal
}

export type Result<Out = unknown> = Outcome<Out> | Refusal

export interface Executor {
  /**
   * Runs a task: its reads, its decision, and its writes as one atomic change. The change is on disk when the
   * promise resolves. Reads answer without a promise where the engine allows it. Throws `DatabaseError` if
   * the task was not carried out, `OutcomeUnknown` (503) if it may have been carried out, and `HttpError` 503
   * while nothing can be written.
   */
  run<Out>(task: Task<Out>, call: Call<unknown>, session: Session): Result<Out> | Promise<Result<Out>>
  /**
   * Reads rows outside of any operation, for jobs or to look up apps and files. As with operations, the rows
   * are answered when the changes that they may show are on disk, unless the disk refuses all writes (see
   * `durable`). On a replicated database the rows are at least as new as what the session has seen.
   */
  read<Row>(bound: Bound<Row>, session?: Session): Row[] | Promise<Row[]>
  /**
   * Resolves when everything read or committed so far is on disk. Throws 503 if it cannot be saved. Wait for
   * this before you act on rows outside of the database, such as deleting bytes.
   */
  durable(): Promise<void>
  /**
   * Calls the listener whenever changes have become durable. Everything that the listener reads then is on
   * disk. Answers a function that removes the listener.
   */
  onDurable(listener: () => void): () => void
  /**
   * Overwrites what was deleted, where the database still holds it in unused parts of its file or of its log.
   * Answers false if somebody is reading just now: call it again later. A hosted database looks after that
   * itself.
   */
  forgetDeleted(): Promise<boolean>
  /** Resolves when every accepted change has been written or refused. */
  drain(): Promise<void>
}

export interface ExecutorMetrics {
  /** A transaction with this many operations took `ms` milliseconds. */
  committed(operations: number, ms: number): void
  /** The committed changes were on disk after `ms` milliseconds. */
  synced(ms: number): void
  /** A sync failed or took too long. */
  syncFailed(): void
  retried(): void
  queued(depth: number): void
  /** This many events were written with a change. */
  recorded(events: number): void
}

/** For executors whose figures nobody reads. */
export const noMetrics: ExecutorMetrics = {
  committed() {},
  synced() {},
  syncFailed() {},
  retried() {},
  queued() {},
  recorded() {},
}

/** Turns rows as the engine answers them into objects. */
export const decode = (bound: Bound, rows: unknown[][]): readonly unknown[] => bound.statement.decode(rows)

/** Everything that a result writes: its rows and its events. */
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
