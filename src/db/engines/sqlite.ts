import { DatabaseError, isBusy, type SerialEngine } from '../engine.ts'
import { LogDeleted, type LogFile, logFile } from './log-file.ts'

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

/** How long `repair` waits for another process to end its transaction, milliseconds. */
const maxRepairWaitMs = 5000

/**
 * The engine on a runtime's SQLite, with this file: each statement is compiled once, every error is a
 * `DatabaseError`. `log` is the file's write-ahead log.
 */
export function sqliteEngine(
  file: string,
  open: () => SqliteDriver,
  log: LogFile = logFile(file),
): SerialEngine {
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
   * Set when the log has lost its name. Then a new connection would begin another log beside the one in use.
   */
  let logDeleted = false
  const onLog = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action()
    } catch (error) {
      logDeleted ||= error instanceof LogDeleted
      throw failure(error)
    }
  }
  /** Runs the action while no process can commit. */
  const alone = async (action: () => Promise<void>): Promise<void> => {
    const connection = guard(open)
    try {
      connection.prepare('PRAGMA busy_timeout = 0')([])
      for (const started = performance.now(); ; ) {
        try {
          guard(() => connection.exec('BEGIN IMMEDIATE'))
          break
        } catch (error) {
          if (!isBusy(error) || performance.now() - started > maxRepairWaitMs) throw error
          await new Promise(resolve => setTimeout(resolve, 20))
        }
      }
      await action()
      guard(() => connection.exec('ROLLBACK'))
    } finally {
      connection.close()
    }
  }
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
    sync: () => onLog(() => log.sync()),
    async repair() {
      if (!logDeleted) return onLog(() => alone(() => log.rewrite()))
      // All there is to do for a log without a name is to copy what it holds into the database.
      guard(() => driver.exec('PRAGMA wal_checkpoint(FULL)'))
      throw failure(new LogDeleted())
    },
    async backup(target, progress) {
      try {
        await driver.backup(target, progress)
      } catch (error) {
        throw failure(error)
      }
    },
    close() {
      void log.close()
      guard(() => driver.close())
    },
  }
}
