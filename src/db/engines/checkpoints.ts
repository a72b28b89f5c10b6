import { Worker } from 'node:worker_threads'
import type { SerialEngine } from '../engine.ts'

/**
 * Pages that SQLite's log may hold before a commit copies them itself: when the thread cannot keep up, or is
 * gone. 64 MB.
 */
const mostPages = 16_000

/**
 * Leaves the checkpoints of this database to a thread, which `url` runs: src/entry/checkpoint-worker.ts, or
 * what the build made of it. A checkpoint is safe beside commits, and SQLite goes back to the start of its
 * log at the first commit after all of it was copied.
 */
export function threadedCheckpoints(url: URL, engine: SerialEngine, file: string): { stop(): Promise<void> } {
  engine.exec(`PRAGMA wal_autocheckpoint = ${mostPages}`)
  const thread = new Worker(url)
  // Without it, commits do as they do elsewhere.
  thread.on('error', () => engine.exec('PRAGMA wal_autocheckpoint = 1000'))
  thread.unref()
  thread.postMessage(file)
  return { stop: async () => void (await thread.terminate()) }
}
