import { open } from 'node:fs/promises'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import { migrate } from '../../db/migrate.ts'
import { migrations } from '../../db/migrations.gen.ts'
import type { Runtime } from '../runtime.ts'
import { CommandFailure } from './command-failure.ts'

const headerLength = 64

/** Tells whether a file is a database or a dump in SQL. Throws `CommandFailure` if it is neither. */
export async function kindOfBackup(file: string): Promise<'database' | 'dump'> {
  const handle = await open(file)
  const { bytesRead, buffer } = await handle
    .read(new Uint8Array(headerLength), 0, headerLength, 0)
    .finally(() => handle.close())
  const start = new TextDecoder().decode(buffer.subarray(0, bytesRead))
  if (bytesRead === 0) throw new CommandFailure(`${file} is empty`)
  if (start.startsWith('SQLite format 3\0')) return 'database'
  if (/^\s*(--|pragma\b|begin\b|create\b|insert\b)/i.test(start)) return 'dump'
  throw new CommandFailure(`${file} is neither a SQLite database nor a dump in SQL`)
}

/**
 * Makes sure that a database is intact and was made by Cohort, and applies missing migrations. Throws
 * `CommandFailure` that says what is wrong with `file`.
 */
export function checkBackup(runtime: Runtime, engine: SerialEngine, file: string): void {
  try {
    const [[verdict] = []] = engine.rows('PRAGMA integrity_check(1)')
    if (verdict !== 'ok') throw new CommandFailure(`${file} is damaged: ${String(verdict)}`)
    if (!namesIn(engine).has('d1_migrations'))
      throw new CommandFailure(`${file} is not a database of Cohort's`)
    const known = new Set(migrations.map(({ name }) => name))
    const unknown = engine.rows('SELECT name FROM d1_migrations').find(([name]) => !known.has(String(name)))
    if (unknown !== undefined)
      throw new CommandFailure(
        `${file} was made by a newer Cohort (it has the migration ${unknown[0]}): use that version`,
      )
    migrate(engine)
    const there = namesIn(engine)
    const lacking = namesOfSchema(runtime).filter(name => !there.has(name))
    if (lacking.length > 0) throw new CommandFailure(`${file} is not whole: it lacks ${lacking.join(', ')}`)
  } catch (error) {
    if (error instanceof DatabaseError) throw new CommandFailure(`${file} is damaged: ${error.message}`)
    throw error
  }
}

const namesIn = (engine: SerialEngine): Set<string> =>
  new Set(
    engine
      .rows("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
      .map(([name]) => String(name)),
  )

/** The names of all that is in the schema of a new database. */
function namesOfSchema(runtime: Runtime): string[] {
  const engine = runtime.openDatabase(':memory:')
  migrate(engine)
  const names = [...namesIn(engine)]
  engine.close()
  return names
}
