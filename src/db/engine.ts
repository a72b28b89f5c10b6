import type { Bound } from './query.ts'

/** Why a database failed, as far as the caller can do something about it. */
export type DatabaseTrouble = 'busy' | 'full' | 'read-only' | 'disk' | 'other'

/** Which words in a message of SQLite or of the operating system mean which trouble. */
const words: readonly (readonly [DatabaseTrouble, RegExp])[] = [
  ['busy', /database (table )?is locked/i],
  ['full', /is full|ENOSPC|EFBIG|EDQUOT|no space left/i],
  ['read-only', /readonly|read-only file system|EROFS/i],
  ['disk', /disk I\/O|EIO\b|input\/output error|unable to open/i],
]

/**
 * The database failed: it is full, read-only, locked, damaged or unreachable. The message is for the log and
 * is never shown to a caller, who gets the error 20000.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'

  get trouble(): DatabaseTrouble {
    return words.find(([, pattern]) => pattern.test(this.message))?.[0] ?? 'other'
  }
}

/** Whether the database was locked by another process. The same call may succeed a moment later. */
export const isBusy = (error: unknown): boolean => error instanceof DatabaseError && error.trouble === 'busy'

/**
 * SQLite in this process. Rows are arrays of driver values in the order of the SELECT. Every failure is
 * thrown as `DatabaseError`.
 */
export interface SerialEngine {
  all(bound: Bound): unknown[][]
  /** Runs a statement without parameters or rows: BEGIN, COMMIT, PRAGMA …; or several for a migration. */
  exec(sql: string): void
  /**
   * The rows of a statement that is not one of the program's queries, such as an integrity check or the list
   * of applied migrations.
   */
  rows(sql: string): unknown[][]
  /**
   * Resolves when all changes committed so far are on disk. Needed where `synchronous` is NORMAL, because
   * COMMIT then does not wait for the disk. If it rejects with `DatabaseError`, the changes may be on disk or
   * not. A later sync that succeeds does not prove that they are; only `repair` does.
   */
  sync(): Promise<void>
  /**
   * Writes all that SQLite's log holds again, and syncs it. Call it after a sync that failed, because the
   * operating system drops the pages that it could not write and does not try them again at the next sync.
   * Call it also at the start, because the process before this one may have ended after such a failure.
   * Rejects with `DatabaseError`.
   */
  repair(): Promise<void>
  /**
   * Overwrites what was deleted but is still somewhere in the file or the log. Nobody of this process may be
   * reading. Answers false if another connection reads or writes just now. `keepLog`: the log is another
   * program's to end, so it keeps what is in it until it is overwritten.
   */
  forgetDeleted(options?: { readonly keepLog: boolean }): boolean
  /**
   * Copies one consistent state of the database while others write. `progress` gets the number of copied
   * pages and of all pages.
   */
  backup(file: string, progress?: (done: number, total: number) => void): Promise<void>
  close(): void
}

/**
 * A database that runs whole batches and has no interactive transactions (D1). A batch is atomic: if a
 * statement fails, all of it is rolled back, and the error is thrown unchanged. The `bookmark` of the session
 * says how new the rows must be that the batch reads. The batch replaces it with the bookmark of the state
 * that it has seen.
 */
export interface BatchEngine {
  batch(bounds: readonly Bound[], session: Session, purpose: 'read' | 'write'): Promise<unknown[][][]>
}

/**
 * What one caller has seen. On a replicated database the caller's next request must see at least the same
 * state.
 */
export interface Session {
  bookmark: string | undefined
}
