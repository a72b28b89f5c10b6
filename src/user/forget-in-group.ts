import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Bound, command, db, listOf, query } from '../db/query.ts'
import {
  absentBans,
  announcements,
  applications,
  blacklist,
  groups,
  invitations,
  kicks,
  sharedFiles,
} from '../db/schema.ts'
import { pendingStatus } from '../db/states.ts'
import type { NewEvent } from '../events/event.ts'
import { liftAbsentBans } from '../group/absent-bans.ts'
import { changeOwner } from '../group/admins.ts'
import { done } from '../group/answers.ts'
import { unblocking } from '../group/blacklist.ts'
import { dissolution } from '../group/destroy.ts'
import { groupOperation } from '../group/group-operation.ts'
import { remove } from '../group/join.ts'
import { everyInviter } from '../group/qrcode.ts'
import { id } from '../operation/fields.ts'
import { role } from '../operation/roles.ts'
import { avatarOf } from './avatar.ts'
import { heirOf } from './holdings.ts'
import { ownedChoices } from './ledger.ts'

/*
 * Erases a user from one group, as a change of that group: members, feeds and /group/sync hear of it as of
 * any other. It is no route: the job that erases users runs it, once for each group (jobs/erase-users.ts).
 */

/** How many announcements and shared files one change deletes at most. */
const portion = 500

type OfUser = { group_id: number; user_id: number }

const found = query<OfUser>()(p =>
  db
    .select({
      heir: heirOf.as('heir'),
      blocked_at: blacklist.blocked_at,
      kick_count: kicks.kick_count,
      absent_until: absentBans.absent_until,
      application_status: applications.status,
      avatar_of: avatarOf('groups').as('avatar_of'),
    })
    .from(groups)
    .leftJoin(blacklist, and(eq(blacklist.group_id, groups.group_id), eq(blacklist.user_id, p.user_id)))
    .leftJoin(kicks, and(eq(kicks.group_id, groups.group_id), eq(kicks.user_id, p.user_id)))
    .leftJoin(absentBans, and(eq(absentBans.group_id, groups.group_id), eq(absentBans.user_id, p.user_id)))
    .leftJoin(
      applications,
      and(eq(applications.group_id, groups.group_id), eq(applications.applicant_id, p.user_id)),
    )
    .where(eq(groups.group_id, p.group_id)),
)
const itsAnnouncements = query<OfUser>()(p =>
  db
    .select({ announcement_id: announcements.announcement_id })
    .from(announcements)
    .where(and(eq(announcements.author_id, p.user_id), eq(announcements.group_id, p.group_id)))
    .limit(portion),
)
const itsFiles = query<OfUser>()(p =>
  db
    .select({ file_id: sharedFiles.file_id })
    .from(sharedFiles)
    .where(and(eq(sharedFiles.uploader_id, p.user_id), eq(sharedFiles.group_id, p.group_id)))
    .limit(portion),
)
const invitedBy = query<OfUser>()(p =>
  db
    .select({ inviter_id: invitations.inviter_id })
    .from(invitations)
    .where(
      and(
        eq(invitations.group_id, p.group_id),
        eq(invitations.invitee_id, p.user_id),
        sql`${invitations.status} = ${sql.raw(String(pendingStatus.pending))}`,
      ),
    ),
)

const dropApplication = command<OfUser>()(
  p => sql`DELETE FROM applications WHERE group_id = ${p.group_id} AND applicant_id = ${p.user_id}`,
)
const dropInvitations = command<OfUser & { app_id: string }>()(
  p =>
    sql`DELETE FROM invitations WHERE app_id = ${p.app_id} AND invitee_id = ${p.user_id} AND group_id = ${p.group_id}`,
)
const dropKicks = command<OfUser>()(
  p => sql`DELETE FROM kicks WHERE group_id = ${p.group_id} AND user_id = ${p.user_id}`,
)
/**
 * QR codes of the user that were ended must stay ended if the id comes back. That end is kept without the id,
 * as the end of all codes of the group that are as old.
 */
