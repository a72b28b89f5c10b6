import type { Executor } from '../operation/executor.ts'
import { runTask, task } from '../operation/task.ts'
import { type Erasure, finishErasure, nextErasure, saveStep } from '../user/ledger.ts'
import { type Erasing, eraseOn } from '../user/steps.ts'
import { forgetObject } from './forget-object.ts'
import type { Job, JobRun } from './job.ts'

/**
 * Erases users for whom an administrator asked it. What a process leaves undone, the next one goes on with.
 */
export const eraseUsers: Job = {
  name: 'erase-users',
  title: 'go on with erasing users',
  everyMs: 1000,
  async run(run) {
    let users = 0
    for (const executor of run.executors) {
      for (let after = { app_id: '', user_id: 0 }; !run.signal.aborted; ) {
        const [erasure] = await executor.read(nextErasure(after))
        if (erasure === undefined) break
        after = { app_id: erasure.app_id, user_id: erasure.user_id }
        // No id of the user: logs may be kept for longer than the user is.
        await run.attempt(`an erasure in the app ${erasure.app_id}`, async () => {
          if (await erase(run, executor, erasure)) users++
        })
      }
    }
    return { users }
  },
}

/**
 * How often the log is tried to be emptied, once a second. If somebody reads all that time, the erasure ends
 * without: the log is then overwritten in time.
 */
const mostTries = 5
/** Erasures that wait for this, and how often they have tried. */
const waiting = new Map<string, number>()

/**
 * A portion of a step has at most so many times the statements of a portion of other jobs (see `mayGoOn`).
 */
const portionsOfStep = 2

/** Goes on with an erasure until it is done or the service stops. Answers whether it is done. */
export async function erase(
  run: Pick<JobRun, 'apps' | 'blobs' | 'clock' | 'hash' | 'newId' | 'mayGoOn'>,
  executor: Executor,
  { app_id, user_id, erased_at, owned, step, place }: Erasure,
): Promise<boolean> {
  const { clock, newId } = run
  const key = { app_id, user_id, erased_at }
  const app = await run.apps.get(app_id)
  // Of a deleted app, everything goes with the app.
  if (app === undefined) return false
  const erasing: Erasing = {
    executor,
    app,
    user_id,
    owned,
    now: clock,
    newId,
    sealing: run,
    forgetObject: object => forgetObject(run, executor, object),
  }
  const change = (writes: Parameters<typeof saveStep>[0]) =>
    runTask(executor, task({ decide: () => ({ data: null, writes: [saveStep(writes)] }) }), clock())
  let portions = 0
  for (let at: { step: string; place: string } | undefined = { step, place }; ; portions += portionsOfStep) {
    if (!run.mayGoOn(portions)) return false
    const before = at
    at = await eraseOn(erasing, before)
    if (at === undefined) break
    if (at.step !== before.step || at.place !== before.place) await change({ ...key, ...at })
  }
  // What was deleted must not be left in unused parts of the database and of its log.
  const name = `${app_id} ${user_id} ${erased_at}`
  const tries = (waiting.get(name) ?? 0) + 1
  if (!(await executor.forgetDeleted()) && tries < mostTries) {
    waiting.set(name, tries)
    return false
  }
  waiting.delete(name)
  await runTask(
    executor,
    task({
      decide: () => ({
        data: null,
        writes: [finishErasure({ ...key, now: clock() })],
        events: [{ kind: 'user.erased', app_id, users: [user_id], by_id: null }],
      }),
    }),
    clock(),
  )
  return true
}
