import { and, eq, sql } from 'drizzle-orm'
import { command, db, each, inList, query } from '../db/query.ts'
import { groups } from '../db/schema.ts'

/*
 * The statements of an import. Each gets its rows as one parameter, a list of lists: `value ->> 0` is the
 * first column. Existing rows are not changed, and RETURNING answers the rows that are new.
 */

const knownColumns = {
  group_id: groups.group_id,
  app_id: groups.app_id,
  owner_id: groups.owner_id,
  count: groups.count,
  capacity: groups.capacity,
  blacklist_count: groups.blacklist_count,
  status: groups.status,
  version: groups.version,
  created_at: groups.created_at,
  import_mark: groups.import_mark,
  source_id: groups.source_id,
}
export type KnownGroup = Pick<typeof groups.$inferSelect, keyof typeof knownColumns>

export const knownGroups = query<{ group_ids: readonly number[] }>()(p =>
  db.select(knownColumns).from(groups).where(inList(groups.group_id, p.group_ids)),
)

/** Groups of this app that have another id here than in the imported file, by their ids in the file. */
export const groupsOfSource = query<{ app_id: string; source_ids: readonly number[] }>()(p =>
  db
    .select(knownColumns)
    .from(groups)
    .where(and(eq(groups.app_id, p.app_id), inList(groups.source_id, p.source_ids))),
)

/**
 * Stores which version a run leaves. Rows: group, and whether something other than an import has changed it.
 */
export const markGroups = command<{ run: string; rows: readonly unknown[] }>()(
  p => sql`UPDATE groups SET import_mark = ${p.run} || ' ' || CASE WHEN row.value ->> 1 THEN 'changed' ELSE version END
    FROM ${each(p.rows)} AS row WHERE groups.group_id = row.value ->> 0`,
)

/**
 * Rows are objects with the names of the columns. The numbers of members and of blacklisted users are updated
 * later.
 */
export const insertGroups = command<{ app_id: string; rows: readonly unknown[] }>()(
  p => sql`INSERT INTO groups
    (group_id, app_id, type, finer_type, name, description, avatar, ext, owner_id, creator_id, apply_approval, capacity, member_invite, member_modify,
      history_visible, read_ack, hide_member_info, ban_all_until, count, version, created_at, updated_at, source_id)
    SELECT value ->> 'group_id', ${p.app_id}, value ->> 'type', value ->> 'finer_type', value ->> 'name', value ->> 'description', value ->> 'avatar', value ->> 'ext',
      value ->> 'owner_id', value ->> 'creator_id', value ->> 'apply_approval', value ->> 'capacity', value ->> 'member_invite',
      value ->> 'member_modify', value ->> 'history_visible', value ->> 'read_ack', value ->> 'hide_member_info', value ->> 'ban_all_until', 0,
      value ->> 'version', value ->> 'created_at', value ->> 'updated_at', value ->> 'source_id'
    FROM ${each(p.rows)}`,
)

/** Rows: group, user, role, display name, joined at, mute mode, push mode, end of ban. */
export const insertMembers = command<{ app_id: string; rows: readonly unknown[] }>()(
  p => sql`INSERT INTO members (group_id, user_id, app_id, role, display_name, joined_at, msg_mute_mode, msg_push_mode, ban_until)
    SELECT value ->> 0, value ->> 1, ${p.app_id}, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM ${each(p.rows)} WHERE true
    ON CONFLICT (group_id, user_id) DO NOTHING RETURNING group_id, user_id`,
)

/**
 * Rows: group, user, joined at. For members without any other field, who are most of them. SQLite has a third
 * less work than with eight columns.
 */
export const insertPlainMembers = command<{ app_id: string; rows: readonly unknown[] }>()(
  p => sql`INSERT INTO members (group_id, user_id, app_id, joined_at)
    SELECT value ->> 0, value ->> 1, ${p.app_id}, value ->> 2 FROM ${each(p.rows)} WHERE true
    ON CONFLICT (group_id, user_id) DO NOTHING RETURNING group_id, user_id`,
)

