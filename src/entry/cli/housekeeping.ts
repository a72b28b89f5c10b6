import { housekeeping } from '../../jobs/housekeeping.ts'
import type { Executor } from '../../operation/executor.ts'
import type { BlobStore, Log } from '../../platform.ts'

/** How often the service tidies up, milliseconds. */
const interval = 30_000

/** Tidies up in the background until stopped. */
export function startHousekeeping(executor: Executor, blobs: BlobStore, log: Log): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve()
  const round = async () => {
    try {
      const { objects, bytes } = await housekeeping(executor, blobs, Date.now)
      if (objects > 0) log.info({ event: 'collected', objects, bytes })
    } catch (error) {
      log.error({ event: 'housekeeping', error: String(error) })
    }
  }
  const timer = setInterval(() => {
    running = running.then(round)
  }, interval)
  return {
    stop() {
      clearInterval(timer)
      return running
    },
  }
}
