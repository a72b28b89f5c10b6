import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/* Tables of whoever runs the service. Those of the apps are in `schema.ts`. */

/** Deleted apps whose rows a job is still removing. Their ids cannot be used again until the job is done. */
export const deletedApps = sqliteTable('deleted_apps', {
  app_id: text('app_id').primaryKey(),
  deleted_at: integer('deleted_at').notNull(),
})

/**
 * Links to the console; each opens one session. Only their hashes are stored, so nobody who reads the
 * database can open a session.
 */
export const consoleLinks = sqliteTable(
  'console_links',
  {
    link_hash: text('link_hash').primaryKey(),
    expires_at: integer('expires_at').notNull(),
    used: integer('used', { mode: 'boolean' }).notNull(),
  },
  t => [index('console_links_expired').on(t.expires_at)],
)

/** Sessions of the operator in the console. */
export const consoleSessions = sqliteTable(
  'console_sessions',
  {
    session_id: integer('session_id').primaryKey(),
    session_hash: text('session_hash').notNull(),
    started_at: integer('started_at').notNull(),
    expires_at: integer('expires_at').notNull(),
    /** The browser's name for itself (User-Agent). It helps to tell sessions apart. */
    browser: text('browser').notNull(),
  },
  t => [
    uniqueIndex('console_sessions_by_hash').on(t.session_hash),
    index('console_sessions_expired').on(t.expires_at),
  ],
)
