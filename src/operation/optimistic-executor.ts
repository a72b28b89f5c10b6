import { type BatchEngine, DatabaseError, type Session } from '../db/engine.ts'
import type { Bound } from '../db/query.ts'
import { HttpError, OutcomeUnknown, Refusal } from './errors.ts'
import {
  decode,
  type Executor,
  type ExecutorMetrics,
  noMetrics,
  type Result,
  type Task,
  writesOf,
} from './executor.ts'
import type { Call } from './operation.ts'

/** How often a task is decided before the caller gets 503 and has to try again. */
const attempts = 16

/**
 * The pause after a failed attempt, milliseconds: random, up to a limit that doubles each time. In a
 * simulation a hundred callers changed one group at once. All of them succeeded, with seven attempts each.
 * With a limit that grew by 20 ms each time, half of them failed.
 */
const pause = (attempt: number): number => Math.random() * Math.min(1000, 20 * 2 ** attempt)

const constraint = /constraint failed/i
/**
 * SQLite itself refused the batch, so nothing of it was done. After other errors the batch may have been
 * carried out.
 */
const refusedBySqlite = /SQLITE_[A-Z]+/

/**
 * For a remote database without interactive transactions. The reads are one batch, and the writes are one
 * batch. If another call has changed what was read, a constraint refuses the whole batch of writes (see
 * `touch` in group-operation.ts). The operation is then decided again from new reads.
 */
export function optimisticExecutor(
  engine: BatchEngine,
  { metrics = noMetrics }: { metrics?: ExecutorMetrics } = {},
): Executor {
  const listeners = new Set<() => void>()

  const rowsOf = async (reads: readonly Bound[], session: Session, purpose: 'read' | 'write') => {
    if (reads.length === 0) return []
    const found = await engine.batch(reads, session, purpose)
    return reads.map((bound, i) => decode(bound, found[i] ?? []))
  }

  const attempt = async (task: Task, call: Call<unknown>, session: Session): Promise<Result | 'stale'> => {
    const reads = task.reads(call)
    if (reads instanceof Refusal) return reads
    const result = task.decide(call, await rowsOf(reads, session, task.writes ? 'write' : 'read'))
    const writes = writesOf(result, call, metrics)
    if (writes.length === 0) return result
    const started = performance.now()
    try {
      await engine.batch(writes, session, 'write')
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      if (constraint.test(error.message)) return 'stale'
      if (refusedBySqlite.test(error.message)) throw error
      throw new OutcomeUnknown({ cause: error })
    }
    metrics.committed(1, performance.now() - started)
    for (const listener of listeners) listener()
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
    async read<Row>(bound: Bound<Row>, session: Session = { bookmark: undefined }) {
      const [rows] = await rowsOf([bound], session, 'read')
      return (rows ?? []) as Row[]
    },
    // Everything that D1 answers is already durable.
    durable: () => Promise.resolve(),
    onDurable(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    forgetDeleted: () => Promise.resolve(true),
    drain: () => Promise.resolve(),
  }
}
