import { sql } from 'drizzle-orm'
import { type Bound, command, each, listOf } from '../db/query.ts'
import { banInForce } from './answers.ts'

/*
 * A ban goes on when its member leaves, is kicked or is blocked: a user who comes back is banned again
 * (docs/behaviour.md, section 4). While the user is away, the table absent_bans keeps the ban.
 */

/** `items` is a JSON list of [user_id, end of the ban]. */
const keep = command<{ group_id: number; items: readonly unknown[] }>()(
  p => sql`INSERT INTO absent_bans (group_id, user_id, absent_until)
    SELECT ${p.group_id}, value ->> 0, value ->> 1 FROM ${each(p.items)} WHERE true
    ON CONFLICT (group_id, user_id) DO UPDATE SET absent_until = excluded.absent_until`,
)

interface Leaving {
  readonly user_id: number
  /** Milliseconds since 1970; 0 none, -1 for ever. */
  readonly ban_until: number | null
}

/** Keeps the bans that are in force when members leave. */
export function keepBans(group_id: number, leaving: readonly Leaving[], now: number): Bound[] {
  const banned = leaving.filter(member => banInForce(member.ban_until ?? 0, now) !== 0)
  if (banned.length === 0) return []
  return [keep({ group_id, items: banned.map(member => [member.user_id, member.ban_until]) })]
}

const banAgain = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`UPDATE members SET ban_until =
      (SELECT absent_until FROM absent_bans a WHERE a.group_id = members.group_id AND a.user_id = members.user_id)
    WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)

const forget = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`DELETE FROM absent_bans WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)

interface Returning {
  readonly user_id: number
  /** null: was not banned on leaving. */
  readonly absent_until: number | null
}

/** Bans again the users who were banned when they left. Must run after they have become members. */
export function restoreBans(group_id: number, joining: readonly Returning[], now: number): Bound[] {
  const returning = joining.filter(candidate => candidate.absent_until !== null)
  if (returning.length === 0) return []
  const idsOf = (list: readonly Returning[]) => list.map(candidate => candidate.user_id)
  const banned = returning.filter(candidate => banInForce(candidate.absent_until ?? 0, now) !== 0)
  return [
    ...(banned.length > 0 ? [banAgain({ group_id, user_ids: idsOf(banned) })] : []),
    forget({ group_id, user_ids: idsOf(returning) }),
  ]
}

/** Lifts the bans of users who are not members at present. */
export const liftAbsentBans = (group_id: number, user_ids: readonly number[]): Bound[] =>
  user_ids.length === 0 ? [] : [forget({ group_id, user_ids })]
