/**
 * The thread that syncs SQLite's log. It sleeps until an order arrives in the shared memory. It then carries
 * the order out with synchronous file calls, and answers with a message.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { LogDeleted, OpenLog } from '../db/engines/log-file.ts'
import { type LogThreadAnswer, type LogThreadData, orders, slot } from '../db/engines/log-thread.ts'

const { file, shared }: LogThreadData = workerData
const memory = new Int32Array(shared)
const log = new OpenLog(file)

function carryOut(count: number, order: number): LogThreadAnswer {
  try {
    if (order === orders.rewrite) log.rewrite()
    else log.sync()
    return { count }
  } catch (error) {
    return {
      count,
      deleted: error instanceof LogDeleted,
      error: error instanceof Error ? error.message : String(error),
    }
  }
}

for (let done = 0; ; ) {
  Atomics.wait(memory, slot.count, done)
  const count = Atomics.load(memory, slot.count)
  if (count === done) continue
  done = count
  parentPort?.postMessage(carryOut(count, Atomics.load(memory, slot.order)))
}
