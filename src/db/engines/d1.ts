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
 * Callers hand bookmarks back in a header, so anything may come: what does not look like one of D1's is
 * ignored.
 */
const bookmarkPattern = /^[0-9a-f]{1,32}(-[0-9a-f]{1,32}){3}$/

/**
 * Cloudflare D1. Reads may come from a replica that is at least as fresh as the caller's bookmark; whatever
 * leads to a write goes to the primary. A failing batch is thrown as `DatabaseError` with SQLite's message,
 * by which the executor knows a broken constraint.
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
      // A bookmark may be of another database or of none: the primary is as fresh as any.
      return batch(bounds, session, bookmark).catch(() => batch(bounds, session, 'first-primary'))
    },
  }
}
