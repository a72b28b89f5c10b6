import { Database } from 'bun:sqlite'
import type { SerialEngine } from '../engine.ts'
import type { LogFile } from './log-file.ts'
import { sqliteEngine } from './sqlite.ts'

/** SQLite on Bun. Opens or creates the file; throws `DatabaseError` if it cannot. */
export const bunSqlite = (file: string, log?: LogFile): SerialEngine =>
  sqliteEngine(
    file,
    () => {
      const database = new Database(file, { create: true, readwrite: true })
      /** A connection stays open as long as one of its statements is. */
      const statements: { finalize(): void }[] = []
      return {
        prepare(sql) {
          const statement = database.prepare(sql)
          statements.push(statement)
          return params => statement.values(...params) ?? []
        },
        exec: sql => database.run(sql),
        // Bun has no incremental backup. VACUUM INTO is consistent too. It blocks, so a process of its own
        // runs it.
        backup: async target => database.run(`VACUUM INTO '${target.replaceAll("'", "''")}'`),
        close() {
          for (const statement of statements) statement.finalize()
          database.close()
        },
      }
    },
    log,
  )
