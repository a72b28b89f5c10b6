import { banInForce } from '../group/answers.ts'
import { type Requirement, refusalFor, role } from '../operation/roles.ts'

/** The actions that a message server asks about. `upload` means sending a file to the group. */
export const actions = ['post', 'read', 'invite', 'manage', 'upload'] as const
export type Action = (typeof actions)[number]

export const reasons = ['', 'group_not_found', 'not_a_member', 'needs_admin', 'banned', 'all_banned'] as const
export type Reason = (typeof reasons)[number]

/** A user in a group, as stored. `version` is null if the app has no such group or it is dissolved. */
export interface Standing {
  readonly version: number | null
  /** null if the user is not a member. */
  readonly role: number | null
  readonly ban_until: number | null
  readonly ban_all_until: number | null
  readonly member_invite: boolean | null
  readonly member_modify: boolean | null
}

export interface Verdict {
  readonly allowed: boolean
  readonly reason: Reason
  /**
   * When the ban ends that is the reason, milliseconds since 1970. 0: no ban is the reason. -1: it never
   * ends.
   */
  readonly until: number
  /** 0 no member, 1 member, 2 admin, 3 owner. */
  readonly role: number
  /** The version of the group from which this was decided; 0 without a group. */
  readonly version: number
  /** For how long this is true if nobody changes the group, milliseconds. -1: until the group changes. */
  readonly ttl_ms: number
}

/** The role that each action needs (docs/behaviour.md, section 4). Only some are also subject to bans. */
const needs: Readonly<Record<Action, { readonly requirement: Requirement; readonly unbanned: boolean }>> = {
  post: { requirement: 'member', unbanned: true },
  upload: { requirement: 'member', unbanned: true },
  read: { requirement: 'member', unbanned: false },
  invite: { requirement: 'inviter', unbanned: false },
  manage: { requirement: 'admin', unbanned: false },
}

/** The later of two ends of bans. -1 means without end. */
const later = (a: number, b: number): number => (a === -1 || b === -1 ? -1 : Math.max(a, b))

/** Decides whether a user may do this now, for the operations of /authz and for the integrations. */
export function judge(action: Action, standing: Standing, now: number): Verdict {
  const { version, role: has } = standing
  const of = { role: version === null ? 0 : (has ?? 0), version: version ?? 0 }
  const refused = (reason: Reason, until = 0): Verdict => ({
    allowed: false,
    reason,
    until,
    ...of,
    ttl_ms: until > 0 ? until - now : -1,
  })
  if (version === null) return refused('group_not_found')
  if (has === null) return refused('not_a_member')
  const { requirement, unbanned } = needs[action]
  const refusal = refusalFor(requirement, {
    role: has,
    member_invite: standing.member_invite ?? false,
    member_modify: standing.member_modify ?? false,
  })
  if (refusal !== undefined) return refused('needs_admin')
  const ban = unbanned ? banInForce(standing.ban_until ?? 0, now) : 0
  // A ban of all members does not concern admins.
  const all = unbanned && has < role.admin ? banInForce(standing.ban_all_until ?? 0, now) : 0
  const until = later(ban, all)
  // If there are two bans, the longer one is the reason, because the answer is true until that one ends.
  if (until !== 0) return refused(ban === until ? 'banned' : 'all_banned', until)
  return { allowed: true, reason: '', until: 0, ...of, ttl_ms: -1 }
}
