/**
 * What can happen to a group. Operations name it in their outcome; feeds, webhooks and an audit trail are to
 * be built on it.
 */
export type GroupEventKind =
  | 'group.created'
  | 'group.destroyed'
  | 'group.profile.changed'
  | 'group.settings.changed'
  | 'group.owner.assigned'
  | 'group.admin.granted'
  | 'group.admin.revoked'
  | 'group.member.joined'
  | 'group.member.left'
  | 'group.member.kicked'
  | 'group.member.banned'
  | 'group.member.unbanned'
  | 'group.member.changed'
  | 'group.all.banned'
  | 'group.all.unbanned'
  | 'group.blacklist.added'
  | 'group.blacklist.removed'
  | 'group.invitation.sent'
  | 'group.invitation.accepted'
  | 'group.invitation.declined'
  | 'group.application.received'
  | 'group.application.accepted'
  | 'group.application.declined'
  | 'group.announcement.published'
  | 'group.announcement.deleted'
  | 'group.file.shared'
  | 'group.file.renamed'
  | 'group.file.deleted'

export interface GroupEvent {
  readonly kind: GroupEventKind
  readonly group_id: number
  /** Who did it. */
  readonly by: number
  /** Users or files it happened to; empty where it is the group itself. */
  readonly to: readonly number[]
}
