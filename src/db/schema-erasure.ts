import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/* The ledger of erased users. The other tables of apps are in `schema.ts`. */

/**
 * Users that were erased, or are being erased. A row stays for ever and holds nothing but the id, so that a
 * restore of an older backup can erase the user again. If the same id is used later, that is another person.
 */
export const erasedUsers = sqliteTable(
  'erased_users',
  {
    app_id: text('app_id').notNull(),
    user_id: integer('user_id').notNull(),
    /** When the erasure was asked for. What the id does after it is done belongs to another person. */
    erased_at: integer('erased_at').notNull(),
    /** When it was done; 0 while it is under way. */
    finished_at: integer('finished_at').notNull(),
    /** What happens to the groups that the user owns. */
    owned: text('owned').$type<'transfer' | 'dissolve' | 'refuse'>().notNull(),
    /** The step that is under way, and how far it has come. A new process goes on from there. */
    step: text('step').notNull(),
    place: text('place').notNull(),
  },
  t => [
    primaryKey({ columns: [t.app_id, t.user_id] }),
    index('erased_users_under_way').on(t.app_id, t.user_id).where(sql`finished_at = 0`),
  ],
)
