import Database from 'better-sqlite3'
import type { SerialEngine } from '../engine.ts'
import type { LogFile } from './log-file.ts'
import { sqliteEngine } from './sqlite.ts'

/** SQLite on Node. Opens or creates the file; throws `DatabaseError` if it cannot. */
export const betterSqlite3 = (file: string, log?: LogFile): SerialEngine =>
  sqliteEngine(
    file,
    () => {
      const database = new Database(file)
      return {
        prepare(sql) {
          const statement = database.prepare<unknown[], unknown[]>(sql)
          if (!statement.reader) {
            return params => {
              statement.run(...params)
              return []
            }
          }
          statement.raw(true)
          return params => statement.all(...params)
        },
        exec: sql => void database.exec(sql),
        async backup(target, progress) {
          await database.backup(target, {
            progress({ totalPages, remainingPages }) {
              progress?.(totalPages - remainingPages, totalPages)
              return 1000
            },
          })
        },
        close: () => void database.close(),
      }
    },
    log,
  )
