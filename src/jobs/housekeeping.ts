import { objectState } from '../file/objects.ts'
import { confirm } from '../file/upload/confirm.ts'
import { sweep, unswept } from '../group/sweep.ts'
import { Refusal } from '../operation/errors.ts'
import type { Executor, Task } from '../operation/executor.ts'
import { idMaker } from '../operation/ids.ts'
import { runnerFor } from '../operation/run-task.ts'
import { runTask } from '../operation/task.ts'
import type { BlobStore, Clock } from '../platform.ts'
import { appRegistry } from '../tenant/registry.ts'
import { type Collected, collect } from './collect.ts'

/**
 * A portion of a dissolved group, as a task of its own: between two portions everybody else gets their turn.
 */
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

/**
 * Everything that is done without being asked for: sweeps dissolved groups, tidies the store, deletes bytes
 * that nobody can reach. Answers what the last freed.
 */
export async function housekeeping(executor: Executor, blobs: BlobStore, clock: Clock): Promise<Collected> {
  await sweepDissolved(executor)
  await blobs.tidy?.(clock())
  const apps = appRegistry(() => executor, clock, 1000)
  const runs = { executorFor: () => executor, clock, newId: idMaker(clock) }
  return collect(executor, blobs, clock(), async object => {
    const app = await apps.get(object.app_id)
    if (app === undefined) return false
    const confirmed = await confirm(blobs, app, runnerFor(runs, { bookmark: undefined }, app), object)
    return !(confirmed instanceof Refusal) && confirmed.state === objectState.stored
  })
}
