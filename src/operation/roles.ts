import type { ErrorName } from './errors.ts'

/** Roles as the database stores them. A higher number is a higher role. */
export const role = { member: 1, admin: 2, owner: 3 } as const
export type Role = (typeof role)[keyof typeof role]

/** The role that an operation needs in the group that it names (docs/behaviour.md, section 4). */
export type Requirement = 'anyone' | 'member' | 'inviter' | 'editor' | 'admin' | 'owner'

interface Situation {
  /** null: not a member. */
  readonly role: number | null
  readonly member_invite: boolean
  readonly member_modify: boolean
}

/** Why the caller may not do this, by the table of roles; undefined if it may. */
export function refusalFor(
  requirement: Requirement,
  { role: has, member_invite, member_modify }: Situation,
): ErrorName | undefined {
  if (requirement === 'anyone') return undefined
  if (has === null) return 'needs_member'
  switch (requirement) {
    case 'member':
      return undefined
    case 'inviter':
      return member_invite || has >= role.admin ? undefined : 'needs_admin'
    case 'editor':
      return member_modify || has >= role.admin ? undefined : 'needs_admin'
    case 'admin':
      return has >= role.admin ? undefined : 'needs_admin'
    case 'owner':
      return has === role.owner ? undefined : 'needs_owner'
  }
}

/**
 * Why the actor may not kick, ban or block the target: the target has the same or a higher role. A user who
 * is not a member (null) has no role.
 */
export function refusalToActOn(actor: number, target: number | null): ErrorName | undefined {
  if (target === null || actor > target) return undefined
  return target === role.owner ? 'no_permission' : 'needs_owner'
}
