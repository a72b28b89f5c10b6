import { DatabaseError, type SerialEngine } from './engine.ts'
import { migrations } from './migrations.gen.ts'

/*
 * One migrator for every engine in the process. It records applied migrations in the same table as `wrangler
 * d1 migrations apply`. So all engines use the same folder of migrations, and a database can move between
 * them.
 */

const bookkeeping =
  'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)'

/**
 * Applies all missing migrations, each in its own transaction, and answers their names. Throws
 * `DatabaseError` if one fails or if the database was made by a newer Cohort.
 */
export function migrate(engine: SerialEngine): string[] {
  engine.exec(bookkeeping)
  const known = new Set(migrations.map(migration => migration.name))
  const applied = new Set(engine.rows('SELECT name FROM d1_migrations').map(([name]) => String(name)))
  const newer = [...applied].filter(name => !known.has(name))
  if (newer.length > 0) {
    throw new DatabaseError(
      `this database was made by a newer Cohort (it has the migration ${newer[0]}): use that version, or restore a backup`,
    )
  }
  const missing = migrations.filter(migration => !applied.has(migration.name))
  for (const migration of missing) {
    engine.exec('BEGIN IMMEDIATE')
    try {
      engine.exec(migration.sql)
      engine.exec(`INSERT INTO d1_migrations (name) VALUES ('${migration.name}')`)
      engine.exec('COMMIT')
    } catch (error) {
      engine.exec('ROLLBACK')
      throw error
    }
  }
  return missing.map(migration => migration.name)
}
