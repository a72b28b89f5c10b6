import type { Session } from '../db/engine.ts'
import type { Clock } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { Refusal } from './errors.ts'
import type { Executor, Task } from './executor.ts'

/** Runs a task of an app; what it refuses is answered, not thrown. */
export type RunTask = <Out>(task: Task<Out>) => Promise<Out | Refusal>

interface Runs {
  readonly executorFor: (app_id: string) => Executor
  readonly clock: Clock
  readonly newId: () => number
}

/** A runner for the tasks that move an app's files through their states. */
export const runnerFor =
  ({ executorFor, clock, newId }: Runs, session: Session, app: App): RunTask =>
  async task => {
    const caller = { administrator: false, user_id: null, only_group: null }
    const result = await executorFor(app.app_id).run(
      task,
      { app, caller, input: {}, now: clock(), newId },
      session,
    )
    return result instanceof Refusal ? result : result.data
  }
