import { toldHead, untoldHeads } from '../audit/heads.ts'
import { runTask, task } from '../operation/task.ts'
import type { Job } from './job.ts'

const dayMs = 24 * 60 * 60 * 1000

/**
 * Writes the newest batch of every app's audit chain to the log, once a day. Who keeps the log elsewhere can
 * tell by it that the whole chain was made anew (docs/audit.md).
 */
export const tellHeads: Job = {
  name: 'tell-heads',
  title: 'write the heads of the audit chains to the log, once a day',
  everyMs: 60 * 60 * 1000,
  async run({ executors, clock, log, mayGoOn, attempt }) {
    const now = clock()
    let heads = 0
    for (const executor of executors) {
      for (const { app_id, number, hash } of await executor.read(untoldHeads({ before: now - dayMs }))) {
        if (!mayGoOn(heads)) return { heads }
        await attempt(`app ${app_id}`, async () => {
          // A head that a power cut takes back would look like a chain that was made anew.
          await executor.durable()
          log.info({ event: 'audit-head', app: app_id, head: `${number}:${hash}` })
          await runTask(
            executor,
            task({ decide: () => ({ data: null, writes: [toldHead({ app_id, now })] }) }),
            now,
          )
          heads++
        })
      }
    }
    return { heads }
  },
}
