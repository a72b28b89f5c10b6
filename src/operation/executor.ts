import type { BatchEngine, SerialEngine, Session } from '../db/engine.ts'
import type { Bound } from '../db/query.ts'
import { HttpError, Refusal } from './errors.ts'
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
   * is there. Reads answer at once where the engine allows it. Throws `DatabaseError`, or `HttpError` 503
   * when there is more to write than can be queued.
   */
  run<Out>(task: Task<Out>, call: Call<unknown>, session: Session): Result<Out> | Promise<Result<Out>>
  /** Rows outside of any operation: apps, health, housekeeping. */
  read<Row>(bound: Bound<Row>): Row[] | Promise<Row[]>
  /** Resolves when everything accepted so far is written. */
  drain(): Promise<void>
}

export interface ExecutorMetrics {
  /** A transaction of so many operations took so many milliseconds. */
  committed(operations: number, ms: number): void
  /** What was committed was on disk after so many milliseconds. */
  synced(ms: number): void
  retried(): void
  queued(depth: number): void
}

const nobody: ExecutorMetrics = { committed() {}, synced() {}, retried() {}, queued() {} }
const decode = (bound: Bound, rows: unknown[][]): readonly unknown[] => bound.statement.decode(rows)

interface Waiting {
  readonly task: Task
  readonly call: Call<unknown>
  resolve(result: Result): void
  reject(error: unknown): void
}

/** A result that must not be told before what it rests on is on disk. */
interface Held extends Pick<Waiting, 'resolve' | 'reject'> {
  readonly result: Result
}

/** How many operations one transaction takes at most: keeps the event loop turning under a flood. */
const largestBatch = 512

/**
 * For SQLite in the process. Writes wait until the event loop turns, then all that wait run one after the
 * other in one transaction: nothing can come between an operation's reads and its writes. COMMIT itself does
 * not wait for the disk; all that was committed meanwhile is synced at once, beside the event loop, and only
 * then answered. A read that may have seen what is not on disk yet is held back until it is, too.
 */
