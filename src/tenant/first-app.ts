import type { Config } from '../config.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask } from '../operation/task.ts'
import { allApps, newSecret, type StoredApp, saveApp } from './registry.ts'

/**
 * Makes sure there is an app to call: the one of APP_ID and APP_SECRET, if they are given, with that secret;
 * `demo` on an empty database. Answers the app as stored, or undefined if none was asked for and there are
 * others.
 */
export async function ensureFirstApp(
  executor: Executor,
  { APP_ID, APP_SECRET }: Pick<Config, 'APP_ID' | 'APP_SECRET'>,
): Promise<StoredApp | undefined> {
  const existing = await executor.read(allApps({}))
  if (APP_ID === undefined && APP_SECRET === undefined && existing.length > 0) {
    const [only] = existing
    return existing.length === 1 && only !== undefined
      ? runTask(
          executor,
          saveApp(only.app_id, stored => stored as StoredApp),
          Date.now(),
        )
      : undefined
  }
  const app_id = APP_ID ?? 'demo'
  return runTask(
    executor,
    saveApp(app_id, stored => {
      const app = stored ?? newApp(app_id, APP_SECRET)
      if (APP_SECRET === undefined || app.secrets.some(({ secret }) => secret === APP_SECRET)) return app
      return { ...app, secrets: [newSecret(Date.now(), APP_SECRET), ...app.secrets] }
    }),
    Date.now(),
  )
}

export function newApp(app_id: string, secret?: string): StoredApp {
  const now = Date.now()
  return { app_id, secrets: [newSecret(now, secret)], keys: [newSecret(now)], jwks_url: '', settings: {} }
}
