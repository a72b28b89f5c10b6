import { banInForce } from '../group/answers.ts'
import { type Requirement, refusalFor, role } from '../operation/roles.ts'

/** What a message server asks about: `upload` is to send a file to the group. */
export const actions = ['post', 'read', 'invite', 'manage', 'upload'] as const
export type Action = (typeof actions)[number]

export const reasons = ['', 'group_not_found', 'not_a_member', 'needs_admin', 'banned', 'all_banned'] as const
export type Reason = (typeof reasons)[number]

/** A user in a group, as stored. `version` null: there is no such group in the app, or it is dissolved. */
export interface Standing {
  readonly version: number | null
  /** null: not a member. */
  readonly role: number | null
  readonly ban_until: number | null
  readonly ban_all_until: number | null
  readonly member_invite: boolean | null
  readonly member_modify: boolean | null
}

export interface Verdict {
  readonly allowed: boolean
  readonly reason: Reason
  /** When what speaks against it ends: milliseconds since 1970; 0 nothing does by itself, -1 never. */
  readonly until: number
  /** 0 no member, 1 member, 2 admin, 3 owner. */
  readonly role: number
  /** The group's version that this rests on; 0 without a group. */
  readonly version: number
  /** How long this stays true by itself, milliseconds; -1: until the group changes. */
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

/** The later of two ends of bans; -1 never ends. */
const later = (a: number, b: number): number => (a === -1 || b === -1 ? -1 : Math.max(a, b))

/** May this user do this, now? Pure: the operations of /authz and the integrations ask the same rules. */
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
  // A ban of all leaves admins alone.
  const all = unbanned && has < role.admin ? banInForce(standing.ban_all_until ?? 0, now) : 0
  const until = later(ban, all)
  // The ban that lasts longer is the reason, so that the answer stays true until its end.
  if (until !== 0) return refused(ban === until ? 'banned' : 'all_banned', until)
  return { allowed: true, reason: '', until: 0, ...of, ttl_ms: -1 }
}
