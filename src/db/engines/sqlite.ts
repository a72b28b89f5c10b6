import { DatabaseError, isBusy, type SerialEngine } from '../engine.ts'
import { LogDeleted, type LogFile, logFile } from './log-file.ts'

/** The functions that each runtime's SQLite must offer. Rows are arrays. */
export interface SqliteDriver {
  /**
   * Compiles a statement and answers a function that runs it. A statement without rows answers an empty list.
   */
  prepare(sql: string): (params: readonly unknown[]) => unknown[][]
  /** Runs SQL, which may be several statements. */
  exec(sql: string): void
  backup(file: string, progress?: (done: number, total: number) => void): Promise<void>
  close(): void
}

/** The settings of every database: readers do not wait for the writer, and COMMIT waits for the disk. */
const openingPragmas = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  // A command may be writing to the database beside the service.
  'PRAGMA busy_timeout = 5000',
  'PRAGMA cache_size = -65536',
  'PRAGMA temp_store = MEMORY',
  // What is deleted is overwritten with zeros.
  'PRAGMA secure_delete = ON',
]

const failure = (error: unknown): DatabaseError =>
  new DatabaseError(error instanceof Error ? error.message : String(error), { cause: error })

/**
 * The largest database that is written anew to forget what was deleted, pages of 4 kB (8 MB). That takes a
 * quarter of a second, during which nothing else is done (measured: 27 MB in 0.9 s). `secure_delete` alone
 * overwrites nearly everything: when SQLite moves rows between pages, a copy of a few of them stays behind
 * (measured: of 1 row in 60, under heavy change).
 */
const maxVacuumedPages = 2048

/** How long `repair` waits for another process to end its transaction, milliseconds. */
const maxRepairWaitMs = 5000

/**
 * The engine on a runtime's SQLite, for this file. Each statement is compiled once. Every error is thrown as
 * `DatabaseError`. `log` is the write-ahead log of the file.
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
   * Set when somebody has deleted the log file. A new connection would then start another log beside the one
   * in use.
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
  /** Writes the database anew. On Deno that is not allowed, because VACUUM attaches a second database. */
  const vacuum = (): void => {
    try {
      guard(() => driver.exec('VACUUM'))
    } catch (error) {
      if (!/attach/i.test(String(error))) throw error
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
        // These three run around every batch of reads or writes, so they are compiled only once.
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
      // A deleted log cannot be repaired. Its changes can only be copied into the database.
      guard(() => driver.exec('PRAGMA wal_checkpoint(FULL)'))
      throw failure(new LogDeleted())
    },
    forgetDeleted({ keepLog } = { keepLog: false }) {
      try {
        const [[pages = 0] = []] = guard(() => driver.prepare('PRAGMA page_count')([]))
        if (Number(pages) <= maxVacuumedPages) vacuum()
        if (keepLog) return true
        const [[busy] = []] = guard(() => driver.prepare('PRAGMA wal_checkpoint(TRUNCATE)')([]))
        return Number(busy) === 0
      } catch (error) {
        if (isBusy(error)) return false
        throw error
      }
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
