/**
 * What can happen, and what is said of it. An operation names its events in the decision that makes them
 * happen; `record.ts` writes them down. Kinds are a promise to readers: none is renamed, payloads only grow.
 */

/** Values before and after, by field. */
export type Changes = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

/** Users it happened to. */
interface OfUsers {
  readonly users: readonly number[]
}
interface OfFiles {
  /** Ids of shared files. */
  readonly files: readonly number[]
}
interface OfAnnouncements {
  readonly announcements: readonly number[]
}
interface WithChanges {
  readonly changes: Changes
}
interface Until {
  /** End of the ban in milliseconds since 1970, -1 for never. */
  readonly until: number
}

/** How a user became a member. */
export type JoinedBy = 'creation' | 'invitation' | 'application' | 'qrcode' | 'administrator' | 'import'

/** Profile and settings that a group begins with, named as in the database. */
export interface NewGroup {
  readonly type: number
  readonly owner_id: number
  readonly name: string
  readonly description: string
  readonly avatar: string
  readonly ext: string
  readonly capacity: number
  readonly apply_approval: number
  readonly member_invite: boolean
  readonly member_modify: boolean
  readonly history_visible: boolean
  readonly read_ack: boolean
  readonly hide_member_info: boolean
  /** Milliseconds since 1970; 0 none, -1 for ever. */
  readonly ban_all_until: number
}

/** What each kind of a group's events says. */
export interface GroupPayloads {
  'group.created': { readonly group: NewGroup }
  'group.destroyed': object
  'group.profile.changed': WithChanges
  'group.settings.changed': WithChanges
  /** The one new owner; a ban of it ends. `previous` is an ordinary member now. */
  'group.owner.assigned': OfUsers & { readonly previous: number }
  'group.admin.granted': OfUsers
  'group.admin.revoked': OfUsers
  'group.member.joined': OfUsers & { readonly how: JoinedBy }
  'group.member.left': OfUsers
  /** Also those whom the blacklist removed. */
  'group.member.kicked': OfUsers
  'group.member.banned': OfUsers & Until
  'group.member.unbanned': OfUsers
  /** Its display name. */
  'group.member.changed': OfUsers & WithChanges
  /** Its mute and push modes: nobody else's business. */
  'group.member.preferences': OfUsers & WithChanges
  'group.all.banned': Until
  'group.all.unbanned': object
  /** The codes of this inviter, or null for those of the whole group. */
  'group.qrcode.ended': { readonly inviter: number | null }
  'group.blacklist.added': OfUsers
  'group.blacklist.removed': OfUsers
  'group.invitation.sent': OfUsers
  'group.invitation.accepted': OfUsers & { readonly inviter: number }
  'group.invitation.declined': OfUsers & { readonly inviter: number }
  'group.application.received': OfUsers
  'group.application.accepted': OfUsers
  'group.application.declined': OfUsers
  'group.announcement.published': OfAnnouncements & { readonly title: string }
  'group.announcement.deleted': OfAnnouncements
  'group.file.shared': OfFiles & { readonly name: string; readonly size: number }
  'group.file.renamed': OfFiles & WithChanges
  'group.file.deleted': OfFiles
}

/** What each kind of the other events says. No secrets. */
export interface OtherPayloads {
  /** Bytes are stored, or gone. */
  'file.uploaded': { readonly object_name: string; readonly size: number; readonly content_type: string }
  'file.deleted': { readonly object_name: string; readonly size: number }
  'user.settings.changed': OfUsers & WithChanges
  'user.exported': OfUsers
  'user.erased': OfUsers
  'app.created': object
  'app.settings.changed': WithChanges
  /** The ids of its secrets or keys that are good now; the first signs. */
  'app.secret.rotated': { readonly key_ids: readonly string[] }
  'app.keys.rotated': { readonly key_ids: readonly string[] }
  /** Cursors and states from before are void: the database was restored, or `cohort epoch` was called. */
  'app.epoch.renewed': { readonly epoch: string }
  'webhook.created': { readonly webhook_id: string; readonly url: string }
  'webhook.changed': WithChanges & { readonly webhook_id: string }
  'webhook.deleted': { readonly webhook_id: string }
  'webhook.rotated': { readonly webhook_id: string }
  'webhook.resumed': { readonly webhook_id: string }
  'webhook.disabled': { readonly webhook_id: string; readonly reason: string }
  'backup.made': { readonly name: string; readonly bytes: number }
  'console.signed_in': object
  /** A privileged operation was refused; `code` as it was answered. */
  'access.refused': { readonly operation: string; readonly code: number }
  /** Stands where retention deleted the events `from` … `to` (some of them, where audit kinds are kept longer). */
  'events.trimmed': { readonly from: number; readonly to: number }
}

export type GroupEventKind = keyof GroupPayloads
export type OtherEventKind = keyof OtherPayloads
export type EventKind = GroupEventKind | OtherEventKind
type Payloads = GroupPayloads & OtherPayloads

/** What a kind says, its name included. */
export type EventOf<K extends EventKind> = { [P in K]: { readonly kind: P } & Payloads[P] }[K]