export function serialExecutor(
  engine: SerialEngine,
  { queueLimit = 10_000, metrics = nobody }: { queueLimit?: number; metrics?: ExecutorMetrics } = {},
): Executor {
  const queue: Waiting[] = []
  /** What waits for the sync under way; undefined when none is. */
  let held: Held[] | undefined
  let scheduled = false
  let reading = false
  /** From the first transaction on, COMMIT leaves the disk to `sync`. */
  let relaxed = false
  const idle: (() => void)[] = []

  /**
   * All reads of a turn of the event loop share one snapshot: taking and giving back SQLite's read lock are
   * system calls that cost more than a read by key does. Nothing is hidden by it: this process writes between
   * two snapshots, and another one is seen a turn later.
   */
  const beginReading = (): void => {
    if (reading) return
    engine.exec('BEGIN')
    reading = true
    setImmediate(endReading)
  }
  const endReading = (): void => {
    if (!reading) return
    reading = false
    try {
      engine.exec('COMMIT')
    } catch {
      // A read that failed has ended the snapshot already, and was answered with its error.
    }
    wakeIdle()
  }
  const busy = (): boolean => scheduled || reading || held !== undefined
  const wakeIdle = (): void => {
    if (!busy()) for (const wake of idle.splice(0)) wake()
  }
  const waiting = (): number => queue.length + (held?.length ?? 0)

  /**
   * Has what was committed on disk, then answers it. Meanwhile the queue grows: the next commit takes all of
   * it.
   */
  const sync = (committed: Held[]): void => {
    held = committed
    const started = performance.now()
    const end = (answer: (it: Held) => void): void => {
      held = undefined
      metrics.synced(performance.now() - started)
      metrics.queued(waiting())
      if (scheduled) setImmediate(flush)
      committed.forEach(answer)
      wakeIdle()
    }
    engine.sync().then(
      () => end(({ resolve, result }) => resolve(result)),
      error => end(({ reject }) => reject(error)),
    )
  }

  const perform = (task: Task, call: Call<unknown>): Result => {
    const reads = task.reads(call)
    if (reads instanceof Refusal) return reads
    const rows = new Array<readonly unknown[]>(reads.length)
    for (let i = 0; i < reads.length; i++) rows[i] = decode(reads[i] as Bound, engine.all(reads[i] as Bound))
    const result = task.decide(call, rows)
    if (!(result instanceof Refusal) && result.writes !== undefined)
      for (const write of result.writes) engine.all(write)
    return result
  }

  /**
   * Runs them in one transaction and commits it. Throws, with none of them done, if one fails or the commit
   * does.
   */
  const commit = (batch: readonly Waiting[]): Held[] => {
    try {
      engine.exec('BEGIN IMMEDIATE')
    } catch (error) {
      // Somebody else holds the database, or it is gone: the same for all, and waiting again for each would
      // hold up everybody.
      for (const { reject } of batch) reject(error)
      return []
    }
    try {
      const results = batch.map(({ task, call }) => perform(task, call))
      engine.exec('COMMIT')
      return batch.map(({ resolve, reject }, i) => ({ result: results[i] as Result, resolve, reject }))
    } catch (error) {
      try {
        engine.exec('ROLLBACK')
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      throw error
    }
  }

  const flush = (): void => {
    const batch = queue.splice(0, largestBatch)
    const started = performance.now()
    endReading()
    let committed: Held[] = []
    try {
      if (!relaxed) engine.exec('PRAGMA synchronous = NORMAL')
      relaxed = true
      committed = commit(batch)
    } catch {
      // One of them failed and took the others with it: nobody has been answered, so each is run again on its
      // own.
      for (const one of batch) {
        try {
          committed.push(...commit([one]))
        } catch (error) {
          one.reject(error)
        }
      }
    }
    metrics.committed(batch.length, performance.now() - started)
    scheduled = queue.length > 0
    if (committed.length > 0) sync(committed)
    else if (scheduled) setImmediate(flush)
    metrics.queued(waiting())
    wakeIdle()
  }

  return {
    run<Out>(task: Task<Out>, call: Call<unknown>) {
      if (!task.writes) {
        beginReading()
        const result = perform(task, call) as Result<Out>
        const others = held
        if (others === undefined) return result
        return new Promise<Result<Out>>((resolve, reject) => {
          others.push({ result, resolve: resolve as (result: Result) => void, reject })
        })
      }
      if (waiting() >= queueLimit)
        throw new HttpError(503, 'too many changes are waiting: try again', { 'retry-after': '1' })
      return new Promise<Result<Out>>((resolve, reject) => {
        queue.push({ task, call, resolve: resolve as (result: Result) => void, reject })
        if (scheduled) return
        scheduled = true
        if (held === undefined) setImmediate(flush)
      })
    },
    read<Row>(bound: Bound<Row>) {
      beginReading()
      return decode(bound, engine.all(bound)) as Row[]
    },
    drain: () => new Promise(resolve => (busy() ? idle.push(resolve) : resolve())),
  }
}

/** How often a task is decided before its caller is told to come back. */
const attempts = 16

/**
 * How long to wait after a failed attempt, milliseconds: at random, up to a bound that doubles. Simulated
 * with a hundred who change one group at once, all get through, in seven attempts each; with a bound that
 * grows by 20 ms instead, half of them do not.
 */
const pause = (attempt: number): number => Math.random() * Math.min(1000, 20 * 2 ** attempt)

const constraint = /constraint failed/i

/**
 * For a database at a distance, without interactive transactions. Reads go out as one batch and writes as
 * one; if what was decided on changed in between, a constraint refuses the write batch as a whole (see
 * `touch` in group-operation.ts) and the operation is decided again from its reads.
 */
export function optimisticExecutor(
  engine: BatchEngine,
  { metrics = nobody }: { metrics?: ExecutorMetrics } = {},
): Executor {
  const rowsOf = async (reads: readonly Bound[], session: Session, purpose: 'read' | 'write') => {
    if (reads.length === 0) return []
    const found = await engine.batch(reads, session, purpose)
    return reads.map((bound, i) => decode(bound, found[i] ?? []))
  }

  const attempt = async (task: Task, call: Call<unknown>, session: Session): Promise<Result | 'stale'> => {
    const reads = task.reads(call)
    if (reads instanceof Refusal) return reads
    const result = task.decide(call, await rowsOf(reads, session, task.writes ? 'write' : 'read'))
    if (result instanceof Refusal || result.writes === undefined || result.writes.length === 0) return result
    const started = performance.now()
    try {
      await engine.batch(result.writes, session, 'write')
    } catch (error) {
      if (error instanceof Error && constraint.test(error.message)) return 'stale'
      throw error
    }
    metrics.committed(1, performance.now() - started)
    return result
  }

  return {
    async run<Out>(task: Task<Out>, call: Call<unknown>, session: Session) {
      for (let n = 1; ; n++) {
        const result = await attempt(task, call, session)
        if (result !== 'stale') return result as Result<Out>
        metrics.retried()
        if (n === attempts)
          throw new HttpError(503, 'this group is changing too fast: try again', { 'retry-after': '1' })
        await new Promise(resolve => setTimeout(resolve, pause(n)))
      }
    },
    async read<Row>(bound: Bound<Row>) {
      const [rows] = await rowsOf([bound], { bookmark: undefined }, 'read')
      return (rows ?? []) as Row[]
    },
    drain: () => Promise.resolve(),
  }
}
