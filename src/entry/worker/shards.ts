import * as z from 'zod'
import { ConfigError } from '../../config.ts'
import type { D1DatabaseLike } from '../../db/engines/d1.ts'

export interface Shards {
  /** The D1 binding that holds this app. */
  bindingFor(app_id: string): string
  /** The databases by the names of their bindings; `DB` is the first. */
  readonly databases: ReadonlyMap<string, D1DatabaseLike>
}

/**
 * Which D1 database holds which app. `APP_SHARDS` is JSON such as `{"big-app":"DB_2"}`; all other apps are on
 * `DB`. Throws `ConfigError` if it names a binding that does not exist or is not a D1 database.
 */
export function shardsOf(bindings: Readonly<Record<string, unknown>>): Shards {
  const shards = parse(bindings.APP_SHARDS)
  const names = new Set(['DB', ...shards.values()])
  return {
    bindingFor: app_id => shards.get(app_id) ?? 'DB',
    databases: new Map([...names].map(name => [name, databaseOf(bindings, name)])),
  }
}

function databaseOf(bindings: Readonly<Record<string, unknown>>, name: string): D1DatabaseLike {
  const database = bindings[name] as Partial<D1DatabaseLike> | undefined
  if (typeof database?.withSession !== 'function')
    throw new ConfigError(`there is no D1 database bound as ${name}`)
  return database as D1DatabaseLike
}

const namesByApp = z.record(z.string(), z.string())

function parse(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined || value === '') return new Map()
  try {
    return new Map(Object.entries(namesByApp.parse(typeof value === 'string' ? JSON.parse(value) : value)))
  } catch {
    throw new ConfigError('APP_SHARDS must be JSON such as {"app-id":"DB_2"}')
  }
}
