import type { Moment } from './moment.ts'
import {
  each,
  failed,
  groupRule,
  no,
  type Rule,
  refusalOf,
  rule,
  someReason,
  succeeded,
  yes,
} from './rule.ts'
import { groupInfo } from './views.ts'
import {
  agreed,
  type Group,
  type Invitation,
  newGroup,
  pending,
  rejected,
  role,
  type World,
} from './world.ts'

const week = 7 * 24 * 60
const kicksAllowed = 3

/** Why this user may not join, whichever way; the first reason in the order of the specification. */
function refusalToJoin(
  world: World,
  group: Group,
  user_id: number,
  kicks = group.kicks.get(user_id) ?? 0,
): number | undefined {
  if (group.members.has(user_id)) return 20017
  if (group.blacklist.has(user_id)) return 20018
  if (kicks >= kicksAllowed) return 20016
  if (group.members.size >= group.capacity) return 20010
  if (world.groupsOf(user_id).length >= world.rules.max_groups_joined) return 20009
  return undefined
}

function join(world: World, group: Group, user_id: number, at: Moment): void {
  world.addMember(group, user_id, at)
  world.settle(group.group_id, user_id, agreed, at)
}

interface Inviting {
  readonly world: World
  readonly group: Group
  readonly inviter_id: number
  readonly reason: string
  readonly at: Moment
}

/**
 * Has one user join, or asks for its consent; answers why not. An admin's invitation resets the count of
 * kicks.
 */
function inviteOne({ world, group, inviter_id, reason, at }: Inviting, user_id: number): number | undefined {
  const byAdmin = (group.members.get(inviter_id)?.role ?? 0) >= role.admin
  const refusal = refusalToJoin(world, group, user_id, byAdmin ? 0 : undefined)
  if (refusal !== undefined) return refusal
  if (byAdmin) group.kicks.delete(user_id)
  if (!(world.confirm.get(user_id) ?? world.rules.invite_confirm)) {
    join(world, group, user_id, at)
    return undefined
  }
  const { group_id } = group
  // Whoever invites again takes its earlier invitation back: the new one is the newest.
  const again = (old: Invitation) =>
    old.group_id === group_id && old.invitee_id === user_id && old.inviter_id === inviter_id
  world.invitations = world.invitations.filter(old => !again(old))
  world.invitations.push({
    group_id,
    inviter_id,
    invitee_id: user_id,
    reason,
    expires: at.plus(week),
    status: pending,
    updated: at,
  })
  return undefined
}

export const createRule = rule('create', {
  self: true,
  sends: f => ({
    type: f.number % 4,
    name: f.text,
    description: f.text,
    avatar: f.url,
    user_list: f.user_list,
  }),
  judge({ world, caller, fields, at, made }) {
    const owner_id = caller.user_id ?? 0
    const { rules } = world
    // A dissolved group no longer counts.
    if (world.live().filter(group => group.creator_id === owner_id).length >= rules.max_groups_created)
      return no(20008)
    if (world.groupsOf(owner_id).length >= rules.max_groups_joined) return no(20009)
    const group: Group = newGroup(Number(made('group_id')), owner_id, fields.number % 4, rules, at)
    Object.assign(group.profile, { name: fields.text, description: fields.text, avatar: fields.url })
    world.groups.set(group.group_id, group)
    world.addMember(group, owner_id, at, role.owner)
    for (const user_id of new Set(fields.user_list)) {
      if (user_id !== owner_id) inviteOne({ world, group, inviter_id: owner_id, reason: '', at }, user_id)
    }
    return yes(groupInfo(group, undefined))
  },
})

const invite = groupRule('invite', 'inviter', {
  sends: f => ({ user_list: f.user_list, reason: f.text }),
  judge: ({ world, group, actor_id, fields, at }) =>
    each(fields.user_list, user_id =>
      inviteOne({ world, group, inviter_id: actor_id, reason: fields.text, at }, user_id),
    ),
})

const handleInvitation = groupRule('invite/handle', 'anyone', {
  self: true,
  sends: f => ({ user_id: f.user_id, approval: f.flag }),
  judge({ world, group, actor_id, fields, at }) {
    const ofInviter = (item: Invitation) => fields.user_id === actor_id || item.inviter_id === fields.user_id
    const mayInvite = (item: Invitation) =>
      refusalOf('inviter', group, group.members.get(item.inviter_id)) === undefined
    const meant = world
      .pendingInvitations(group.group_id, actor_id)
      .findLast(item => ofInviter(item) && (!fields.flag || mayInvite(item)))
    if (meant === undefined) return no(20015)
    if (!fields.flag) {
      meant.status = rejected
      meant.updated = at
      return yes(true)
    }
    const refusal = refusalToJoin(world, group, actor_id)
    if (refusal !== undefined) return no(refusal)
    join(world, group, actor_id, at)
    return yes(true)
  },
})