/**
 * Sets the fields of owners, whom the line of their group has made members, unless they have changed a field
 * meanwhile. Rows as for `insertMembers`. Answers the owners that were updated.
 */
export const tellOfOwners = command<{ rows: readonly unknown[] }>()(
  p => sql`UPDATE members SET display_name = row.value ->> 3, joined_at = row.value ->> 4, msg_mute_mode = row.value ->> 5,
      msg_push_mode = row.value ->> 6, ban_until = row.value ->> 7
    FROM ${each(p.rows)} AS row
    WHERE members.group_id = row.value ->> 0 AND members.user_id = row.value ->> 1 AND members.role = 3 AND members.display_name = ''
      AND members.msg_mute_mode = 0 AND members.msg_push_mode = 0 AND members.ban_until = 0
      AND members.joined_at = (SELECT created_at FROM groups WHERE groups.group_id = members.group_id)
      AND (row.value ->> 3, row.value ->> 4, row.value ->> 5, row.value ->> 6, row.value ->> 7)
        IS NOT ('', members.joined_at, 0, 0, 0)
    RETURNING group_id, user_id`,
)

/** Rows: group, user, blocked at. */
export const insertBlocked = command<{ rows: readonly unknown[] }>()(
  p => sql`INSERT INTO blacklist (group_id, user_id, blocked_at) SELECT value ->> 0, value ->> 1, value ->> 2 FROM ${each(p.rows)} WHERE true
    ON CONFLICT (group_id, user_id) DO NOTHING RETURNING group_id, user_id`,
)

/** Rows: group, user, end of the ban. The ban of a member is in the row of the member. */
export const insertAbsentBans = command<{ rows: readonly unknown[] }>()(
  p => sql`INSERT INTO absent_bans (group_id, user_id, absent_until) SELECT value ->> 0, value ->> 1, value ->> 2
    FROM ${each(p.rows)}
    WHERE NOT EXISTS (SELECT 1 FROM members WHERE members.group_id = value ->> 0 AND members.user_id = value ->> 1)
    ON CONFLICT (group_id, user_id) DO NOTHING`,
)

/**
 * Rows: group, how many members to add, how many blacklisted users to add, how much to add to the version.
 */
export const countInGroups = command<{ rows: readonly unknown[] }>()(
  p => sql`UPDATE groups SET count = count + (row.value ->> 1), blacklist_count = blacklist_count + (row.value ->> 2),
      version = version + (row.value ->> 3)
    FROM ${each(p.rows)} AS row WHERE groups.group_id = row.value ->> 0`,
)

/** Rows: user, how many created groups to add, how many joined groups to add. */
export const countOfUsers = command<{ app_id: string; rows: readonly unknown[] }>()(
  p => sql`INSERT INTO users (app_id, user_id, groups_created, groups_joined)
    SELECT ${p.app_id}, value ->> 0, value ->> 1, value ->> 2 FROM ${each(p.rows)} WHERE true
    ON CONFLICT (app_id, user_id) DO UPDATE SET groups_created = groups_created + excluded.groups_created,
      groups_joined = groups_joined + excluded.groups_joined`,
)

export const countInApp = command<{ app_id: string; more: number }>()(
  p => sql`UPDATE apps SET group_count = group_count + ${p.more} WHERE app_id = ${p.app_id}`,
)

/** Users of these groups who are both a member and blacklisted. */
export const membersBlocked = command<{ group_ids: readonly number[] }>()(
  p => sql`SELECT b.group_id, b.user_id FROM ${each(p.group_ids)} AS item CROSS JOIN blacklist b ON b.group_id = item.value
    CROSS JOIN members m ON m.group_id = b.group_id AND m.user_id = b.user_id LIMIT 1`,
)

/** The groups in this list with a pending application or invitation. */
export const groupsWithPending = command<{ group_ids: readonly number[] }>()(
  p => sql`SELECT value FROM ${each(p.group_ids)} WHERE EXISTS (SELECT 1 FROM invitations WHERE group_id = value AND status = 0)
    OR EXISTS (SELECT 1 FROM applications WHERE group_id = value AND status = 0)`,
)