const endCodesOfAll = command<OfUser>()(
  p => sql`INSERT INTO ended_qr_codes (group_id, inviter_id, before_version)
    SELECT group_id, ${everyInviter}, before_version FROM ended_qr_codes
      WHERE group_id = ${p.group_id} AND inviter_id = ${p.user_id}
    ON CONFLICT (group_id, inviter_id)
      DO UPDATE SET before_version = max(before_version, excluded.before_version)`,
)
const dropCodes = command<OfUser>()(
  p => sql`DELETE FROM ended_qr_codes WHERE group_id = ${p.group_id} AND inviter_id = ${p.user_id}`,
)
const dropAnnouncements = command<{ ids: readonly number[] }>()(
  p => sql`DELETE FROM announcements WHERE announcement_id IN ${listOf(p.ids)}`,
)
const dropFiles = command<{ ids: readonly number[] }>()(
  p => sql`DELETE FROM shared_files WHERE file_id IN ${listOf(p.ids)}`,
)
const dropAvatar = command<{ group_id: number; now: number }>()(
  p => sql`UPDATE groups SET avatar = '', updated_at = ${p.now} WHERE group_id = ${p.group_id}`,
)

export const forgetInGroup = groupOperation({
  id: 'erase_user_in_group',
  methods: [],
  path: '',
  title: 'Erase a user from a group',
  requires: 'anyone',
  self: true,
  writes: true,
  input: z.object({ group_id: id, owned: z.enum(ownedChoices) }),
  answer: done,
  reads: ({ caller: { user_id } }, group_id) => [
    found({ group_id, user_id }),
    itsAnnouncements({ group_id, user_id }),
    itsFiles({ group_id, user_id }),
    invitedBy({ group_id, user_id }),
  ],
  decide: (call, [[left], written, shared, inviters]) => {
    const { app, group, me, now, input } = call
    const { group_id } = group
    const { actor_id: user_id } = me
    const ofUser = { group_id, user_id }
    const heir = left?.heir ?? null
    if (me.role === role.owner && (heir === null || input.owned === 'dissolve')) {
      const { writes, events } = dissolution(call)
      return {
        data: true,
        writes: [...writes, dropInvitations({ ...ofUser, app_id: app.app_id })],
        events: nobodys(events),
      }
    }
    const announcementIds = written.map(({ announcement_id }) => announcement_id)
    const fileIds = shared.map(({ file_id }) => file_id)
    const writes: Bound[] = [
      dropApplication(ofUser),
      dropInvitations({ ...ofUser, app_id: app.app_id }),
      dropKicks(ofUser),
      endCodesOfAll(ofUser),
      dropCodes(ofUser),
      ...liftAbsentBans(group_id, [user_id]),
    ]
    const events: NewEvent[] = inviters.map(({ inviter_id: inviter }) =>
      call.event('group.invitation.declined', { users: [user_id], inviter }),
    )
    if (left?.application_status === pendingStatus.pending)
      events.push(call.event('group.application.declined', { users: [user_id] }))
    if (left?.absent_until !== null) events.push(call.event('group.member.unbanned', { users: [user_id] }))
    if (left?.blocked_at !== null) {
      writes.push(...unblocking(group_id, [user_id]))
      events.push(call.event('group.blacklist.removed', { users: [user_id] }))
    }
    if (announcementIds.length > 0) {
      writes.push(dropAnnouncements({ ids: announcementIds }))
      events.push(call.event('group.announcement.deleted', { announcements: announcementIds }))
    }
    if (fileIds.length > 0) {
      writes.push(dropFiles({ ids: fileIds }))
      events.push(call.event('group.file.deleted', { files: fileIds }))
    }
    if (left?.avatar_of === user_id) {
      writes.push(dropAvatar({ group_id, now }))
      events.push(call.event('group.profile.changed', { changes: { avatar: [group.avatar, ''] } }))
    }
    if (me.role === role.owner && heir !== null) {
      writes.push(...changeOwner({ group_id, from: user_id, to: heir, now }))
      events.push(call.event('group.owner.assigned', { users: [heir], previous: user_id }))
    }
    if (me.role !== null) {
      // A ban is not kept for a user who is erased.
      writes.push(...remove({ app, now, group_id, leaving: [{ user_id, ban_until: null }] }))
      events.push(call.event('group.member.left', { users: [user_id] }))
    }
    const joined = me.role === null ? 0 : -1
    // What no list shows (settled applications, kicks) goes without an event, and without a new version.
    if (events.length === 0) return { data: true, unseen: true, writes }
    return { data: true, joined, writes, events: nobodys(events) }
  },
})

/** The events without the user who acted: the service did, not the user who is erased. */
const nobodys = (events: readonly NewEvent[]): NewEvent[] => events.map(event => ({ ...event, by_id: null }))
