import {
  type Call,
  each,
  type GroupCall,
  groupRule,
  no,
  type Rule,
  rule,
  someReason,
  succeeded,
  yes,
} from './rule.ts'
import { type Group, pending, rejected, role } from './world.ts'

const tenYears = 5_256_000
const durations = [-1, 30, 60, tenYears, 0, tenYears + 1, -2] as const
/** Minutes of a ban; some are wrong. */
const duration = (f: { number: number }): number => durations[f.number % durations.length] ?? 1
const wrongDuration = (f: { number: number }): boolean =>
  duration(f) !== -1 && (duration(f) < 1 || duration(f) > tenYears)
const endOf = ({ fields, at }: Call) => (duration(fields) === -1 ? -1 : at.plus(duration(fields)))

/** Nobody acts on someone of the same or a higher role. */
const mayActOn = ({ group, me }: GroupCall, user_id: number): boolean =>
  (me?.role ?? 0) > (group.members.get(user_id)?.role ?? 0)

/** Why the caller may not act on this member: it is none, or of too high a role. */
const refusalOnMember = (call: GroupCall, user_id: number) =>
  !call.group.members.has(user_id) ? 20002 : mayActOn(call, user_id) ? undefined : someReason

function remove(group: Group, user_id: number): void {
  const ban = group.members.get(user_id)?.ban ?? 0
  if (ban !== 0) group.absentBans.set(user_id, ban)
  if (group.members.delete(user_id)) group.version.change()
}

const kick = groupRule('kick', 'admin', {
  sends: f => ({ user_list: f.user_list }),
  judge: call =>
    each(call.fields.user_list, user_id => {
      const refusal = refusalOnMember(call, user_id)
      if (refusal !== undefined) return refusal
      const { group } = call
      group.kicks.set(user_id, (group.kicks.get(user_id) ?? 0) + 1)
      remove(group, user_id)
      return undefined
    }),
})

const leave = groupRule('leave', 'member', {
  self: true,
  judge({ group, actor_id, me }) {
    if (me?.role === role.owner) return no(20004)
    remove(group, actor_id)
    return yes(true)
  },
})

const ban = groupRule('ban', 'admin', {
  sends: f => ({ user_list: f.user_list, duration: duration(f) }),
  wrong: wrongDuration,
  judge(call) {
    const until = endOf(call)
    return each(call.fields.user_list, user_id => {
      const refusal = refusalOnMember(call, user_id)
      const member = call.group.members.get(user_id)
      if (refusal === undefined && member !== undefined) member.ban = until
      return refusal
    })
  },
})

const unban = groupRule('unban', 'admin', {
  sends: f => ({ user_list: f.user_list }),
  judge: call =>
    each(call.fields.user_list, user_id => {
      // Also of one who is away.
      if (call.group.absentBans.delete(user_id)) return undefined
      const refusal = refusalOnMember(call, user_id)
      const member = call.group.members.get(user_id)
      if (refusal === undefined && member !== undefined) member.ban = 0
      return refusal
    }),
})

const banAll = groupRule('settings/ban_all', 'admin', {
  sends: f => ({ duration: duration(f) }),
  wrong: wrongDuration,
  judge(call) {
    const until = endOf(call)
    call.group.ban_all = until === -1 ? -1 : until.inSeconds()
    call.group.version.change()
    return yes({ ban_expire_time: call.group.ban_all })
  },
})

const unbanAll = groupRule('settings/unban_all', 'admin', {
  judge({ group }) {
    group.ban_all = 0
    return yes(true)
  },
})

const block = groupRule('block', 'admin', {
  sends: f => ({ user_list: f.user_list }),
  judge: call =>
    each(call.fields.user_list, user_id => {
      const { group, world, at } = call
      if (group.blacklist.has(user_id)) return 20018
      if (!mayActOn(call, user_id)) return someReason
      remove(group, user_id)
      group.blacklist.set(user_id, at)
      group.version.change()
      world.settle(group.group_id, user_id, rejected, at)
      return undefined
    }),
})

const unblock = groupRule('unblock', 'admin', {
  sends: f => ({ user_list: f.user_list }),
  judge: ({ fields, group }) =>
    each(fields.user_list, user_id => {
      if (!group.blacklist.delete(user_id)) return someReason
      group.kicks.delete(user_id)
      group.version.change()
      return undefined
    }),
})

/** Members of one role get another. */
const changeRole = (name: string, from: number, to: number): Rule =>
  groupRule(name, 'owner', {
    sends: f => ({ user_list: f.user_list }),
    judge: ({ fields, group }) =>
      each(fields.user_list, user_id => {
        const member = group.members.get(user_id)
        if (member === undefined) return 20002
        if (member.role !== from) return someReason
        member.role = to
        group.version.change()
        return undefined
      }),
  })

const transfer = groupRule('transfer', 'owner', {
  sends: f => ({ new_owner: f.user_id }),
  judge({ group, fields, actor_id, me }) {
    if (fields.user_id === actor_id) return no(10002)
    const heir = group.members.get(fields.user_id)
    if (heir === undefined || me === undefined) return no(20005)
    me.role = role.member
    heir.role = role.owner
    heir.ban = 0
    group.version.change()
    return yes(succeeded(heir.user_id))
  },
})

const destroy = groupRule('destroy', 'owner', {
  judge({ group, world, at }) {
    group.dissolved = true
    for (const invitation of world.invitations) {
      if (invitation.group_id !== group.group_id || invitation.status !== pending) continue
      invitation.status = rejected
      invitation.updated = at
    }
    return yes(true)
  },
})

const displayName = groupRule('display_name', 'member', {
  self: true,
  sends: f => ({ value: f.text }),
  judge({ me, fields }) {
    if (me !== undefined) me.display_name = fields.text
    return yes(true)
  },
})

const muteMode = groupRule('msg/mute_mode', 'member', {
  self: true,
  sends: f => ({ msg_mute_mode: f.number % 4 }),
  wrong: f => f.number % 4 > 2,
  judge({ me, fields }) {
    if (me !== undefined) me.mute = fields.number % 4
    return yes({})
  },
})

const notDisturb = groupRule('msg/not_disturb', 'member', {
  self: true,
  sends: f => ({ value: f.flag }),
  judge({ me, fields }) {
    if (me !== undefined) me.mute = fields.flag ? 1 : 0
    return yes({})
  },
})

const pushMode = groupRule('msg/push_mode', 'member', {
  self: true,
  sends: f => ({ msg_push_mode: f.number % 6 }),
  wrong: f => f.number % 6 > 4 && 20003,
  judge({ me, fields }) {
    if (me !== undefined) me.push = fields.number % 6
    return yes({})
  },
})

const confirm = rule('user/settings', {
  path: '/user/settings',
  self: true,
  sends: f => ({ group_confirm: f.flag }),
  judge({ world, caller, fields }) {
    world.confirm.set(caller.user_id ?? 0, fields.flag)
    return yes(true)
  },
})

export const membershipRules: readonly Rule[] = [
  kick,
  leave,
  ban,
  unban,
  banAll,
  unbanAll,
  block,
  unblock,
  changeRole('admin/add', role.member, role.admin),
  changeRole('admin/remove', role.admin, role.member),
  transfer,
  destroy,
  displayName,
  muteMode,
  notDisturb,
  pushMode,
  confirm,
]
