import type { Moment } from './moment.ts'

/*
 * What the model knows of one app: the nouns of the specification (behaviour), in plain maps and lists. Ids
 * are those of the service, learnt from the answers that created them.
 */

export const role = { member: 1, admin: 2, owner: 3 } as const

export interface Member {
  readonly user_id: number
  role: number
  display_name: string
  readonly joined: Moment
  /** Memberships of one user in the order in which they came about. */
  readonly order: number
  /** End of the ban: 0 none, -1 for ever. */
  ban: Moment | 0 | -1
  mute: number
  push: number
}

export interface Announcement {
  readonly id: number
  readonly author: number
  readonly title: string
  readonly content: string
  readonly created: Moment
}

export interface SharedFile {
  readonly file_id: number
  readonly uploader: number
  name: string
  readonly size: number
  readonly type: string
  readonly url: string
  readonly created: Moment
  updated: Moment
}

export const pending = 0
export const agreed = 1
export const rejected = 2

export interface Application {
  readonly group_id: number
  readonly applicant_id: number
  readonly reason: string
  readonly expires: Moment
  status: number
}

export interface Invitation {
  readonly group_id: number
  readonly inviter_id: number
  readonly invitee_id: number
  readonly reason: string
  readonly expires: Moment
  status: number
  updated: Moment
}

export interface QrCode {
  readonly qr_info: string
  readonly group_id: number
  readonly inviter_id: number
  ended: boolean
}

/** Settings and texts of a group, under the names of the API. */
export interface Profile {
  name: string
  description: string
  avatar: string
  ext: string
  apply_approval: number
  member_invite: boolean
  member_modify: boolean
  history_visible: boolean
  read_ack: boolean
  hide_member_info: boolean
}

export interface Group {
  readonly group_id: number
  readonly type: number
  readonly creator_id: number
  readonly capacity: number
  readonly created: Moment
  readonly profile: Profile
  readonly version: Version
  dissolved: boolean
  /** Seconds. */
  ban_all: Moment | 0 | -1
  readonly members: Map<number, Member>
  readonly blacklist: Map<number, Moment>
  readonly kicks: Map<number, number>
  /** Ends of the bans of those who left while banned. */
  readonly absentBans: Map<number, Moment | -1>
  announcements: Announcement[]
  files: SharedFile[]
}

/**
 * The group's change counter: each change adds to it, and nothing else does. Stands for itself as an expected
 * value in `toEqual`.
 */
export class Version {
  #seen = 0
  #changed = true
  #touched = true
  /** A member or a setting is another than before. */
  change(): void {
    this.#changed = true
    this.#touched = true
  }
  /** An operation succeeded that may have left all as it was. */
  touch(): void {
    this.#touched = true
  }
  asymmetricMatch(value: unknown): boolean {
    if (!Number.isSafeInteger(value)) return false
    const version = Number(value)
    const good = this.#changed
      ? version > this.#seen
      : this.#touched
        ? version >= this.#seen
        : version === this.#seen
    this.#seen = version
    this.#changed = false
    this.#touched = false
    return good
  }
}

/** Settings of the app that the model minds, under their names. */
export interface AppRules {
  readonly invite_confirm: boolean
  readonly capacity_private: number
  readonly capacity_chatroom: number
  readonly max_groups_created: number
  readonly max_groups_joined: number
}

export class World {
  readonly rules: AppRules
  readonly users: readonly number[]
  readonly groups = new Map<number, Group>()
  /** A user's own choice whether an invitation needs its consent. */
  readonly confirm = new Map<number, boolean>()
  /** Oldest first. */
  applications: Application[] = []
  invitations: Invitation[] = []
  readonly codes: QrCode[] = []
  #memberships = 0

  constructor(rules: AppRules, users: readonly number[]) {
    this.rules = rules
    this.users = users
  }

  /** The group, unless there is none or it is dissolved. */
  group(group_id: number): Group | undefined {
    const group = this.groups.get(group_id)
    return group?.dissolved ? undefined : group
  }

  live(): Group[] {
    return [...this.groups.values()].filter(group => !group.dissolved)
  }

  groupsOf(user_id: number): Group[] {
    return this.live().filter(group => group.members.has(user_id))
  }

  /** Who comes (back) to a group starts fresh, but for a ban. */
  addMember(group: Group, user_id: number, at: Moment, as: number = role.member): void {
    const order = ++this.#memberships
    group.members.set(user_id, {
      user_id,
      role: as,
      display_name: '',
      joined: at,
      order,
      ban: group.absentBans.get(user_id) ?? 0,
      mute: 0,
      push: 0,
    })
    group.absentBans.delete(user_id)
    group.version.change()
  }

  pendingInvitations(group_id: number, invitee_id: number): Invitation[] {
    return this.invitations.filter(
      item => item.group_id === group_id && item.invitee_id === invitee_id && item.status === pending,
    )
  }

  pendingApplication(group_id: number, applicant_id: number): Application | undefined {
    return this.applications.find(
      item => item.group_id === group_id && item.applicant_id === applicant_id && item.status === pending,
    )
  }

  /** Ends what this user has pending in a group. */
  settle(group_id: number, user_id: number, status: number, at: Moment): void {
    const application = this.pendingApplication(group_id, user_id)
    if (application !== undefined) application.status = status
    for (const invitation of this.pendingInvitations(group_id, user_id)) {
      invitation.status = status
      invitation.updated = at
    }
  }
}

/** A group with the defaults of the specification (behaviour, section 5), without members. */
export const newGroup = (
  group_id: number,
  creator_id: number,
  type: number,
  rules: AppRules,
  created: Moment,
): Group => ({
  group_id,
  type,
  creator_id,
  capacity: type === 2 ? rules.capacity_chatroom : rules.capacity_private,
  created,
  profile: {
    name: '',
    description: '',
    avatar: '',
    ext: '',
    apply_approval: type === 1 || type === 2 ? 0 : 1,
    member_invite: true,
    member_modify: false,
    history_visible: false,
    read_ack: false,
    hide_member_info: false,
  },
  version: new Version(),
  dissolved: false,
  ban_all: 0,
  members: new Map(),
  blacklist: new Map(),
  kicks: new Map(),
  absentBans: new Map(),
  announcements: [],
  files: [],
})

export function ownerOf(group: Group): number {
  for (const member of group.members.values()) if (member.role === role.owner) return member.user_id
  throw new Error(`the model has a group without an owner: ${group.group_id}`)
}

/** Members in the order of the lists: by id. */
export const membersOf = (group: Group): Member[] =>
  [...group.members.values()].sort((a, b) => a.user_id - b.user_id)
