import type { ErrorName } from './errors.ts'

/** As stored: the higher number is the higher role. */
export const role = { member: 1, admin: 2, owner: 3 } as const
export type Role = (typeof role)[keyof typeof role]

/** What an operation asks of its caller in the group it names (docs/behaviour.md, section 4). */
export type Requirement = 'anyone' | 'member' | 'inviter' | 'editor' | 'admin' | 'owner'

interface Situation {
  /** null: not a member. */
  readonly role: number | null
  readonly member_invite: boolean
  readonly member_modify: boolean
}

/** The roles table: why the caller may not, or undefined if it may. */
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

/** Nobody kicks, bans or blocks someone of the same or a higher role. A non-member (null) has none. */
export function refusalToActOn(actor: number, target: number | null): ErrorName | undefined {
  if (target === null || actor > target) return undefined
  return target === role.owner ? 'no_permission' : 'needs_owner'
}
