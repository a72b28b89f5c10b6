import { appSettings } from '../tenant/app.ts'
import { Refusal } from './errors.ts'
import type { Executor, Task } from './executor.ts'

const settings = appSettings.parse({})

/**
 * Runs a task that is no operation of the API: of the command line or of housekeeping, for no app and no
 * caller. Throws what it refuses.
 */
export async function runTask<Out>(executor: Executor, task: Task<Out>, now: number): Promise<Out> {
  const app = { app_id: '', secrets: [], keys: [], jwks_url: '', settings, epoch: '' }
  const caller = { administrator: true, user_id: null, only_group: null }
  const newId = () => {
    throw new Error('a task makes no ids')
  }
  const result = await executor.run(task, { app, caller, input: {}, now, newId }, { bookmark: undefined })
  if (result instanceof Refusal) throw new Error(result.message)
  return result.data
}
