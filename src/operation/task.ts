import type { Session } from '../db/engine.ts'
import type { Bound, RowsOf } from '../db/query.ts'
import type { Clock } from '../platform.ts'
import { type App, appSettings } from '../tenant/app.ts'
import { Refusal } from './errors.ts'
import type { Executor, Task } from './executor.ts'
import type { Call, Origin, Outcome } from './operation.ts'

/**
 * A change that is not an operation of the API, such as a step of an upload, a job or a command. It reads,
 * decides and writes as an operation does.
 */
export function task<Out, const R extends readonly Bound[] = readonly []>(t: {
  reads?(call: Call<unknown>): R | Refusal
  decide(call: Call<unknown>, rows: RowsOf<R>): Outcome<Out> | Refusal
}): Task<Out> {
  return {
    writes: true,
    reads: call => t.reads?.(call) ?? [],
    // Safe cast: the executor passes the rows of exactly these reads.
    decide: (call, rows) => t.decide(call, rows as unknown as RowsOf<R>),
  }
}

/** Runs a task of an app. A refusal is returned, not thrown. */
export type RunTask = <Out>(task: Task<Out>) => Promise<Out | Refusal>

interface Runs {
  readonly executorFor: (app_id: string) => Executor
  readonly clock: Clock
  readonly newId: () => number
}

const nobody = { administrator: false, user_id: null, only_group: null } as const

/** Makes the function that runs tasks of this app. */
export const runnerFor =
  ({ executorFor, clock, newId }: Runs, session: Session, app: App, origin?: Origin): RunTask =>
  async task => {
    const call = { app, caller: nobody, input: {}, now: clock(), newId, ...(origin && { origin }) }
    const result = await executorFor(app.app_id).run(task, call, session)
    return result instanceof Refusal ? result : result.data
  }

/** The app of tasks that belong to no app. */
export const noApp: App = {
  app_id: '',
  secrets: [],
  keys: [],
  jwks_url: '',
  settings: appSettings.parse({}),
  epoch: '',
}

/** Runs a task without an app and a caller, for a job or a command. Throws a refusal as an error. */
export async function runTask<Out>(
  executor: Executor,
  task: Task<Out>,
  now: number,
  session: Session = { bookmark: undefined },
): Promise<Out> {
  const newId = () => {
    throw new Error('a task makes no ids')
  }
  const call = { app: noApp, caller: { ...nobody, administrator: true }, input: {}, now, newId }
  const result = await executor.run(task, call, session)
  if (result instanceof Refusal) throw new Error(result.message)
  return result.data
}
