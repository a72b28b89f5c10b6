import { Worker } from 'node:worker_threads'
import { LogDeleted, type LogFile } from './log-file.ts'

/** What the thread gets at its start: the path of the database, and the shared memory for orders. */
export interface LogThreadData {
  readonly file: string
  readonly shared: SharedArrayBuffer
}

/** The two numbers in the shared memory: how many orders were given, and the latest order. */
export const slot = { count: 0, order: 1 } as const
export const orders = { sync: 1, rewrite: 2 } as const

/** What the thread answers to each order. */
export interface LogThreadAnswer {
  readonly count: number
  readonly deleted?: boolean
  readonly error?: string
}

interface Running {
  readonly thread: Worker
  readonly memory: Int32Array<SharedArrayBuffer>
  count: number
  waiting: { resolve(): void; reject(error: Error): void } | undefined
}

/**
 * The log of the database `file`, synced by a thread of its own. Node's file calls share four threads, so
 * beside sixteen uploads a sync would wait there. This thread sleeps on shared memory and answers with a
 * message. Measured: alone 0.23 ms, the same as in Node's pool; beside sixteen writers of files 2.6 ms
 * instead of 4.7 ms. `url` is src/entry/log-worker.ts, or the file that the build made of it. If the thread
 * has ended, the next order starts it again.
 */
export function logThread(url: URL, file: string): LogFile {
  let running: Running | undefined
  /** Resolves when the latest order was carried out. */
  let last: Promise<unknown> = Promise.resolve()

  const start = (): Running => {
    const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)
    const workerData: LogThreadData = { file, shared }
    const thread = new Worker(url, { workerData })
    const started: Running = { thread, memory: new Int32Array(shared), count: 0, waiting: undefined }
    const lost = (error: Error) => {
      if (running === started) running = undefined
      started.waiting?.reject(error)
      started.waiting = undefined
    }
    thread.on('message', ({ count, deleted, error }: LogThreadAnswer) => {
      if (count !== started.count) return
      const { waiting } = started
      started.waiting = undefined
      thread.unref()
      if (deleted === true) waiting?.reject(new LogDeleted())
      else if (error !== undefined) waiting?.reject(new Error(error))
      else waiting?.resolve()
    })
    thread.on('error', lost)
    thread.on('exit', () => lost(new Error('the thread that syncs the log has ended')))
    thread.unref()
    return started
  }

  const give = (order: number): Promise<void> =>
    new Promise((resolve, reject) => {
      running ??= start()
      running.waiting = { resolve, reject }
      // The process stays alive while an order is carried out. The sleeping thread does not keep it alive.
      running.thread.ref()
      running.count++
      Atomics.store(running.memory, slot.order, order)
      Atomics.store(running.memory, slot.count, running.count)
      Atomics.notify(running.memory, slot.count)
    })

  const giveInTurn = (order: number): Promise<void> => {
    const given = last.then(() => give(order))
    last = given.catch(() => undefined)
    return given
  }

  return {
    sync: () => giveInTurn(orders.sync),
    rewrite: () => giveInTurn(orders.rewrite),
    async close() {
      const ending = running
      running = undefined
      await ending?.thread.terminate()
    },
  }
}
