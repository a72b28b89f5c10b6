import type { Caller, Fields, Rule } from './rule.ts'
import type { CallerKind, Step } from './steps.ts'
import { type Group, ownerOf, pending, type QrCode, role, type World } from './world.ts'

/** On whose behalf a request is sent, and what the service and the model are told of it. */
export interface As {
  /** undefined: the administrator. */
  readonly token: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly caller: Caller
  /** What the headers alone are refused with. */
  readonly refused?: number
}

export interface Request extends As {
  readonly rule: Rule
  readonly fields: Fields
}

export const asUser = (user_id: number): As => ({
  token: user_id,
  headers: {},
  caller: { administrator: false, user_id, only_group: null },
})
export const asAdministrator: As = {
  token: undefined,
  headers: {},
  caller: { administrator: true, user_id: null, only_group: null },
}

/** An administrator with acting headers. */
const acting = (headers: { readonly user_id?: number; readonly group_id?: number }): As => ({
  token: undefined,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  caller: {
    administrator: true,
    user_id: headers.user_id ?? null,
    only_group: headers.group_id ?? null,
  },
})

/** An id that nothing and nobody has. */
const nothing = 7
const forged: QrCode = { qr_info: '1.2.3.forged', group_id: 0, inviter_id: 0, ended: false }

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length]

/** What a step means as things stand. */
interface Aim {
  readonly group: Group | undefined
  readonly as: As
  /** Whom it is about, of whom the first is the one where there is one. */
  readonly users: readonly number[]
}

export function requestOf(world: World, step: Step): Request {
  const { rule, number: n } = step
  const { group, as, users } = aimOf(world, step)
  const announcements = [...(group?.announcements ?? []).map(item => item.id), nothing]
  const files = [...(group?.files ?? []).map(item => item.file_id), nothing]
  const fields: Fields = {
    group_id: n % 50 === 0 ? nothing : (group?.group_id ?? nothing),
    group_list: [...world.groups.keys(), nothing].slice(n % 3),
    user_list: users,
    user_id: users[0] ?? nothing,
    number: n,
    flag: step.flag,
    text: step.text,
    url: n % 5 === 0 ? '' : `https://files.example/${n}`,
    announcement_id: pick(announcements, n) ?? nothing,
    file_id: pick(files, n) ?? nothing,
    file_list: step.users.map(i => pick(files, i) ?? nothing),
    code: (n % 20 === 0 ? undefined : pick(world.codes, n)) ?? forged,
  }
  return { rule, ...as, fields }
}

/** Chance says whom a step is about, but three times out of four those for whom the operation is. */
function aimOf(world: World, step: Step): Aim {
  const { rule, number: n } = step
  const users = step.users.map(user => pick(world.users, user) ?? nothing)
  const [user = nothing] = users
  const group = pick([...world.groups.values()], step.group)
  const aim: Aim = { group, as: callerOf(world, group, step.caller, user, n), users }
  if (group === undefined || n % 4 === 0) return aim
  const members = [...group.members.keys()]
  switch (rule.name) {
    case 'qrcode/invite': {
      const code = pick(world.codes, n)
      return {
        ...aim,
        as: asUser(outsiderOf(world, (code && world.group(code.group_id)) ?? group, n) ?? user),
      }
    }
    case 'kick':
    case 'apply':
    case 'invite':
    case 'block':
    case 'unblock':
      return aimAtKicked(world, step, aim)
    case 'transfer':
      return { ...aim, users: [pick(members, n) ?? user] }
    case 'apply/handle': {
      const applications = world.applications.filter(
        item => item.group_id === group.group_id && item.status === pending,
      )
      return { ...aim, users: [pick(applications, n)?.applicant_id ?? user] }
    }
    case 'invite/handle': {
      const invitation = pick(
        world.invitations.filter(item => item.status === pending),
        step.group,
      )
      if (invitation === undefined) return aim
      const { group_id, invitee_id, inviter_id } = invitation
      return {
        group: world.groups.get(group_id),
        as: asUser(invitee_id),
        users: [n % 4 === 1 ? invitee_id : inviter_id],
      }
    }
    default:
      return aim
  }
}

