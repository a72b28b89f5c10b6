import { type BatchEngine, DatabaseError, type Session } from '../engine.ts'
import type { Bound } from '../query.ts'

/** The part of a D1 binding that Cohort uses: Cloudflare's own `D1Database` fits. */
export interface D1DatabaseLike {
  withSession(constraint: string): D1SessionLike
}
interface D1SessionLike {
  prepare(sql: string): D1StatementLike
  batch(statements: D1StatementLike[]): Promise<{ readonly results: Record<string, unknown>[] }[]>
  getBookmark(): string | null
}
interface D1StatementLike {
  bind(...params: unknown[]): D1StatementLike
}

/**
 * The form of D1's bookmarks. Callers send bookmarks in a header, so they can send any text. Other texts are
 * ignored.
 */
const bookmarkPattern = /^[0-9a-f]{1,32}(-[0-9a-f]{1,32}){3}$/

/**
 * Cloudflare D1. Reads may come from a replica that is at least as new as the caller's bookmark. All batches
 * of an operation that writes go to the primary. A batch that fails throws `DatabaseError` with SQLite's
 * message, from which the executor recognizes a broken constraint.
 */
export function d1(database: D1DatabaseLike): BatchEngine {
  const batch = async (bounds: readonly Bound[], session: Session, start: string): Promise<unknown[][][]> => {
    const connection = database.withSession(start)
    try {
      const results = await connection.batch(
        bounds.map(({ statement, params }) => connection.prepare(statement.sql).bind(...params)),
      )
      session.bookmark = connection.getBookmark() ?? undefined
      return results.map(({ results: rows }) => rows.map(row => Object.values(row)))
    } catch (error) {
      throw new DatabaseError(error instanceof Error ? error.message : String(error), { cause: error })
    }
  }
  return {
    async batch(bounds, session, purpose) {
      if (purpose === 'write') return batch(bounds, session, 'first-primary')
      const { bookmark } = session
      if (bookmark === undefined || !bookmarkPattern.test(bookmark))
        return batch(bounds, session, 'first-unconstrained')
      // The bookmark may be from another database, or invented. The primary always has the newest state.
      return batch(bounds, session, bookmark).catch(() => batch(bounds, session, 'first-primary'))
    },
  }
}
