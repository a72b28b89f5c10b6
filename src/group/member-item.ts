import { sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Placeholders } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import type { Call } from '../operation/operation.ts'

/** A member as lists answer it. */
export const memberInfo = z.object({
  display_name: z.string(),
  expired_time: z.int().describe('end of the ban in milliseconds; 0 none, -1 for ever'),
  join_time: z.int().describe('milliseconds'),
  user_id: z.int(),
})

/**
 * The group, the user who looks at its members (null: sees what the owner sees), and the time in
 * milliseconds.
 */
export type SeenBy = { group_id: number; viewer_id: number | null; now: number }

export const seenBy = ({ caller, now }: Call<unknown>, group_id: number): SeenBy => ({
  group_id,
  viewer_id: caller.user_id,
  now,
})

/**
 * The columns of a member that this viewer may see. With `hide_member_info`, ordinary members see little of
 * each other (docs/behaviour.md, section 8). The two inner SELECTs are the same for all rows, so SQLite runs
 * each once. All columns are written as SQL, because Drizzle allows none of its own where FROM names an
 * index.
 */
export function memberItem(p: Placeholders<SeenBy>) {
  const hidden = sql`(SELECT ${groups.hide_member_info} FROM ${groups} WHERE ${groups.group_id} = ${p.group_id})
    AND ${members.role} = 1 AND ${members.user_id} IS NOT ${p.viewer_id}
    AND (SELECT role FROM ${members} AS viewer WHERE viewer.group_id = ${p.group_id} AND viewer.user_id = ${p.viewer_id}) = 1`
  return {
    display_name: sql<string>`CASE WHEN ${hidden} THEN '' ELSE ${members.display_name} END`.as(
      'display_name',
    ),
    expired_time: sql<number>`CASE WHEN ${members.ban_until} = 0 OR NOT ${inForce(p.now)} THEN 0
      WHEN ${hidden} THEN 0 ELSE ${members.ban_until} END`.as('expired_time'),
    join_time: sql<number>`${members.joined_at}`.as('join_time'),
    user_id: sql<number>`${members.user_id}`.as('user_id'),
  }
}

/** A ban that is not over. */
export const inForce = (now: unknown) => sql`(${members.ban_until} = -1 OR ${members.ban_until} > ${now})`
