import type { Config } from '../config.ts'
import type { AppSecret } from '../db/schema.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask } from '../operation/task.ts'
import type { Log } from '../platform.ts'
import { isEnded } from './ended.ts'
import { allApps, appRow, newSecret, type StoredApp, saveApp } from './registry.ts'

interface Environment extends Pick<Config, 'APP_ID' | 'APP_SECRET'> {
  /**
   * There is no command line that could have set a secret. So secrets without a recorded origin (0.1.0 did
   * not record it) came from the environment.
   */
  readonly alone?: boolean
}

/**
 * Makes sure that there is an app to call. If APP_ID and APP_SECRET are given, that app has that secret. An
 * empty database gets the app `demo`. A new value of APP_SECRET replaces the old one, which is ended. A
 * secret that was ended before stays ended. Answers the app as it is stored, or undefined if no app was named
 * and the database has several.
 */
export async function ensureFirstApp(
  executor: Executor,
  { APP_ID, APP_SECRET, alone = false }: Environment,
  log: Pick<Log, 'warn'>,
): Promise<StoredApp | undefined> {
  const app_id = APP_ID ?? (APP_SECRET === undefined ? await onlyApp(executor) : 'demo')
  if (app_id === undefined) return undefined
  const shallBe = (stored: StoredApp | undefined): StoredApp => {
    if (stored === undefined) return newApp(app_id, APP_SECRET, APP_SECRET !== undefined)
    if (APP_SECRET === undefined || isEnded(stored.ended, APP_SECRET)) return stored
    const present = stored.secrets.find(({ secret }) => secret === APP_SECRET)
    if (present?.from_environment === true) return stored
    if (present !== undefined) {
      const noted = { ...present, from_environment: true }
      return { ...stored, secrets: stored.secrets.map(secret => (secret === present ? noted : secret)) }
    }
    const others = stored.secrets.filter(({ from_environment = alone }) => !from_environment)
    return { ...stored, secrets: [fromEnvironment(APP_SECRET), ...others] }
  }
  // The usual start: nothing has to be written, and on D1 it costs one round trip.
  const [stored] = await executor.read(appRow({ app_id }))
  if (stored !== undefined && APP_SECRET !== undefined && isEnded(stored.ended, APP_SECRET)) {
    log.warn({
      event: 'app_secret_ended',
      app: app_id,
      message: 'APP_SECRET names a secret that was ended and signs nothing: set another, or leave it out',
    })
  }
  if (stored !== undefined && shallBe(stored) === stored) return stored
  return runTask(executor, saveApp(app_id, shallBe), Date.now())
}

const fromEnvironment = (secret: string): AppSecret => ({
  ...newSecret(Date.now(), secret),
  from_environment: true,
})

/** The only app of this database; `demo` if there is none, undefined if there are several. */
async function onlyApp(executor: Executor): Promise<string | undefined> {
  const [first, second] = await executor.read(allApps({}))
  if (first === undefined) return 'demo'
  return second === undefined ? first.app_id : undefined
}

export function newApp(app_id: string, secret?: string, inEnvironment = false): StoredApp {
  const now = Date.now()
  return {
    app_id,
    secrets: [inEnvironment && secret !== undefined ? fromEnvironment(secret) : newSecret(now, secret)],
    keys: [newSecret(now)],
    ended: [],
    jwks_url: '',
    settings: {},
  }
}
