import { sweep, unswept } from '../group/sweep.ts'
import { runTask, task } from '../operation/task.ts'
import type { Job } from './job.ts'

/**
 * Deletes one portion of a dissolved group in a change of its own. Others get their turn between two
 * portions.
 */
const sweepPortion = (app_id: string, group_id: number) =>
  task({ decide: () => ({ data: null, writes: sweep(app_id, group_id) }) })

/** Removes what dissolved groups left behind. */
export const sweepGroups: Job = {
  name: 'sweep-groups',
  title: 'remove what dissolved groups left behind',
  everyMs: 30_000,
  async run({ executors, mayGoOn, attempt }) {
    let portions = 0
    for (const executor of executors) {
      const failed = new Set<number>()
      for (;;) {
        const found = (await executor.read(unswept({}))).filter(group => !failed.has(group.group_id))
        if (found.length === 0) break
        for (const { app_id, group_id } of found) {
          if (!mayGoOn(portions)) return { portions }
          failed.add(group_id)
          await attempt(`group ${group_id}`, async () => {
            await runTask(executor, sweepPortion(app_id, group_id), 0)
            failed.delete(group_id)
            portions++
          })
        }
      }
    }
    return { portions }
  },
}
