import type { Executor } from '../../executor.ts'
import { sweepDissolved } from '../../housekeeping.ts'
import type { Log } from '../../platform.ts'

/** How often the service tidies up, milliseconds. */
const interval = 30_000

/** Tidies up in the background until stopped. */
export function startHousekeeping(executor: Executor, log: Log): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve()
  const round = async () => {
    try {
      await sweepDissolved(executor)
    } catch (error) {
      log.error({ event: 'housekeeping', error: String(error) })
    }
  }
  const timer = setInterval(() => {
    running = round()
  }, interval)
  return {
    stop() {
      clearInterval(timer)
      return running
    },
  }
}
