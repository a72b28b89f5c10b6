import type { Config } from '../config.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask } from '../operation/task.ts'
import { allApps, appRow, newSecret, type StoredApp, saveApp } from './registry.ts'

/**
 * Makes sure there is an app to call: the one of APP_ID and APP_SECRET, if they are given, with that secret;
 * `demo` on an empty database. Answers the app as stored, or undefined if none was asked for and there are
 * others.
 */
export async function ensureFirstApp(
  executor: Executor,
  { APP_ID, APP_SECRET }: Pick<Config, 'APP_ID' | 'APP_SECRET'>,
): Promise<StoredApp | undefined> {
  const app_id = APP_ID ?? (APP_SECRET === undefined ? await onlyApp(executor) : 'demo')
  if (app_id === undefined) return undefined
  const shallBe = (stored: StoredApp | undefined): StoredApp => {
    const app = stored ?? newApp(app_id, APP_SECRET)
    if (APP_SECRET === undefined || app.secrets.some(({ secret }) => secret === APP_SECRET)) return app
    return { ...app, secrets: [newSecret(Date.now(), APP_SECRET), ...app.secrets] }
  }
  // As it is at nearly every start: nothing to write, and on D1 one round trip.
  const [stored] = await executor.read(appRow({ app_id }))
  if (stored !== undefined && shallBe(stored) === stored) return stored
  return runTask(executor, saveApp(app_id, shallBe), Date.now())
}

/** The one app of this database; `demo` where there is none, undefined where there are several. */
async function onlyApp(executor: Executor): Promise<string | undefined> {
  const [first, second] = await executor.read(allApps({}))
  if (first === undefined) return 'demo'
  return second === undefined ? first.app_id : undefined
}

export function newApp(app_id: string, secret?: string): StoredApp {
  const now = Date.now()
  return { app_id, secrets: [newSecret(now, secret)], keys: [newSecret(now)], jwks_url: '', settings: {} }
}