/** As what somebody acted: `service` is Cohort itself, its jobs and its command line. */
export type Acting = 'user' | 'administrator_as_user' | 'administrator' | 'service'

/** An event that an operation names; who, when and by which request are added when it is recorded. */
export type NewEvent = EventOf<EventKind> & {
  readonly group_id?: number
  /** The version that the change gives the group. */
  readonly group_version?: number
  /** The user who acted, where it is not the caller itself. */
  readonly by_id?: number | null
  /** For an event of another app than the call's: of jobs and the command line. */
  readonly app_id?: string
}

/** Which members hear of it by `/events/mine`. Administrators hear everything. */
export type Audience = 'members' | 'admins' | 'subjects' | 'nobody'

export interface KindOfEvent {
  /** What `subjects` are, and the name of the field they stand in. */
  readonly subjects: 'users' | 'files' | 'announcements' | undefined
  readonly audience: Audience
  /** Kept for as long as an audit trail is. */
  readonly audit: boolean
}

const kind = (subjects: KindOfEvent['subjects'], audience: Audience, kept?: 'audit'): KindOfEvent => ({
  subjects,
  audience,
  audit: kept === 'audit',
})

/** Every kind, with what must be known of it. */
export const kinds: Readonly<Record<EventKind, KindOfEvent>> = {
  'group.created': kind(undefined, 'members', 'audit'),
  'group.destroyed': kind(undefined, 'members', 'audit'),
  'group.profile.changed': kind(undefined, 'members'),
  'group.settings.changed': kind(undefined, 'members'),
  'group.owner.assigned': kind('users', 'members', 'audit'),
  'group.admin.granted': kind('users', 'members', 'audit'),
  'group.admin.revoked': kind('users', 'members', 'audit'),
  'group.member.joined': kind('users', 'members'),
  'group.member.left': kind('users', 'members'),
  'group.member.kicked': kind('users', 'members', 'audit'),
  'group.member.banned': kind('users', 'admins', 'audit'),
  'group.member.unbanned': kind('users', 'admins', 'audit'),
  'group.member.changed': kind('users', 'members'),
  'group.member.preferences': kind('users', 'subjects'),
  'group.all.banned': kind(undefined, 'members', 'audit'),
  'group.all.unbanned': kind(undefined, 'members', 'audit'),
  'group.qrcode.ended': kind(undefined, 'admins', 'audit'),
  'group.blacklist.added': kind('users', 'admins', 'audit'),
  'group.blacklist.removed': kind('users', 'admins', 'audit'),
  'group.invitation.sent': kind('users', 'admins'),
  'group.invitation.accepted': kind('users', 'admins'),
  'group.invitation.declined': kind('users', 'admins'),
  'group.application.received': kind('users', 'admins'),
  'group.application.accepted': kind('users', 'admins'),
  'group.application.declined': kind('users', 'admins'),
  'group.announcement.published': kind('announcements', 'members'),
  'group.announcement.deleted': kind('announcements', 'members', 'audit'),
  'group.file.shared': kind('files', 'members'),
  'group.file.renamed': kind('files', 'members'),
  'group.file.deleted': kind('files', 'members', 'audit'),
  'file.uploaded': kind(undefined, 'nobody'),
  'file.deleted': kind(undefined, 'nobody'),
  'user.settings.changed': kind('users', 'nobody'),
  'user.exported': kind('users', 'nobody', 'audit'),
  'user.erased': kind('users', 'nobody', 'audit'),
  'app.created': kind(undefined, 'nobody', 'audit'),
  'app.settings.changed': kind(undefined, 'nobody', 'audit'),
  'app.secret.rotated': kind(undefined, 'nobody', 'audit'),
  'app.keys.rotated': kind(undefined, 'nobody', 'audit'),
  'app.epoch.renewed': kind(undefined, 'nobody', 'audit'),
  'webhook.created': kind(undefined, 'nobody', 'audit'),
  'webhook.changed': kind(undefined, 'nobody', 'audit'),
  'webhook.deleted': kind(undefined, 'nobody', 'audit'),
  'webhook.rotated': kind(undefined, 'nobody', 'audit'),
  'webhook.resumed': kind(undefined, 'nobody', 'audit'),
  'webhook.disabled': kind(undefined, 'nobody', 'audit'),
  'backup.made': kind(undefined, 'nobody', 'audit'),
  'console.signed_in': kind(undefined, 'nobody', 'audit'),
  'access.refused': kind(undefined, 'nobody', 'audit'),
  'events.trimmed': kind(undefined, 'nobody'),
}

export const isEventKind = (name: string): name is EventKind => Object.hasOwn(kinds, name)

/** An event as it was recorded, in columns. */
export interface RecordedEvent {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: EventKind
  readonly group_id: number | null
  readonly group_version: number | null
  readonly by_id: number | null
  readonly acting: Acting
  readonly key_id: string
  readonly subjects: readonly number[]
  readonly data: Readonly<Record<string, unknown>>
  readonly request: string
  readonly ip: string
}
