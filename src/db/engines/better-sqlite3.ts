import Database from 'better-sqlite3'
import { DatabaseError, type SerialEngine } from '../engine.ts'
import type { Bound } from '../query.ts'
import { openingPragmas } from './pragmas.ts'

/** SQLite on Node. Opens or creates the file; throws `DatabaseError` if it cannot. */
export function betterSqlite3(file: string): SerialEngine {
  const database = guard(() => new Database(file))
  for (const pragma of openingPragmas) guard(() => database.pragma(pragma))
  const statements: Database.Statement<unknown[], unknown[]>[] = []
  const controls = new Map<string, Database.Statement>()

  const prepare = (bound: Bound): Database.Statement<unknown[], unknown[]> => {
    const statement = database.prepare<unknown[], unknown[]>(bound.statement.sql)
    if (statement.reader) statement.raw(true)
    statements[bound.statement.id] = statement
    return statement
  }

  return {
    all(bound) {
      try {
        const statement = statements[bound.statement.id] ?? prepare(bound)
        if (statement.reader) return statement.all(...bound.params)
        statement.run(...bound.params)
        return []
      } catch (error) {
        throw failure(error)
      }
    },
    exec(sql) {
      if (!/^(BEGIN|COMMIT|ROLLBACK)/.test(sql)) return void guard(() => database.exec(sql))
      guard(() => {
        let control = controls.get(sql)
        if (control === undefined) {
          control = database.prepare(sql)
          controls.set(sql, control)
        }
        control.run()
      })
    },
    rows: sql => guard(() => database.prepare<unknown[], unknown[]>(sql).raw(true).all()),
    async backup(target, progress) {
      try {
        await database.backup(target, {
          progress({ totalPages, remainingPages }) {
            progress?.(totalPages - remainingPages, totalPages)
            return 1000
          },
        })
      } catch (error) {
        throw failure(error)
      }
    },
    close() {
      database.close()
    },
  }
}

const failure = (error: unknown): DatabaseError =>
  new DatabaseError(error instanceof Error ? error.message : String(error), { cause: error })

function guard<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw failure(error)
  }
}
