import type { Bound } from './query.ts'

/**
 * The database failed: full, read-only, locked, damaged, unreachable. The message is for the log, never for a
 * caller. Becomes 20000.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
}

/**
 * SQLite in this process. Rows are arrays of driver values in the order of the SELECT. Every failure is
 * thrown as `DatabaseError`.
 */
export interface SerialEngine {
  all(bound: Bound): unknown[][]
  /** A statement without parameters or rows: BEGIN, COMMIT, PRAGMA …, or several of them for a migration. */
  exec(sql: string): void
  /**
   * The rows of a statement that is not one of the program's queries: integrity checks, the migrator's books.
   */
  rows(sql: string): unknown[][]
  /**
   * Resolves when every change committed before is on disk, also where `synchronous` is NORMAL and COMMIT
   * does not wait for that. Rejects with `DatabaseError`: then they may be on disk or not.
   */
  sync(): Promise<void>
  /** Copies the database, consistent, while others write; `progress` hears pages copied and pages in all. */
  backup(file: string, progress?: (done: number, total: number) => void): Promise<void>
  close(): void
}

/**
 * A database that takes whole batches and no interactive transactions (D1). A batch is atomic: a failing
 * statement rolls all back, and its error is thrown as it came. `bookmark` in a session says how fresh reads
 * must be and is replaced by where this batch left off.
 */
export interface BatchEngine {
  batch(bounds: readonly Bound[], session: Session, purpose: 'read' | 'write'): Promise<unknown[][][]>
}

/** What one caller has seen; on a replicated database its next request must see at least that. */
export interface Session {
  bookmark: string | undefined
}
