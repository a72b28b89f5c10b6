import { Worker } from 'node:worker_threads'
import type { SerialEngine } from '../engine.ts'

/**
 * A commit makes the checkpoint itself when SQLite's log has this many pages (64 MB). That happens only if
 * the thread is too slow or has ended.
 */
const maxPages = 16_000
/**
 * This database with its checkpoints left to Litestream. Litestream copies the log before each checkpoint, so
 * nobody else may start the log again: what was not copied yet would be missing in the replica. Litestream
 * holds a read lock that prevents this, but it has to release that lock around its own checkpoints. So Cohort
 * makes none, unless the log has grown to 64 MB: then Litestream does not run, or it cannot keep up. Nor does
 * it empty the log to forget what was deleted: that would wait for Litestream's read lock for ever.
 */
export function withoutCheckpoints(engine: SerialEngine): SerialEngine {
  engine.exec(`PRAGMA wal_autocheckpoint = ${maxPages}`)
  return { ...engine, forgetDeleted: () => engine.forgetDeleted({ keepLog: true }) }
}

/** The same limit while there is no thread: SQLite's default (4 MB). */
const maxPagesAlone = 1000
/** The pause between the end of the thread and its next start, milliseconds. */
const restartPauseMs = 1000

/** Gets the failures of the checkpoints. */
export interface CheckpointWatch {
  /** The thread ended with this error. It will be started again. */
  failed(error: Error): void
}

/**
 * Makes the checkpoints of this database on a thread. `url` is the program of the thread:
 * src/entry/checkpoint-worker.ts, or the file that the build made of it. Checkpoints beside commits are safe.
 * SQLite starts again at the beginning of its log with the first commit after all of the log was copied.
 *
 * A thread that fails is started again. Before that, the log is written again, because a checkpoint syncs the
 * log before it copies from it. If that sync failed, a power cut would lose pages of the log.
 */
export function threadedCheckpoints(
  url: URL,
  engine: SerialEngine,
  file: string,
  watch: CheckpointWatch,
): { stop(): Promise<void> } {
  let thread: Worker | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const start = (): void => {
    engine.exec(`PRAGMA wal_autocheckpoint = ${maxPages}`)
    thread = new Worker(url)
    thread.on('error', failed)
    thread.unref()
    thread.postMessage(file)
  }
  const failed = (error: Error): void => {
    thread = undefined
    if (stopped) return
    watch.failed(error)
    // Until the thread runs again, commits make the checkpoints.
    engine.exec(`PRAGMA wal_autocheckpoint = ${maxPagesAlone}`)
    restartLater()
  }
  const restartLater = (): void => {
    timer = setTimeout(restart, restartPauseMs)
    timer.unref()
  }
  const restart = async (): Promise<void> => {
    try {
      await engine.repair()
      if (!stopped) start()
    } catch {
      if (!stopped) restartLater()
    }
  }

  start()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await thread?.terminate()
    },
  }
}