const apply = groupRule('apply', 'anyone', {
  self: true,
  sends: f => ({ reason: f.text }),
  judge({ world, group, actor_id, fields, at }) {
    const refusal = refusalToJoin(world, group, actor_id)
    if (refusal !== undefined) return no(refusal)
    const { apply_approval } = group.profile
    if (apply_approval === 2) return yes(failed(actor_id, someReason))
    if (apply_approval === 0) {
      join(world, group, actor_id, at)
      return yes(succeeded(actor_id))
    }
    const { group_id } = group
    // One application per applicant: a new one takes the place of the last and is the newest.
    world.applications = world.applications.filter(
      old => old.group_id !== group_id || old.applicant_id !== actor_id,
    )
    world.applications.push({
      group_id,
      applicant_id: actor_id,
      reason: fields.text,
      expires: at.plus(week),
      status: pending,
    })
    return yes(succeeded(actor_id))
  },
})

const handleApplication = groupRule('apply/handle', 'admin', {
  sends: f => ({ user_id: f.user_id, approval: f.flag }),
  judge({ world, group, fields, at }) {
    const { user_id, flag } = fields
    const application = world.pendingApplication(group.group_id, user_id)
    if (application === undefined) return no(20014)
    if (!flag) {
      application.status = rejected
      return yes(succeeded(user_id))
    }
    const refusal = refusalToJoin(world, group, user_id)
    if (refusal !== undefined) return no(refusal)
    join(world, group, user_id, at)
    return yes(succeeded(user_id))
  },
})

const qrcodeSign = groupRule('qrcode/sign', 'inviter', {
  method: 'GET',
  judge({ world, group, actor_id, at, made }) {
    const qr_info = String(made('qr_info'))
    world.codes.push({ qr_info, group_id: group.group_id, inviter_id: actor_id, ended: false })
    const until = at.plus(week)
    return yes({ create_at: at, expire_at: until, expired: until, qr_info })
  },
})

const qrcodeRevoke = groupRule('qrcode/revoke', 'member', {
  // Somebody's, or without a user the caller's own, or for an admin the whole group's.
  sends: f => (f.flag ? { user_id: f.user_id } : {}),
  judge({ world, group, actor_id, me, fields }) {
    const admin = (me?.role ?? 0) >= role.admin
    const inviter_id = fields.flag ? fields.user_id : admin ? undefined : actor_id
    if (!admin && inviter_id !== actor_id) return no(20012)
    for (const code of world.codes) {
      if (code.group_id === group.group_id && code.inviter_id === (inviter_id ?? code.inviter_id))
        code.ended = true
    }
    group.version.change()
    return yes(true)
  },
})

const memberJoin = groupRule('admin/member_join', 'admin', {
  sends: f => ({ user_list: f.user_list }),
  judge({ world, group, caller, fields, at }) {
    if (!caller.administrator) return no(10010)
    return each(fields.user_list, user_id => {
      const refusal = refusalToJoin(world, group, user_id, 0)
      if (refusal !== undefined) return refusal
      group.kicks.delete(user_id)
      join(world, group, user_id, at)
      return undefined
    })
  },
})

const qrcodeInvite = groupRule('qrcode/invite', 'anyone', {
  self: true,
  sends: f => ({ qr_info: f.code.qr_info }),
  groupOf: ({ world, fields }) => (world.codes.includes(fields.code) ? fields.code.group_id : no(20024)),
  judge({ world, group, actor_id, fields, at }) {
    const inviter = group.members.get(fields.code.inviter_id)
    if (fields.code.ended || refusalOf('inviter', group, inviter) !== undefined) return no(20024)
    const refusal = refusalToJoin(world, group, actor_id)
    if (refusal !== undefined) return no(refusal)
    join(world, group, actor_id, at)
    return yes(groupInfo(group, group.members.get(actor_id)))
  },
})

export const joiningRules: readonly Rule[] = [
  createRule,
  invite,
  handleInvitation,
  apply,
  handleApplication,
  qrcodeSign,
  qrcodeRevoke,
  qrcodeInvite,
  memberJoin,
]
