import { and, eq, sql } from 'drizzle-orm'
import { type Bound, db, each, query } from '../db/query.ts'
import { absentBans, blacklist, members } from '../db/schema.ts'
import type { ErrorName } from '../operation/errors.ts'
import { refusalToActOn } from '../operation/roles.ts'
import { failed, type ItemResult, succeeded } from './answers.ts'
import type { Actor } from './group-operation.ts'

/**
 * A user that an admin acts on (kicks, bans, blocks, …). One row per user of the list, in the list's order.
 */
export interface Target {
  readonly user_id: number
  /** null: not a member. */
  readonly role: number | null
  readonly blocked_at: number | null
  /** Milliseconds since 1970; 0 none, -1 for ever; null: not a member. */
  readonly ban_until: number | null
  /**
   * The end of the ban of a user who is not a member at present; null: the user was not banned on leaving.
   */
  readonly absent_until: number | null
}

const targetRows = query<{ group_id: number; user_ids: readonly number[] }>()(p =>
  db
    .select({
      user_id: sql<number>`item.value`.as('user_id'),
      role: members.role,
      blocked_at: blacklist.blocked_at,
      ban_until: members.ban_until,
      absent_until: absentBans.absent_until,
    })
    .from(sql`${each(p.user_ids)} AS item`)
    .leftJoin(members, and(eq(members.group_id, p.group_id), sql`${members.user_id} = item.value`))
    .leftJoin(blacklist, and(eq(blacklist.group_id, p.group_id), sql`${blacklist.user_id} = item.value`))
    .leftJoin(absentBans, and(eq(absentBans.group_id, p.group_id), sql`${absentBans.user_id} = item.value`)),
)

export const targets = (group_id: number, user_ids: readonly number[]): Bound<Target> =>
  targetRows({ group_id, user_ids: user_ids })

/** Why the actor may not act on this user: the user is not a member, or does not have a lower role. */
export const refusalForMember = (me: Actor, target: Target): ErrorName | undefined =>
  target.role === null ? 'not_a_member' : refusalToActOn(me.role ?? 0, target.role)

/** Judges each target in turn. Answers the results of all targets, and the targets that passed. */
export function judgeEach<T extends { readonly user_id: number }>(
  list: readonly T[],
  refusalOf: (target: T) => ErrorName | string | undefined,
) {
  const results: ItemResult[] = []
  const passed: T[] = []
  for (const target of list) {
    const refusal = refusalOf(target)
    results.push(refusal === undefined ? succeeded(target.user_id) : failed(target.user_id, refusal))
    if (refusal === undefined) passed.push(target)
  }
  return { results, passed, ids: passed.map(target => target.user_id) }
}
