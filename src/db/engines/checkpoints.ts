import { Worker } from 'node:worker_threads'
import type { SerialEngine } from '../engine.ts'

/**
 * Pages that SQLite's log may hold before a commit copies them itself: when the thread cannot keep up, or is
 * gone. 64 MB.
 */
const maxPages = 16_000
/** The same while there is no thread: as SQLite does by itself. 4 MB. */
const maxPagesAlone = 1000
/** How long after its end the thread is started again, milliseconds. */
const restartPauseMs = 1000

/** Who is told about checkpoints. */
export interface CheckpointWatch {
  /** The thread ended with this error and will be started again. */
  failed(error: Error): void
}

/**
 * Leaves the checkpoints of this database to a thread, which `url` runs: src/entry/checkpoint-worker.ts, or
 * what the build made of it. A checkpoint is safe beside commits, and SQLite goes back to the start of its
 * log at the first commit after all of it was copied.
 *
 * A thread that fails is started again. First the log is written anew: a checkpoint syncs the log before it
 * copies from it, and a sync that failed leaves pages behind that a power cut would lose.
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
    // Meanwhile commits do as they do elsewhere.
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
