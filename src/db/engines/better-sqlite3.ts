import Database from 'better-sqlite3'
import type { SerialEngine } from '../engine.ts'
import type { LogFile } from './log-file.ts'
import { type SqliteDriver, sqliteEngine } from './sqlite.ts'

/**
 * Every native object of better-sqlite3 that this process has made: connections, statements and backups. From
 * Node 24.19 on, the whole process aborts when one of them is garbage-collected while no JavaScript runs
 * (nodejs/node, `RemoveEnvironmentCleanupHook`). Version 13 of better-sqlite3 mends this, but does not run on
 * Node 20. So all of them are kept. They are few: a connection compiles every text of a statement only once.
 */
const kept: unknown[] = []

function keep<T>(object: T): T {
  kept.push(object)
  return object
}

/** Keeps the backups of this connection too. The package makes them inside and never shows them. */
function keepBackups(database: Database.Database): void {
  for (const symbol of Object.getOwnPropertySymbols(database)) {
    const native: unknown = Reflect.get(database, symbol)
    if (typeof native !== 'object' || native === null) continue
    const backup: unknown = Reflect.get(native, 'backup')
    if (typeof backup !== 'function') continue
    Reflect.set(native, 'backup', (...args: unknown[]) => keep(backup.apply(native, args)))
  }
}

/** SQLite on Node. Opens or creates the file; throws `DatabaseError` if it cannot. */
export const betterSqlite3 = (file: string, log?: LogFile): SerialEngine =>
  sqliteEngine(
    file,
    () => {
      const database = keep(new Database(file))
      keepBackups(database)
      const prepare: SqliteDriver['prepare'] = sql => {
        const statement = keep(database.prepare<unknown[], unknown[]>(sql))
        if (!statement.reader) {
          return params => {
            statement.run(...params)
            return []
          }
        }
        statement.raw(true)
        return params => statement.all(...params)
      }
      const prepared = new Map<string, ReturnType<typeof prepare>>()
      return {
        prepare(sql) {
          const known = prepared.get(sql)
          if (known !== undefined) return known
          const run = prepare(sql)
          prepared.set(sql, run)
          return run
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
