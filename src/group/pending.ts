import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { applications, invitations } from '../db/schema.ts'

/**
 * The status as answered: a pending application or invitation that has expired is shown as void (2), since
 * nobody can handle it any more.
 */
export const statusAt = (
  table: typeof applications | typeof invitations,
  now: Placeholder,
): SQL.Aliased<number> =>
  sql<number>`CASE WHEN ${table.status} = 0 AND ${table.expires_at} <= ${now} THEN 2 ELSE ${table.status} END`.as(
    'status',
  )

/**
 * How many former ids a row keeps of an application or invitation that was made again and again. A cursor
 * that names an older id may miss the row.
 */
export const mostFormerIds = 32
