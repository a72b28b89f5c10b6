import { sweep, unswept } from './group/sweep.ts'
import type { Executor, Task } from './executor.ts'
import { runTask } from './task.ts'

/** A portion of a dissolved group, as a task of its own: between two portions everybody else gets their turn. */
const sweepPortion = (app_id: string, group_id: number): Task<null> => ({
  writes: true,
  reads: () => [],
  decide: () => ({ data: null, writes: sweep(app_id, group_id) }),
})

/** Removes what dissolved groups left behind, all of it. */
export async function sweepDissolved(executor: Executor): Promise<void> {
  for (;;) {
    const found = await executor.read(unswept({}))
    if (found.length === 0) return
    for (const { app_id, group_id } of found) await runTask(executor, sweepPortion(app_id, group_id), 0)
  }
}
