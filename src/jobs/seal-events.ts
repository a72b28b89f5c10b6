import { sealBatch } from '../audit/seal.ts'
import { type Unsealed, unsealedApps } from '../audit/unsealed.ts'
import type { Job } from './job.ts'

/**
 * How long the job pauses after a batch, as a multiple of the time that the batch took. So sealing takes less
 * than a hundredth of the time that writes could have, however many events there are.
 */
const pauseFactor = 149

/** Adds new events to the chain that shows whether one was changed later (docs/audit.md). */
export const sealEvents: Job = {
  name: 'seal-events',
  title: 'add new events to the chain of the audit trail',
  everyMs: 5_000,
  atStop: true,
  async run({ executors, hash, clock, signal, mayGoOn, untilDone, attempt }) {
    let batches = 0
    for (const executor of executors) {
      let waiting = await unsealedApps(executor)
      // One batch for each app in turn, so that an app with very many events does not delay the others.
      while (waiting.length > 0) {
        const unfinished: Unsealed[] = []
        for (const app of waiting) {
          if (!mayGoOn(batches)) return { batches }
          await attempt(`app ${app.app_id}`, async () => {
            const startedAt = performance.now()
            const sealedTo = await sealBatch(executor, app.app_id, { hash, clock })
            batches++
            if (sealedTo < app.head) unfinished.push(app)
            if (!untilDone) await pause(pauseFactor * (performance.now() - startedAt), signal)
          })
        }
        waiting = unfinished
      }
    }
    return { batches }
  },
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
