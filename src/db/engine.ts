import type { Bound } from './query.ts'

/** Why a database failed, as far as its caller can do something about it. */
export type DatabaseTrouble = 'busy' | 'full' | 'read-only' | 'disk' | 'other'

/** SQLite's and the system's words for each trouble. */
const words: readonly (readonly [DatabaseTrouble, RegExp])[] = [
  ['busy', /database (table )?is locked/i],
  ['full', /is full|ENOSPC|EFBIG|EDQUOT|no space left/i],
  ['read-only', /readonly|read-only file system|EROFS/i],
  ['disk', /disk I\/O|EIO\b|input\/output error|unable to open/i],
]

/**
 * The database failed: full, read-only, locked, damaged, unreachable. The message is for the log, never for a
 * caller. Becomes 20000.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'

  get trouble(): DatabaseTrouble {
    return words.find(([, pattern]) => pattern.test(this.message))?.[0] ?? 'other'
  }
}

/** Whether somebody else holds the database: the same is worth another try a moment later. */
export const isBusy = (error: unknown): boolean => error instanceof DatabaseError && error.trouble === 'busy'

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
   * does not wait for that. Rejects with `DatabaseError`: then they may be on disk or not, and a later sync
   * that succeeds does not mean that they are. Only `repair` does.
   */
  sync(): Promise<void>
  /**
   * Writes again what SQLite's log holds, and syncs it. Call it after a sync that failed: the operating
   * system gives up the pages that it could not write, and does not try them again at the next sync. Call it
   * at the start too: the process before this one may have ended after such a failure. Rejects with
   * `DatabaseError`.
   */
  repair(): Promise<void>
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
