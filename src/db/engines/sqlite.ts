import { closeSync, fdatasync, openSync, realpathSync } from 'node:fs'
import { DatabaseError, type SerialEngine } from '../engine.ts'

/** What the SQLite of a runtime has to offer. Rows come as arrays. */
export interface SqliteDriver {
  /** Compiles a statement; the function runs it. Statements without rows answer an empty list. */
  prepare(sql: string): (params: readonly unknown[]) => unknown[][]
  /** Runs SQL that may be several statements. */
  exec(sql: string): void
  backup(file: string, progress?: (done: number, total: number) => void): Promise<void>
  close(): void
}

/** How every engine opens a database: readers beside the one writer, and on disk before it is answered. */
const openingPragmas = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  // The command line may be writing beside the service.
  'PRAGMA busy_timeout = 5000',
  'PRAGMA cache_size = -65536',
  'PRAGMA temp_store = MEMORY',
]

const failure = (error: unknown): DatabaseError =>
  new DatabaseError(error instanceof Error ? error.message : String(error), { cause: error })

/**
 * The engine on a runtime's SQLite, with this file: each statement is compiled once, every error is a
 * `DatabaseError`.
 */
export function sqliteEngine(file: string, open: () => SqliteDriver): SerialEngine {
  const guard = <T>(action: () => T): T => {
    try {
      return action()
    } catch (error) {
      throw failure(error)
    }
  }
  const driver = guard(open)
  guard(() => {
    for (const pragma of openingPragmas) driver.prepare(pragma)([])
  })
  const statements: ((params: readonly unknown[]) => unknown[][])[] = []
  const controls = new Map<string, (params: readonly unknown[]) => unknown[][]>()
  /**
   * SQLite's write-ahead log, where every commit goes, beside the file itself and not a link to it. It is the
   * same as long as a connection is open.
   */
  let log: number | undefined
  return {
    all({ statement, params }) {
      try {
        let run = statements[statement.id]
        if (run === undefined) {
          run = driver.prepare(statement.sql)
          statements[statement.id] = run
        }
        return run(params)
      } catch (error) {
        throw failure(error)
      }
    },
    exec(sql) {
      guard(() => {
        // The statements around every batch of reads and of writes are worth keeping.
        if (sql !== 'BEGIN' && sql !== 'BEGIN IMMEDIATE' && sql !== 'COMMIT') return driver.exec(sql)
        let run = controls.get(sql)
        if (run === undefined) {
          run = driver.prepare(sql)
          controls.set(sql, run)
        }
        run([])
      })
    },
    rows: sql => guard(() => driver.prepare(sql)([])),
    sync: () =>
      new Promise((resolve, reject) => {
        try {
          log ??= openSync(`${realpathSync(file)}-wal`, 'r+')
        } catch (error) {
          return reject(failure(error))
        }
        fdatasync(log, error => (error ? reject(failure(error)) : resolve()))
      }),
    async backup(target, progress) {
      try {
        await driver.backup(target, progress)
      } catch (error) {
        throw failure(error)
      }
    },
    close: () =>
      guard(() => {
        if (log !== undefined) closeSync(log)
        driver.close()
      }),
  }
}