/** Kicks of a group, of this user or of all. */
const kicksIn = ({ kicks }: Group, user_id?: number): number =>
  user_id === undefined
    ? [...kicks.values()].reduce((sum, count) => sum + count, 0)
    : (kicks.get(user_id) ?? 0)

const mostKicked = (group: Group, users: readonly number[]): number | undefined =>
  [...users].sort((a, b) => kicksIn(group, b) - kicksIn(group, a))[0]

/**
 * Who was kicked before comes again and is kicked again, where most was kicked already; and whose three kicks
 * are full is invited by an admin, or blocked and unblocked. Left to chance, hardly anyone would ever be kept
 * out for its kicks, or be let in again.
 */
function aimAtKicked(world: World, { rule, number: n }: Step, aim: Aim): Aim {
  const [group] = world.live().sort((a, b) => kicksIn(b) - kicksIn(a))
  if (group === undefined) return aim
  const owner_id = ownerOf(group)
  const owner = asUser(owner_id)
  const outsiders = world.users.filter(id => !group.members.has(id))
  const outsider = outsiderOf(world, group, n)
  const keptOut = outsiders.find(id => kicksIn(group, id) >= 3)
  const at = (as: As, user_id: number | undefined): Aim =>
    user_id === undefined ? aim : { group, as, users: [user_id, ...aim.users.slice(2)] }
  switch (rule.name) {
    case 'kick': {
      const others = [...group.members.keys()].filter(id => id !== owner_id)
      return at(owner, mostKicked(group, others))
    }
    case 'apply':
      return outsider === undefined ? aim : { ...aim, group, as: asUser(outsider) }
    case 'invite': {
      // An ordinary member's invitation does not make kicks forgotten.
      const member = pick(having(group, role.member), n)
      return n % 4 === 1
        ? at(owner, keptOut)
        : n % 4 === 2 && member !== undefined
          ? at(asUser(member), outsider)
          : aim
    }
    case 'block':
      return at(owner, keptOut)
    default:
      return at(owner, mostKicked(group, [...group.blacklist.keys()]))
  }
}

const having = (group: Group | undefined, wanted: number): number[] =>
  [...(group?.members.values() ?? [])].filter(member => member.role === wanted).map(member => member.user_id)

function outsiderOf(world: World, group: Group, n: number): number | undefined {
  const outsiders = world.users.filter(id => !group.members.has(id))
  return n % 3 === 0 ? pick(outsiders, n) : mostKicked(group, outsiders)
}

function callerOf(world: World, group: Group | undefined, kind: CallerKind, user: number, n: number): As {
  const owner = group === undefined || group.dissolved ? user : ownerOf(group)
  const group_id = group?.group_id ?? nothing
  switch (kind) {
    case 'owner':
      return asUser(owner)
    case 'admin':
      return asUser(pick(having(group, role.admin), n) ?? user)
    case 'member':
      return asUser(pick(having(group, role.member), n) ?? user)
    case 'user':
      return asUser(user)
    case 'outsider':
      return asUser(group === undefined ? user : (outsiderOf(world, group, n) ?? user))
    case 'administrator':
      return asAdministrator
    case 'administrator as owner':
      return acting({ user_id: owner })
    case 'administrator as user':
      return acting({ user_id: user })
    case 'administrator of the group':
      return acting({ group_id })
    case 'administrator of another group':
      return acting({ group_id: pick([...world.groups.keys()], n) ?? nothing })
    case 'user with its own header':
      return { ...asUser(user), headers: { user_id: String(user) } }
    case "user with another's header":
      return { ...asUser(user), headers: { user_id: String(nothing) }, refused: 10010 }
    case 'user of the group':
      return { ...asUser(owner), headers: { group_id: String(group_id) }, refused: 10010 }
    case 'administrator with both headers':
      return acting({ user_id: owner, group_id })
  }
}
