import { isBusy, type SerialEngine } from '../db/engine.ts'
import { JsonText } from '../db/json-rows.ts'
import type { Bound } from '../db/query.ts'
import type { EventLoop, Log } from '../platform.ts'
import { itemsIn } from './cost.ts'
import { Durability, type Held } from './durability.ts'
import { HttpError, type OutcomeUnknown, Refusal } from './errors.ts'
import {
  decode,
  type Executor,
  type ExecutorMetrics,
  noMetrics,
  type Result,
  type Task,
  writesOf,
} from './executor.ts'
import { FairQueue, type Turn } from './fair-queue.ts'
import type { Call } from './operation.ts'

interface Waiting {
  readonly turn: Turn
  readonly task: Task
  readonly call: Call<unknown>
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * The most operations in one transaction, and the most ids that they may name together. A single operation
 * may name more. These limits keep the event loop responsive under many requests, and keep the wait for the
 * next transaction short.
 */
const maxBatchOperations = 512
const maxBatchItems = 1000
/** How long a task waits while another process has locked the database, milliseconds. */
const maxBusyMs = 5000
const busyPauseMs = 10

/**
 * What the reads in one turn of the event loop may cost: kilobytes of JSON plus items of the input. When it
 * is spent, further reads wait for the next turn, in which apps and users take turns. Without this limit,
 * sixty lists of a megabyte would make every other caller wait for seconds.
 */
const maxReadCostPerTurn = 256

/** What becomes of the answer of a read: see `Task`. */
interface Kept<T> {
  readonly lasting?: boolean
  unsaved?(answer: T): T
}
/** A read whose answer nobody keeps. */
const passing: Kept<never> = {}

const silent: Log = { info() {}, warn() {}, error() {} }

export interface SerialExecutorOptions {
  readonly loop: EventLoop
  readonly queueLimit?: number
  readonly metrics?: ExecutorMetrics
  readonly log?: Log
  /** false: no events are recorded. For measuring what events cost. */
  readonly recordsEvents?: boolean | undefined
  /** Other processes commit to the database, too: the executor of a command beside the service. */
  readonly shared?: boolean | undefined
}

const turnOf = ({ app, caller }: Call<unknown>): Turn => ({
  app_id: app.app_id,
  user: String(caller.user_id ?? ''),
})

/** The cost of a read. Small reads cost almost nothing. */
const costOf = ({ input }: Call<unknown>, result: Result): number =>
  itemsIn(input) +
  (result instanceof Refusal || !(result.data instanceof JsonText) ? 0 : result.data.text.length / 1024)

/**
 * For SQLite in this process. Writes wait for the next turn of the event loop. Then all waiting writes run
 * one after the other in one transaction, so nothing can happen between an operation's reads and its writes.
 * COMMIT does not wait for the disk. `Durability` syncs the committed changes outside of the event loop, and
 * only then they are answered. A read that may have seen changes that are not on disk yet is held back until
 * they are.
 */
export function serialExecutor(
  engine: SerialEngine,
  {
    loop,
    queueLimit = 10_000,
    metrics = noMetrics,
    log = silent,
    recordsEvents,
    shared,
  }: SerialExecutorOptions,
): Executor {
  /**
   * Waiting writes. Apps and users take turns, so a caller with very many writes does not delay the others.
   */
  const queue = new FairQueue<Waiting>()
  /** Waiting reads, for which this turn had no room. */
  const reads = new FairQueue<() => void>()
  /** What the reads of this turn have cost so far. */
  let spent = 0
  let scheduled = false
  let reading = false
  /**
   * Set by the first transaction. From then on COMMIT leaves the sync to `Durability`, and SQLite does not
   * block the event loop to wait for a lock.
   */
  let prepared = false
  /** When the transaction that waits for another process was first tried. */
  let busySince: number | undefined
  const idle: (() => void)[] = []

  const disk = new Durability(engine, {
    loop,
    metrics,
    log,
    shared,
    onSound() {
      metrics.queued(waiting())
      if (scheduled) loop.turn(flush)
      if (idle.length > 0) loop.turn(wakeIdle)
    },
    onFailing() {
      scheduled = false
      for (const { reject } of queue.clear()) reject(disk.refusal)
      metrics.queued(0)
      wakeIdle()
    },
  })

  /**
   * All reads in one turn of the event loop use one snapshot, because taking and releasing SQLite's read lock
   * are system calls that cost more than a read by key. The snapshot hides no change of this process, because
   * this process writes only between two snapshots. Changes of another process are seen one turn later.
   */
  const beginReading = (): void => {
    if (reading) return
    engine.exec('BEGIN')
    reading = true
    loop.turn(endReading)
  }
  const endReading = (): void => {
    if (!reading) return
    reading = false
    spent = 0
    try {
      engine.exec('COMMIT')
    } catch {
      // A read that failed has already ended the snapshot, and its caller has got the error.
    }
    wakeIdle()
  }
  const busy = (): boolean => scheduled || reading || reads.size > 0 || disk.underWay
  const wakeIdle = (): void => {
    if (!busy()) for (const wake of idle.splice(0)) wake()
  }
  const waiting = (): number => queue.size + disk.waiting

  const perform = (task: Task, call: Call<unknown>): Result => {
    const reads = task.reads(call)
    if (reads instanceof Refusal) return reads
    const rows = new Array<readonly unknown[]>(reads.length)
    for (let i = 0; i < reads.length; i++) rows[i] = decode(reads[i] as Bound, engine.all(reads[i] as Bound))
    const result = task.decide(call, rows)
    for (const write of writesOf(result, call, metrics, recordsEvents)) engine.all(write)
    return result
  }

  /** The next tasks, as many as one transaction may have. */
  const takeBatch = (): Waiting[] => {
    const batch: Waiting[] = []
    for (let items = 0; batch.length < maxBatchOperations && items < maxBatchItems; ) {
      const one = queue.shift()
      if (one === undefined) break
      batch.push(one)
      items += itemsIn(one.call.input)
    }
    return batch
  }

  /**
   * Runs the tasks in one transaction and commits it. If a task or the commit fails, this throws and nothing
   * is changed.
   */
  const commit = (batch: readonly Waiting[]): Held[] => {
    if (!prepared) {
      // A shared database keeps FULL: the other process must not see changes that are not on disk.
      if (shared !== true) engine.exec('PRAGMA synchronous = NORMAL')
      engine.rows('PRAGMA busy_timeout = 0')
      prepared = true
    }
    engine.exec('BEGIN IMMEDIATE')
    try {
      const results = batch.map(({ task, call }) => perform(task, call))
      engine.exec('COMMIT')
      return batch.map(({ resolve, reject }, i) => ({
        release: () => resolve(results[i] as Result),
        abandon: (unknown: OutcomeUnknown) => reject(unknown),
      }))
    } catch (error) {
      try {
        engine.exec('ROLLBACK')
      } catch {
        // SQLite has already rolled back, as it does when the disk is full.
      }
      throw error
    }
  }

  /**
   * Puts tasks back into the queue because another process has locked the database. Refuses them when that
   * takes too long.
   */
  const postpone = (batch: readonly Waiting[], error: unknown): void => {
    busySince ??= performance.now()
    if (performance.now() - busySince > maxBusyMs) for (const { reject } of batch) reject(error)
    else for (const one of [...batch].reverse()) queue.putBack(one.turn, one)
  }

  const flush = (): void => {
    if (disk.unsettled || queue.size === 0) return
    const batch = takeBatch()
    const started = performance.now()
    endReading()
    const committed: Held[] = []
    let locked = false
    try {
      committed.push(...commit(batch))
    } catch (error) {
      if (isBusy(error)) {
        locked = true
        postpone(batch, error)
      } else locked = commitEach(batch, committed)
    }
    if (!locked) busySince = undefined
    if (committed.length > 0) metrics.committed(committed.length, performance.now() - started)
    scheduled = queue.size > 0
    if (committed.length > 0) disk.cover(committed)
    else if (locked && scheduled) loop.later(busyPauseMs, flush)
    else if (scheduled) loop.turn(flush)
    metrics.queued(waiting())
    wakeIdle()
  }

  /**
   * Runs each task of a failed batch again on its own. The failure of one task has rolled all of them back,
   * and none was answered. If another process locks the database meanwhile, all tasks that are left go back
   * together, so that the changes of one user keep their order. Answers whether that happened.
   */
  const commitEach = (batch: readonly Waiting[], committed: Held[]): boolean => {
    for (const [at, one] of batch.entries()) {
      try {
        committed.push(...commit([one]))
      } catch (error) {
        if (isBusy(error)) {
          postpone(batch.slice(at), error)
          return true
        }
        one.reject(error)
      }
    }
    return false
  }

  /**
   * Runs a read, and holds its answer back until the changes that it may have seen are on disk. `lasting` and
   * `unsaved`: see `Task`. Waits while another process recovers the log.
   */
  const readHeld = <T>(read: () => T, kept: Kept<T> = passing, since = performance.now()): T | Promise<T> => {
    try {
      beginReading()
      const answer = read()
      if (kept.lasting === true) return disk.holdStrictly(answer) ?? answer
      return disk.hold(answer, kept.unsaved)
    } catch (error) {
      if (!isBusy(error) || performance.now() - since > maxBusyMs) throw error
      return new Promise((resolve, reject) => {
        loop.later(busyPauseMs, () => {
          try {
            resolve(readHeld(read, kept, since))
          } catch (later) {
            reject(later)
          }
        })
      })
    }
  }

  const readTask = <Out>(task: Task<Out>, call: Call<unknown>): Result<Out> | Promise<Result<Out>> =>
    readHeld(() => {
      const result = perform(task, call) as Result<Out>
      spent += costOf(call, result)
      return result
    }, task)

  const performReads = (): void => {
    endReading()
    while (spent < maxReadCostPerTurn) {
      const next = reads.shift()
      if (next === undefined) return
      next()
    }
    loop.turn(performReads)
  }

  return {
    run<Out>(task: Task<Out>, call: Call<unknown>) {
      if (!task.writes) {
        if (spent < maxReadCostPerTurn && reads.size === 0) return readTask(task, call)
        return new Promise<Result<Out>>((resolve, reject) => {
          if (reads.size === 0) loop.turn(performReads)
          reads.push(turnOf(call), () => {
            try {
              resolve(readTask(task, call))
            } catch (error) {
              reject(error)
            }
          })
        })
      }
      const { refusal } = disk
      if (refusal !== undefined) throw refusal
      if (waiting() >= queueLimit)
        throw new HttpError(503, 'too many changes are waiting: try again', { 'retry-after': '1' })
      return new Promise<Result<Out>>((resolve, reject) => {
        const turn = turnOf(call)
        queue.push(turn, { turn, task, call, resolve: resolve as (result: Result) => void, reject })
        if (scheduled) return
        scheduled = true
        if (!disk.unsettled) loop.turn(flush)
      })
    },
    read: <Row>(bound: Bound<Row>) => readHeld(() => decode(bound, engine.all(bound)) as Row[]),
    durable: () => disk.settled(),
    onDurable: listener => disk.onDurable(listener),
    async forgetDeleted() {
      await disk.settled()
      // Our own snapshot would keep the log from being emptied.
      endReading()
      return engine.forgetDeleted()
    },
    async drain() {
      await new Promise<void>(resolve => (busy() ? idle.push(resolve) : resolve()))
      disk.stop()
    },
  }
}
