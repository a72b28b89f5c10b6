import { type Changes, type EventKind, kinds, type StoredEvent } from './event.ts'

/**
 * The numbers under which clients in the field know what happened in a group: 28 kinds of notice. Who speaks
 * to such clients hands a notice on as it stands.
 */
export const noticeType = {
  presence: 1,
  absence: 2,
  created: 3,
  destroyed: 4,
  joined: 5,
  left: 6,
  applied: 7,
  applicationAccepted: 8,
  applicationDeclined: 9,
  invited: 10,
  invitationAccepted: 11,
  invitationDeclined: 12,
  kicked: 13,
  blocked: 14,
  unblocked: 15,
  ownerAssigned: 16,
  adminGranted: 17,
  adminRevoked: 18,
  muted: 19,
  unmuted: 20,
  banned: 21,
  unbanned: 22,
  infoUpdated: 23,
  announcementUpdated: 24,
  messageSetting: 25,
  fileUploaded: 26,
  fileDeleted: 27,
  fileUpdated: 28,
} as const

/**
 * The notice of each kind of event. `presence` and `absence` are sent by the message server itself, never for
 * a change of a group.
 */
const typeOf: Partial<Readonly<Record<EventKind, number>>> = {
  'group.created': noticeType.created,
  'group.destroyed': noticeType.destroyed,
  'group.profile.changed': noticeType.infoUpdated,
  'group.settings.changed': noticeType.infoUpdated,
  'group.owner.assigned': noticeType.ownerAssigned,
  'group.admin.granted': noticeType.adminGranted,
  'group.admin.revoked': noticeType.adminRevoked,
  'group.member.joined': noticeType.joined,
  'group.member.left': noticeType.left,
  'group.member.kicked': noticeType.kicked,
  'group.member.banned': noticeType.banned,
  'group.member.unbanned': noticeType.unbanned,
  'group.member.changed': noticeType.infoUpdated,
  'group.member.preferences': noticeType.messageSetting,
  // Clients read the end of a ban of all from the group's info.
  'group.all.banned': noticeType.infoUpdated,
  'group.all.unbanned': noticeType.infoUpdated,
  'group.blacklist.added': noticeType.blocked,
  'group.blacklist.removed': noticeType.unblocked,
  'group.invitation.sent': noticeType.invited,
  'group.invitation.accepted': noticeType.invitationAccepted,
  'group.invitation.declined': noticeType.invitationDeclined,
  'group.application.received': noticeType.applied,
  'group.application.accepted': noticeType.applicationAccepted,
  'group.application.declined': noticeType.applicationDeclined,
  'group.announcement.published': noticeType.announcementUpdated,
  'group.announcement.deleted': noticeType.announcementUpdated,
  'group.file.shared': noticeType.fileUploaded,
  'group.file.renamed': noticeType.fileUpdated,
  'group.file.deleted': noticeType.fileDeleted,
}

export interface Notice {
  readonly type: number
  /** The group. */
  readonly gid: number
  /** Who did it. If somebody joined, left or applied, it is that user. */
  readonly from: number
  /** Whom it was done to. */
  readonly to: readonly number[]
  /** What clients read of it: '' or JSON. */
  readonly content: string
}

type Told = Pick<StoredEvent, 'kind' | 'group_id' | 'by_id' | 'subjects' | 'data'>

/**
 * The notice of an event for clients in the field (a `Notice`), as JSON; undefined if they know no notice for
 * it. It is put together from the JSON that the table has, because most of it need not be parsed.
 */
export function noticeJson({ kind, group_id, by_id, subjects, data }: Told): string | undefined {
  const type = kind === 'group.member.preferences' ? preferenceType(data) : typeOf[kind]
  if (type === undefined || group_id === null) return undefined
  const ofUsers = kinds[kind].subjects === 'users'
  const subject = subjects === '[]' || subjects.includes(',') ? undefined : subjects.slice(1, -1)
  // Clients take the user in `from` for the one who joined.
  const joined = kind === 'group.member.joined' ? subject : undefined
  // Of an erased user, events do not say that it acted. These events can only be its own act.
  const left = kind === 'group.member.left' || kind === 'group.application.received' ? subject : undefined
  const from = joined ?? by_id ?? left ?? 0
  return `{"type":${type},"gid":${group_id},"from":${from},"to":${ofUsers ? subjects : '[]'},"content":${JSON.stringify(contentOf(kind, subjects, data))}}`
}

/** A change of the mute mode has its own types of notice. */
function preferenceType(data: string): number {
  const [, mode] = changesIn(data).msg_mute_mode ?? []
  if (mode === undefined) return noticeType.messageSetting
  return mode === 0 ? noticeType.unmuted : noticeType.muted
}

const parsed = (data: string) => JSON.parse(data) as { readonly changes?: Changes; readonly until?: number }

const changesIn = (data: string): Changes => parsed(data).changes ?? {}

/** JSON, or '' if clients read nothing. */
function contentOf(kind: EventKind, subjects: string, data: string): string {
  switch (kind) {
    case 'group.profile.changed':
    case 'group.settings.changed':
    case 'group.member.changed': {
      const after = Object.entries(changesIn(data)).map(([field, [, value]]) => [field, value] as const)
      return JSON.stringify({ property: after[0]?.[0] ?? '', ...Object.fromEntries(after) })
    }
    case 'group.all.banned': {
      const { until = Number.NaN } = parsed(data)
      return banOfAll(until === -1 ? -1 : Math.ceil(until / 1000))
    }
    case 'group.all.unbanned':
      return banOfAll(0)
    case 'group.member.banned':
      return JSON.stringify(parsed(data).until) ?? ''
    case 'group.announcement.published':
    case 'group.announcement.deleted':
    case 'group.file.shared':
    case 'group.file.renamed':
    case 'group.file.deleted':
      return `{"ids":${subjects}}`
    default:
      return ''
  }
}

/** `until`: seconds since 1970; 0 none, -1 for ever. */
const banOfAll = (until: number): string =>
  JSON.stringify({ property: 'ban_expire_time', ban_expire_time: until })
