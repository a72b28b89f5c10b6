import { ConfigError } from '../../config.ts'

export interface Shards {
  /** The D1 binding that holds this app. */
  bindingFor(app_id: string): string
  /** All of them, `DB` first. */
  readonly bindings: readonly string[]
}

/**
 * Apps on several D1 databases: `APP_SHARDS` is JSON such as `{"big-app":"DB_2"}`, every other app is on `DB`. Throws `ConfigError` if it
 * names a binding that is not there.
 */
export function shardsOf(bindings: Readonly<Record<string, unknown>>): Shards {
  const shards = parse(bindings.APP_SHARDS)
  const names = [...new Set(['DB', ...Object.values(shards)])]
  for (const name of names) if (typeof bindings[name] !== 'object') throw new ConfigError(`there is no D1 database bound as ${name}`)
  return { bindingFor: app_id => shards[app_id] ?? 'DB', bindings: names }
}

function parse(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === '') return {}
  try {
    const shards: unknown = typeof value === 'string' ? JSON.parse(value) : value
    if (typeof shards === 'object' && shards !== null && Object.values(shards).every(name => typeof name === 'string')) {
      return Object.assign(Object.create(null), shards)
    }
  } catch {
    // Said below, as for any other value that is wrong.
  }
  throw new ConfigError('APP_SHARDS must be JSON such as {"app-id":"DB_2"}')
}
