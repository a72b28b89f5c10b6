import { iso } from './moment.ts'
import { type GroupCall, groupRule, no, page, type Rule, rule, yes } from './rule.ts'
import {
  type Announcement,
  type Group,
  type Member,
  membersOf,
  ownerOf,
  role,
  type SharedFile,
} from './world.ts'

const anyTime = { asymmetricMatch: (value: unknown): boolean => Number.isSafeInteger(value) }
const anyVersion = { asymmetricMatch: (value: unknown): boolean => Number.isSafeInteger(value) }

/** The group as answered to this member, or non-member. */
export function groupInfo(group: Group, me: Member | undefined): object {
  return {
    ...group.profile,
    ban_expire_time: group.ban_all,
    capacity: group.capacity,
    count: group.members.size,
    created_at: group.created,
    group_id: group.group_id,
    msg_mute_mode: me?.mute ?? 0,
    msg_push_mode: me?.push ?? 0,
    owner_id: ownerOf(group),
    status: 0,
    type: group.type,
    updated_at: anyTime,
  }
}

export const announcementInfo = (
  group: Group,
  { id, author, title, content, created }: Announcement,
): object => ({
  author,
  content,
  created_at: created,
  group_id: group.group_id,
  id,
  title,
})

export const fileInfo = (group: Group, { created, updated, ...file }: SharedFile): object => ({
  ...file,
  created_at: created,
  group_id: group.group_id,
  updated_at: updated,
})

/**
 * With `hide_member_info`, ordinary members see of other ordinary members only who they are and since when.
 */
function memberInfo({ group, me }: Pick<GroupCall, 'group' | 'me'>, member: Member): object {
  const ordinary = me?.role === role.member && member.role === role.member
  const hidden = group.profile.hide_member_info && ordinary && me.user_id !== member.user_id
  return {
    display_name: hidden ? '' : member.display_name,
    expired_time: hidden ? 0 : member.ban,
    join_time: member.joined,
    user_id: member.user_id,
  }
}

const info = groupRule('info', 'anyone', {
  method: 'GET',
  judge: ({ group, me }) => yes(groupInfo(group, me)),
})
const settings = groupRule('settings', 'member', {
  method: 'GET',
  judge: ({ group, me }) => yes(groupInfo(group, me)),
})

const infoBatch = rule('info/batch', {
  sends: f => ({ group_list: f.group_list }),
  judge({ world, caller, fields }) {
    if (caller.only_group !== null && fields.group_list.some(id => id !== caller.only_group)) return no(10010)
    return yes(
      [...new Set(fields.group_list)].flatMap(group_id => {
        const group = world.group(group_id)
        if (group === undefined) return []
        const me = group.members.get(caller.user_id ?? ownerOf(group))
        const { apply_approval, avatar, hide_member_info, name } = group.profile
        const { capacity, type, members } = group
        const modes = { msg_mute_mode: me?.mute ?? 0, msg_push_mode: me?.push ?? 0 }
        return {
          apply_approval,
          avatar,
          capacity,
          count: members.size,
          group_id,
          hide_member_info,
          ...modes,
          name,
          owner: ownerOf(group),
          status: 0,
          type,
        }
      }),
    )
  },
})

const memberList = groupRule('member_list', 'member', {
  method: 'GET',
  judge: call =>
    page(
      membersOf(call.group).map(member => memberInfo(call, member)),
      call.group.version,
    ),
})

const displayNames = groupRule('members/display_name', 'member', {
  changes: false,
  sends: f => ({ user_list: f.user_list }),
  judge: call =>
    yes(
      [...new Set(call.fields.user_list)]
        .flatMap(id => call.group.members.get(id) ?? [])
        .map(member => memberInfo(call, member)),
    ),
})

const adminList = groupRule('admin_list', 'member', {
  method: 'GET',
  judge: call =>
    yes(
      membersOf(call.group)
        .filter(member => member.role >= role.admin)
        .map(member => memberInfo(call, member)),
    ),
})

const bannedList = groupRule('banned_list', 'member', {
  method: 'GET',
  judge: call =>
    page(
      membersOf(call.group)
        .filter(member => member.ban !== 0)
        .map(member => memberInfo(call, member)),
      call.group.version,
    ),
})

const blockedList = groupRule('blocked_list', 'admin', {
  method: 'GET',
  judge({ group }) {
    const blocked = [...group.blacklist].sort(([a], [b]) => a - b)
    return page(
      blocked.map(([user_id, since]) => ({ created_at: iso(since), group_id: group.group_id, user_id })),
      group.version,
    )
  },
})

