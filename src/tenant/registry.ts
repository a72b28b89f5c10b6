import { eq, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { type AppSecret, apps } from '../db/schema.ts'
import type { Changes, NewEvent } from '../events/event.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import type { Executor, Task } from '../operation/executor.ts'
import { randomSecret } from '../operation/sign.ts'
import { task } from '../operation/task.ts'
import type { Clock } from '../platform.ts'
import { type App, type AppSettings, appSettings } from './app.ts'
import { endedBy, isEnded } from './ended.ts'

export const appRow = query<{ app_id: string }>()(p =>
  db.select().from(apps).where(eq(apps.app_id, p.app_id)),
)
export const allApps = query()(() => db.select({ app_id: apps.app_id }).from(apps).orderBy(apps.app_id))

type AppRow = typeof apps.$inferSelect

/**
 * The stored settings, with defaults for all others. Stored settings that this version does not know are
 * ignored.
 */
export function settingsOf(stored: Readonly<Record<string, unknown>>): AppSettings {
  const known = Object.fromEntries(Object.entries(stored).filter(([name]) => name in appSettings.shape))
  return appSettings.parse(known)
}

export const toApp = (row: AppRow): App => ({
  app_id: row.app_id,
  secrets: row.secrets,
  keys: row.keys,
  jwks_url: row.jwks_url,
  settings: settingsOf(row.settings),
  epoch: row.epoch,
})

export interface AppRegistry {
  /**
   * The app; undefined if there is none with this id. The app is at most `ttl` milliseconds old, so a rotated
   * secret or a new setting takes effect by then.
   */
  get(app_id: string): App | undefined | Promise<App | undefined>
}

/**
 * Apps by id. An app that is older than `ttl` milliseconds is read again. An app that did not change stays
 * the same object, so values that are cached for the object stay valid.
 */
export function appRegistry(
  executorFor: (app_id: string) => Executor,
  clock: Clock,
  ttl: number,
): AppRegistry {
  const known = new Map<string, { app: App; state: string; readAt: number }>()
  /** Reads under way. Everybody who asks for the app meanwhile waits for the same read. */
  const reading = new Map<string, Promise<App | undefined>>()

  const remember = (app_id: string, row: AppRow | undefined): App | undefined => {
    if (row === undefined) {
      known.delete(app_id)
      return undefined
    }
    const state = JSON.stringify([row.secrets, row.keys, row.jwks_url, row.settings, row.epoch])
    const before = known.get(app_id)
    const app = before?.state === state ? before.app : toApp(row)
    known.set(app_id, { app, state, readAt: clock() })
    return app
  }

  return {
    get(app_id) {
      const entry = known.get(app_id)
      if (entry !== undefined && clock() - entry.readAt < ttl && clock() >= entry.readAt) return entry.app
      const underWay = reading.get(app_id)
      if (underWay !== undefined) return underWay
      const rows = executorFor(app_id).read(appRow({ app_id }))
      if (!(rows instanceof Promise)) return remember(app_id, rows[0])
      const read = rows.then(([row]) => remember(app_id, row)).finally(() => reading.delete(app_id))
      reading.set(app_id, read)
      return read
    },
  }
}

/** Six random characters, as `randomEpoch`, but made by SQLite. */
const freshEpoch = sql`lower(hex(randomblob(3)))`

const insertApp = command<
  Record<'app_id' | 'secrets' | 'keys' | 'ended' | 'jwks_url' | 'settings', string> & { now: number }
>()(
  p => sql`INSERT INTO apps (app_id, secrets, keys, ended, jwks_url, settings, epoch, app_created_at)
    VALUES (${p.app_id}, ${p.secrets}, ${p.keys}, ${p.ended}, ${p.jwks_url}, ${p.settings}, ${freshEpoch}, ${p.now})`,
)
const updateApp = command<
  Record<'app_id' | 'secrets' | 'keys' | 'ended' | 'jwks_url' | 'settings', string>
>()(
  p =>
    sql`UPDATE apps SET secrets = ${p.secrets}, keys = ${p.keys}, ended = ${p.ended}, jwks_url = ${p.jwks_url}, settings = ${p.settings} WHERE app_id = ${p.app_id}`,
)

/** The stored fields of an app that `saveApp` can change. */
export type StoredApp = Pick<AppRow, 'app_id' | 'secrets' | 'keys' | 'ended' | 'jwks_url' | 'settings'>

/** A secret or key with an id of its own, because several can be valid at once. */
export const newSecret = (now: number, secret: string = randomSecret()): AppSecret => ({
  kid: randomSecret()
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 8),
  secret,
  created_at: now,
  from_environment: false,
})

