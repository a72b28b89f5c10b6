import { type BatchEngine, DatabaseError } from '../engine.ts'

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
 * Cloudflare D1. Reads may come from a replica that is at least as fresh as the caller's bookmark; whatever leads to a write goes to the primary.
 * A failing batch is thrown as `DatabaseError` with SQLite's message, by which the executor knows a broken constraint.
 */
export const d1 = (database: D1DatabaseLike): BatchEngine => ({
  async batch(bounds, session, purpose) {
    const connection = database.withSession(purpose === 'write' ? 'first-primary' : (session.bookmark ?? 'first-unconstrained'))
    try {
      const results = await connection.batch(bounds.map(({ statement, params }) => connection.prepare(statement.sql).bind(...params)))
      session.bookmark = connection.getBookmark() ?? session.bookmark
      return results.map(({ results: rows }) => rows.map(row => Object.values(row)))
    } catch (error) {
      throw new DatabaseError(error instanceof Error ? error.message : String(error), { cause: error })
    }
  },
})