const announcement = groupRule('announcement', 'member', {
  method: 'GET',
  sends: f => ({ announcement_id: f.announcement_id }),
  judge({ group, fields }) {
    const found = group.announcements.find(item => item.id === fields.announcement_id)
    return found === undefined ? no(20020) : yes(announcementInfo(group, found))
  },
})

const lastAnnouncement = groupRule('announcement/last', 'member', {
  method: 'GET',
  judge({ group }) {
    const last = group.announcements.at(-1)
    return last === undefined ? no(20020) : yes(announcementInfo(group, last))
  },
})

const announcementList = groupRule('announcement/list', 'member', {
  method: 'GET',
  judge: ({ group }) => yes(group.announcements.map(item => announcementInfo(group, item))),
})

const file = groupRule('file', 'member', {
  method: 'GET',
  sends: f => ({ file_id: f.file_id }),
  judge({ group, fields }) {
    const found = group.files.find(item => item.file_id === fields.file_id)
    return found === undefined ? no(20022) : yes(fileInfo(group, found))
  },
})

const fileList = groupRule('file/list', 'member', {
  method: 'GET',
  judge: ({ group }) => yes(group.files.map(item => fileInfo(group, item)).reverse()),
})

const applicationList = rule('application_list', {
  sends: f => ({ group_list: f.group_list }),
  judge({ world, caller, fields }) {
    if (caller.only_group !== null && fields.group_list.some(id => id !== caller.only_group)) return no(10010)
    const administered = (group_id: number): boolean => {
      const group = world.group(group_id)
      if (group === undefined || !fields.group_list.includes(group_id)) return false
      return (group.members.get(caller.user_id ?? ownerOf(group))?.role ?? 0) >= role.admin
    }
    const rows = world.applications
      .filter(item => administered(item.group_id))
      .map(({ expires, ...item }) => ({ ...item, expired_time: expires }))
    return page(rows.reverse(), anyVersion)
  },
})

const invitationList = rule('invitation_list', {
  method: 'GET',
  self: true,
  sends: () => ({}),
  judge({ world, caller }) {
    const own = world.invitations.filter(item => item.invitee_id === caller.user_id)
    return page(
      own
        .map(({ expires, updated, ...item }) => ({
          ...item,
          expired_time: expires,
          updated_at: iso(updated),
        }))
        .reverse(),
      0,
    )
  },
})

/**
 * Ids of groups, newest membership first; memberships that came about in one millisecond may stand either
 * way.
 */
class NewestFirst {
  readonly memberships: ReadonlyMap<number, Member>
  constructor(memberships: ReadonlyMap<number, Member>) {
    this.memberships = memberships
  }
  asymmetricMatch(value: unknown): boolean {
    if (!Array.isArray(value) || value.length !== this.memberships.size) return false
    const found = value.flatMap(group_id => this.memberships.get(group_id) ?? [])
    return found.length === value.length && found.every((member, i) => this.#mayFollow(found[i - 1], member))
  }
  #mayFollow(before: Member | undefined, member: Member): boolean {
    return (
      before === undefined ||
      before.order > member.order ||
      (before !== member && before.joined.mayEqual(member.joined))
    )
  }
}

const userJoined = rule('user_joined', {
  method: 'GET',
  self: true,
  sends: () => ({}),
  judge({ world, caller }) {
    const user_id = caller.user_id ?? 0
    const own = world.groupsOf(user_id).flatMap(group => {
      const member = group.members.get(user_id)
      return member === undefined ? [] : [[group.group_id, member] as const]
    })
    return yes(new NewestFirst(new Map(own)))
  },
})

const choice = rule('get user/settings', {
  method: 'GET',
  path: '/user/settings',
  self: true,
  sends: () => ({}),
  judge: ({ world, caller }) =>
    yes({
      group_confirm: world.confirm.get(caller.user_id ?? 0) ?? world.rules.invite_confirm,
      user_id: caller.user_id,
    }),
})

/** What can be seen of one group, and of one user. */
export const viewsOfGroup: readonly Rule[] = [
  info,
  settings,
  memberList,
  displayNames,
  adminList,
  bannedList,
  blockedList,
  announcement,
  lastAnnouncement,
  announcementList,
  file,
  fileList,
]
export const viewsOfUser: readonly Rule[] = [infoBatch, applicationList, invitationList, userJoined, choice]