/**
 * Creates or changes an app. `change` gets what is stored (undefined if nothing) and returns what to store,
 * or a refusal. Answers what is stored afterwards.
 */
export const saveApp = (
  app_id: string,
  change: (stored: StoredApp | undefined) => StoredApp | Refusal,
): Task<StoredApp> => ({
  writes: true,
  reads: () => [appRow({ app_id })],
  decide: ({ now }, [rows]) => {
    const stored = rows?.[0] as AppRow | undefined
    const next = change(stored)
    if (next instanceof Refusal) return next
    if (next === stored) return { data: next }
    const before = stored ?? { secrets: [], keys: [], ended: [] }
    if ([...next.secrets, ...next.keys].some(({ secret }) => isEnded(before.ended, secret)))
      return refuse('invalid_parameter', 'secret is one that was ended: take another')
    const columns = {
      app_id,
      secrets: JSON.stringify(next.secrets),
      keys: JSON.stringify(next.keys),
      ended: JSON.stringify(endedBy(before, next, now)),
      jwks_url: next.jwks_url,
      settings: JSON.stringify(next.settings),
    }
    return {
      data: next,
      writes: [stored === undefined ? insertApp({ ...columns, now }) : updateApp(columns)],
      events: eventsOf(app_id, stored, next),
    }
  },
})

const setEpoch = command<{ app_id: string; epoch: string }>()(
  p => sql`UPDATE apps SET epoch = ${p.epoch} WHERE app_id = ${p.app_id}`,
)

/** Six random characters. */
export const randomEpoch = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(3)), byte => byte.toString(16).padStart(2, '0')).join('')

/** Makes the cursors and states that readers keep void. */
export const renewEpoch = (app_id: string, epoch: string) =>
  task({
    decide: () => ({
      data: null,
      writes: [setEpoch({ app_id, epoch })],
      events: [{ kind: 'app.epoch.renewed', app_id, epoch }],
    }),
  })

/** The events of a change of an app. Secrets are named only by their ids. */
function eventsOf(app_id: string, before: StoredApp | undefined, after: StoredApp): NewEvent[] {
  if (before === undefined) return [{ kind: 'app.created', app_id }]
  const idsOf = (keys: readonly AppSecret[]) => keys.map(({ kid }) => kid)
  const differ = (field: 'secrets' | 'keys') => idsOf(before[field]).join() !== idsOf(after[field]).join()
  const changes = settingsChanged(before, after)
  const events: NewEvent[] = []
  if (Object.keys(changes).length > 0) events.push({ kind: 'app.settings.changed', app_id, changes })
  if (differ('secrets')) events.push({ kind: 'app.secret.rotated', app_id, key_ids: idsOf(after.secrets) })
  if (differ('keys')) events.push({ kind: 'app.keys.rotated', app_id, key_ids: idsOf(after.keys) })
  return events
}

/** The settings that have changed, each with its old and new value; null stands for the default. */
function settingsChanged(before: StoredApp, after: StoredApp): Changes {
  // The event names only the host of the key set, because the URL may contain a password.
  const flat = ({ settings, jwks_url }: StoredApp): Readonly<Record<string, unknown>> => ({
    ...settings,
    ...(jwks_url !== '' && { jwks_url: new URL(jwks_url).host }),
  })
  const [old, now] = [flat(before), flat(after)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  const differing = names.filter(name => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
  return Object.fromEntries(differing.map(name => [name, [old[name] ?? null, now[name] ?? null] as const]))
}
