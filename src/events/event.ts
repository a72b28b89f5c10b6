/**
 * The kinds of events and their payloads. An operation names its events in the decision that makes them
 * happen, and `record.ts` writes them down. Readers rely on the kinds: none is ever renamed, and payloads
 * only get more fields.
 */

/** Values before and after, by field. */
export type Changes = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

/** The users that the event happened to. */
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

/** The payload of each kind of event of a group. */
export interface GroupPayloads {
  'group.created': { readonly group: NewGroup }
  'group.destroyed': object
  'group.profile.changed': WithChanges
  'group.settings.changed': WithChanges
  /** The one new owner, whose ban ends. `previous` is the former owner, who is an ordinary member now. */
  'group.owner.assigned': OfUsers & { readonly previous: number }
  'group.admin.granted': OfUsers
  'group.admin.revoked': OfUsers
  'group.member.joined': OfUsers & { readonly how: JoinedBy }
  'group.member.left': OfUsers
  /** Includes users whom the blacklist removed. */
  'group.member.kicked': OfUsers
  'group.member.banned': OfUsers & Until
  'group.member.unbanned': OfUsers
  /** The member's display name changed. */
  'group.member.changed': OfUsers & WithChanges
  /** The member's mute or push mode changed. Only that member is told. */
  'group.member.preferences': OfUsers & WithChanges
  'group.all.banned': Until
  'group.all.unbanned': object
  /** The codes of this inviter ended; null: all codes of the group. */
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

/** The payload of each kind of the other events. They contain no secrets. */
export interface OtherPayloads {
  /** Bytes are stored, or gone. */
  'file.uploaded': { readonly object_name: string; readonly size: number; readonly content_type: string }
  'file.deleted': { readonly object_name: string; readonly size: number }
  /** Nobody but administrators reads the file any more, or everybody who could before reads it again. */
  'file.quarantined': { readonly object_name: string; readonly reason: string }
  'file.released': { readonly object_name: string }
  'user.settings.changed': OfUsers & WithChanges
  'user.exported': OfUsers
  /** An administrator asked that a user be erased. A job does it; its end is `user.erased`. */
  'user.erasure.requested': OfUsers
  'user.erased': OfUsers
  'app.created': object
  'app.settings.changed': WithChanges
  /** The ids of the app's secrets or keys that are valid now. The first one signs. */
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
  /** A copy was made of everything, this app among it. */
  'backup.made': { readonly name: string; readonly bytes: number }
  /** The operator opened a session of the console, from which it may act in every app. */
  'console.signed_in': object
  /** A privileged operation was refused. `code` is the code of the answer. */
  'access.refused': { readonly operation: string; readonly code: number }
  /**
   * Stands in place of the events `from` … `to` that retention has deleted. Some of them may still exist,
   * because audit kinds are kept longer.
   */
  'events.trimmed': { readonly from: number; readonly to: number }
}

export type GroupEventKind = keyof GroupPayloads
export type OtherEventKind = keyof OtherPayloads
export type EventKind = GroupEventKind | OtherEventKind
type Payloads = GroupPayloads & OtherPayloads

/** An event of this kind: its payload and the kind's name. */
export type EventOf<K extends EventKind> = { [P in K]: { readonly kind: P } & Payloads[P] }[K]

/** In which role somebody acted. `service` is Cohort itself: its jobs and its command line. */
export type Acting = 'user' | 'administrator_as_user' | 'administrator' | 'service'

/** An event that an operation names. Who did it, when and by which request is added when it is recorded. */
export type NewEvent = EventOf<EventKind> & {
  readonly group_id?: number
  /** The group's version after the change. */
  readonly group_version?: number
  /** The user who acted, if it was not the caller. */
  readonly by_id?: number | null
  /** The app, if it is not the app of the call. Jobs and the command line set it. `everyApp`: all apps. */
  readonly app_id?: string
}

/** Which members are told of the event by `/events/mine`. Administrators are told of every event. */
export type Audience = 'members' | 'admins' | 'subjects' | 'nobody'

export interface KindOfEvent {
  /** What `subjects` contains, which is also the name of the field in the payload. */
  readonly subjects: 'users' | 'files' | 'announcements' | undefined
  readonly audience: Audience
  /** Whether it is kept as long as the audit trail (setting `audit_days`). */
  readonly audit: boolean
}

const kind = (subjects: KindOfEvent['subjects'], audience: Audience, kept?: 'audit'): KindOfEvent => ({
  subjects,
  audience,
  audit: kept === 'audit',
})

/** What is known of each kind of event. */
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
  'file.quarantined': kind(undefined, 'nobody', 'audit'),
  'file.released': kind(undefined, 'nobody', 'audit'),
  'user.settings.changed': kind('users', 'nobody'),
  'user.exported': kind('users', 'nobody', 'audit'),
  'user.erasure.requested': kind('users', 'nobody', 'audit'),
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

/** An event as it was recorded, by column. */
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

/** An event as the table has it: `subjects` and `data` are JSON. */
export type StoredEvent = Omit<RecordedEvent, 'subjects' | 'data'> & {
  readonly subjects: string
  readonly data: string
}
