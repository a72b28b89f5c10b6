import type { Group, Member } from './world.ts'
import { role } from './world.ts'

/*
 * May this user do this? Written from docs/webhooks.md and docs/behaviour.md, section 4, without a look at
 * the service's own rules. `until` and `version` are compared where the model knows them.
 */

export const actions = ['post', 'read', 'invite', 'manage', 'upload'] as const
type Action = (typeof actions)[number]

export interface ExpectedVerdict {
  readonly allowed: boolean
  readonly reason: string
  readonly role: number
}

function refusal(action: Action, group: Group, member: Member): string {
  const leads = member.role !== role.member
  switch (action) {
    case 'read':
      return ''
    case 'manage':
      return leads ? '' : 'needs_admin'
    case 'invite':
      return leads || group.profile.member_invite ? '' : 'needs_admin'
    case 'post':
    case 'upload':
      return banOf(group, member, leads)
  }
}

/** The ban that lasts longer is the one that is named. */
function banOf(group: Group, member: Member, leads: boolean): string {
  const all = leads ? 0 : group.ban_all
  if (member.ban === 0) return all === 0 ? '' : 'all_banned'
  if (all === 0 || member.ban === -1) return 'banned'
  if (all === -1) return 'all_banned'
  // The end of a ban of all is known to the model in seconds only: equal ends name either.
  const [own, others] = [member.ban.from, all.from * 1000]
  if (Math.abs(own - others) <= 2000) return 'banned or all_banned'
  return own > others ? 'banned' : 'all_banned'
}

/** What the service must answer. */
export function verdictOf(action: Action, group: Group | undefined, user_id: number): ExpectedVerdict {
  if (group === undefined) return { allowed: false, reason: 'group_not_found', role: 0 }
  const member = group.members.get(user_id)
  if (member === undefined) return { allowed: false, reason: 'not_a_member', role: 0 }
  const reason = refusal(action, group, member)
  return { allowed: reason === '', reason, role: member.role }
}
