import { and, eq, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { erasedUsers } from '../db/schema-erasure.ts'

/*
 * The ledger of erased users: who was erased and how far an erasure has come. A row is written with the
 * request and is never deleted, so a restore of an older backup can erase the user again.
 */

/** What happens to the groups that an erased user owns. */
export const ownedChoices = ['transfer', 'dissolve', 'refuse'] as const
export type Owned = (typeof ownedChoices)[number]

export type Erasure = typeof erasedUsers.$inferSelect

export const erasureOf = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select()
    .from(erasedUsers)
    .where(and(eq(erasedUsers.app_id, p.app_id), eq(erasedUsers.user_id, p.user_id))),
)

/** The next erasure that is not done yet, of any app, after the one of this app and user. */
export const nextErasure = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select()
    .from(erasedUsers)
    .where(
      and(
        sql`(${erasedUsers.app_id}, ${erasedUsers.user_id}) > (${p.app_id}, ${p.user_id})`,
        sql`finished_at = 0`,
      ),
    )
    .orderBy(erasedUsers.app_id, erasedUsers.user_id)
    .limit(1),
)

/** The ledger of an app after a user, in the order of ids. */
export const erasuresAfter = query<{ app_id: string; user_id: number; most: number }>()(p =>
  db
    .select()
    .from(erasedUsers)
    .where(and(eq(erasedUsers.app_id, p.app_id), sql`${erasedUsers.user_id} > ${p.user_id}`))
    .orderBy(erasedUsers.user_id)
    .limit(p.most),
)

/** Begins an erasure. Of a user that was erased before, the earlier row is replaced. */
export const beginErasure = command<{
  app_id: string
  user_id: number
  now: number
  owned: Owned
  step: string
}>()(
  p => sql`INSERT INTO erased_users (app_id, user_id, erased_at, finished_at, owned, step, place)
    VALUES (${p.app_id}, ${p.user_id}, ${p.now}, 0, ${p.owned}, ${p.step}, '')
    ON CONFLICT (app_id, user_id) DO UPDATE SET erased_at = excluded.erased_at, finished_at = 0, owned = excluded.owned,
      step = excluded.step, place = ''`,
)

type OfErasure = { app_id: string; user_id: number; erased_at: number }

/** Saves how far an erasure has come. */
export const saveStep = command<OfErasure & { step: string; place: string }>()(
  p => sql`UPDATE erased_users SET step = ${p.step}, place = ${p.place}
    WHERE app_id = ${p.app_id} AND user_id = ${p.user_id} AND erased_at = ${p.erased_at} AND finished_at = 0`,
)

export const finishErasure = command<OfErasure & { now: number }>()(
  p => sql`UPDATE erased_users SET finished_at = ${p.now}, step = '', place = ''
    WHERE app_id = ${p.app_id} AND user_id = ${p.user_id} AND erased_at = ${p.erased_at}`,
)
