import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/*
 * One schema for every engine. Times are milliseconds since 1970 unless a name says otherwise. A column
 * `*_until` is the end of a ban: 0 for no ban, -1 for a ban without end. `ids.ts` makes the ids. Rules that
 * must hold whatever the code does are declared here as keys and checks.
 *
 * Columns of tables that are joined have different names, because D1 answers rows as objects and would lose
 * the second column of the same name. `cohort migrate` and wrangler apply the same migrations. Read every
 * generated migration, and add `WITHOUT ROWID` by hand, because drizzle cannot generate it.
 */

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull()

export interface AppSecret {
  readonly kid: string
  readonly secret: string
  readonly created_at: number
  /** For a secret: it came from APP_SECRET. Another value of APP_SECRET ends it. */
  readonly from_environment?: boolean
  /**
   * For a signing key: it is valid for file signatures only. QR codes, upload URLs and cursors that it signed
   * are ended.
   */
  readonly files_only?: boolean
}

/** A secret or signing key that was dropped. It is never accepted again, whoever sets it. */
export interface EndedSecret {
  /**
   * Hex SHA-256 of the secret. It is enough to recognize the secret, and nobody can make the secret from it.
   */
  readonly digest: string
  readonly ended_at: number
}

/**
 * A tenant. `secrets` sign its tokens: all of them are accepted, and the first one signs. `keys` sign what
 * Cohort itself hands out.
 */
export const apps = sqliteTable(
  'apps',
  {
    app_id: text('app_id').primaryKey(),
    secrets: text('secrets', { mode: 'json' }).$type<AppSecret[]>().notNull(),
    keys: text('keys', { mode: 'json' }).$type<AppSecret[]>().notNull(),
    ended: text('ended', { mode: 'json' }).$type<EndedSecret[]>().notNull().default([]),
    jwks_url: text('jwks_url').notNull().default(''),
    settings: text('settings', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    group_count: integer('group_count').notNull().default(0),
    file_bytes: integer('file_bytes').notNull().default(0),
    /**
     * First part of every cursor and state that readers keep. It changes when a backup is restored, so that
     * those become void.
     */
    epoch: text('epoch').notNull().default(''),
    app_created_at: integer('app_created_at').notNull(),
    /** When the app was imported as SQL (see transfer/export-sql.ts); null if it never was. */
    imported_at: integer('imported_at'),
  },
  t => [check('apps_counts', sql`${t.group_count} >= 0 AND ${t.file_bytes} >= 0`)],
)

/** What Cohort stores of a user: counters for the limits, and the user's own setting for invitations. */
export const users = sqliteTable(
  'users',
  {
    app_id: text('app_id').notNull(),
    user_id: integer('user_id').notNull(),
    groups_created: integer('groups_created').notNull().default(0),
    groups_joined: integer('groups_joined').notNull().default(0),
    user_file_bytes: integer('user_file_bytes').notNull().default(0),
    /** null: the app's setting `invite_confirm` applies. */
    group_confirm: integer('group_confirm', { mode: 'boolean' }),
    /**
     * Fields of /user/settings that belong to another service. Cohort stores them and answers them unchanged.
     */
    other_settings: text('other_settings', { mode: 'json' })
      .$type<Record<string, unknown>>()
      .notNull()
      .default({}),
  },
  t => [
    primaryKey({ columns: [t.app_id, t.user_id] }),
    // Users without bytes are not in it, so that nobody pays for it on joining a first group.
    index('users_by_bytes').on(t.app_id, t.user_file_bytes, t.user_id).where(sql`user_file_bytes > 0`),
    check(
      'users_counts',
      sql`${t.groups_created} >= 0 AND ${t.groups_joined} >= 0 AND ${t.user_file_bytes} >= 0`,
    ),
  ],
)

export const groups = sqliteTable(
  'groups',
  {
    group_id: integer('group_id').primaryKey(),
    app_id: text('app_id').notNull(),
    type: integer('type').notNull(),
    /**
     * 1 (public) or 3 (temporary) if the group has one of these types, else null. `type` is 0 then, because
     * its CHECK does not allow 1 and 3, and SQLite can change a CHECK only by making the table again.
     */
    finer_type: integer('finer_type'),
    name: text('name').notNull(),
    description: text('description').notNull(),
    avatar: text('avatar').notNull(),
    ext: text('ext').notNull().default(''),
    owner_id: integer('owner_id').notNull(),
    /** The user whose limit of created groups counts this group, whoever is the owner now. */
    creator_id: integer('creator_id').notNull(),
    apply_approval: integer('apply_approval').notNull(),
    capacity: integer('capacity').notNull(),
    member_invite: flag('member_invite').default(true),
    member_modify: flag('member_modify').default(false),
    history_visible: flag('history_visible').default(false),
    read_ack: flag('read_ack').default(false),
    hide_member_info: flag('hide_member_info').default(false),
    ban_all_until: integer('ban_all_until').notNull().default(0),
    count: integer('count').notNull(),
    blacklist_count: integer('blacklist_count').notNull().default(0),
    /**
     * Every change adds one. A decision that was made on another version is never written (see
     * `executor.ts`).
     */
    version: integer('version').notNull().default(1),
    /** 0 normal, 1 dissolved. */
    status: integer('status').notNull().default(0),
    created_at: integer('created_at').notNull(),
    updated_at: integer('updated_at').notNull(),
    /**
     * Which import wrote to the group last, and the version after that: `run version` (see
     * transfer/import-groups.ts).
     */
    import_mark: text('import_mark'),
    /** The group's id in the imported file, if that id was already taken here; else null. */
    source_id: integer('source_id'),
  },
  t => [
    index('groups_open')
      .on(t.app_id, t.group_id, t.type, t.finer_type)
      .where(sql`(type = 2 OR finer_type = 1) AND status = 0`),
    // One index for each order in which an administrator can list the groups of an app.
    index('groups_of_app').on(t.app_id, t.group_id).where(sql`status = 0`),
    index('groups_by_name').on(t.app_id, sql`name COLLATE NOCASE`, t.group_id).where(sql`status = 0`),
    index('groups_by_size').on(t.app_id, t.count, t.group_id).where(sql`status = 0`),
    index('groups_by_owner').on(t.app_id, t.owner_id, t.group_id).where(sql`status = 0`),
    uniqueIndex('groups_of_source').on(t.app_id, t.source_id).where(sql`source_id IS NOT NULL`),
    index('groups_dissolved').on(t.group_id).where(sql`status = 1 AND count > 0`),
    check('groups_type', sql`${t.type} IN (0, 2)`),
    check('groups_count', sql`${t.count} >= 0 AND ${t.count} <= ${t.capacity} AND ${t.blacklist_count} >= 0`),
    check('groups_status', sql`${t.status} IN (0, 1)`),
    check('groups_approval', sql`${t.apply_approval} IN (0, 1, 2)`),
  ],
)

/** Role: 1 member, 2 admin, 3 owner. */
export const members = sqliteTable(
  'members',
  {
    group_id: integer('group_id').notNull(),
    user_id: integer('user_id').notNull(),
    app_id: text('app_id').notNull(),
    role: integer('role').notNull().default(1),
    display_name: text('display_name').notNull().default(''),
    joined_at: integer('joined_at').notNull(),
    msg_mute_mode: integer('msg_mute_mode').notNull().default(0),
    msg_push_mode: integer('msg_push_mode').notNull().default(0),
    ban_until: integer('ban_until').notNull().default(0),
  },
  t => [
    primaryKey({ columns: [t.group_id, t.user_id] }),
    index('members_of_user').on(t.app_id, t.user_id, t.joined_at, t.group_id),
    index('members_admins').on(t.group_id, t.user_id).where(sql`role > 1`),
    uniqueIndex('members_one_owner').on(t.group_id).where(sql`role = 3`),
    index('members_banned').on(t.group_id, t.user_id, t.ban_until).where(sql`ban_until <> 0`),
    check('members_role', sql`${t.role} IN (1, 2, 3)`),
    check('members_modes', sql`${t.msg_mute_mode} BETWEEN 0 AND 2 AND ${t.msg_push_mode} BETWEEN 0 AND 4`),
  ],
)

export const blacklist = sqliteTable(
  'blacklist',
  {
    group_id: integer('group_id').notNull(),
    user_id: integer('user_id').notNull(),
    blocked_at: integer('blocked_at').notNull(),
  },
  t => [primaryKey({ columns: [t.group_id, t.user_id] }), index('blacklist_of_user').on(t.user_id)],
)

/** Bans of users who are not members now. They are banned again when they come back. */
export const absentBans = sqliteTable(
  'absent_bans',
  {
    group_id: integer('group_id').notNull(),
    user_id: integer('user_id').notNull(),
    absent_until: integer('absent_until').notNull(),
  },
  t => [primaryKey({ columns: [t.group_id, t.user_id] }), index('absent_bans_of_user').on(t.user_id)],
)

/**
 * QR codes that were ended: all codes of this inviter (0: of the whole group) that were made when the group
 * had a lower version.
 */
export const endedQrCodes = sqliteTable(
  'ended_qr_codes',
  {
    group_id: integer('group_id').notNull(),
    inviter_id: integer('inviter_id').notNull(),
    before_version: integer('before_version').notNull(),
  },
  t => [
    primaryKey({ columns: [t.group_id, t.inviter_id] }),
    index('ended_qr_codes_of_user').on(t.inviter_id),
  ],
)

/** How often a user was kicked from a group since the user was last unblocked, or invited by an admin. */
export const kicks = sqliteTable(
  'kicks',
  {
    group_id: integer('group_id').notNull(),
    user_id: integer('user_id').notNull(),
    kick_count: integer('kick_count').notNull(),
  },
  t => [primaryKey({ columns: [t.group_id, t.user_id] }), index('kicks_of_user').on(t.user_id)],
)

/** The latest application of each user in each group. Status: 0 pending, 1 agreed, 2 rejected. */
export const applications = sqliteTable(
  'applications',
  {
    application_id: integer('application_id').primaryKey(),
    group_id: integer('group_id').notNull(),
    applicant_id: integer('applicant_id').notNull(),
    reason: text('reason').notNull(),
    status: integer('status').notNull(),
    expires_at: integer('expires_at').notNull(),
    /** Former ids of an application that was made again, as JSON, oldest first (see operation/page.ts). */
    former_ids: text('former_ids').notNull().default('[]'),
  },
  t => [
    uniqueIndex('applications_of_applicant').on(t.group_id, t.applicant_id),
    index('applications_of_group').on(t.group_id, t.application_id),
    index('applications_of_user').on(t.applicant_id, t.group_id),
    check('applications_status', sql`${t.status} IN (0, 1, 2)`),
  ],
)

/**
 * At most one pending invitation for each group, invitee and inviter. Status: 0 pending, 1 agreed, 2 rejected
 * or void.
 */
export const invitations = sqliteTable(
  'invitations',
  {
    invitation_id: integer('invitation_id').primaryKey(),
    app_id: text('app_id').notNull(),
    group_id: integer('group_id').notNull(),
    inviter_id: integer('inviter_id').notNull(),
    invitee_id: integer('invitee_id').notNull(),
    reason: text('reason').notNull(),
    status: integer('status').notNull(),
    expires_at: integer('expires_at').notNull(),
    updated_at: integer('updated_at').notNull(),
    /** Former ids, as for applications. */
    former_ids: text('former_ids').notNull().default('[]'),
  },
  t => [
    uniqueIndex('invitations_pending').on(t.group_id, t.invitee_id, t.inviter_id).where(sql`status = 0`),
    index('invitations_of_invitee').on(t.app_id, t.invitee_id, t.invitation_id),
    index('invitations_of_inviter').on(t.app_id, t.inviter_id, t.invitation_id),
    check('invitations_status', sql`${t.status} IN (0, 1, 2)`),
  ],
)

export const announcements = sqliteTable(
  'announcements',
  {
    announcement_id: integer('announcement_id').primaryKey(),
    group_id: integer('group_id').notNull(),
    author_id: integer('author_id').notNull(),
    title: text('title').notNull(),
    content: text('content').notNull(),
    created_at: integer('created_at').notNull(),
  },
  t => [
    index('announcements_of_group').on(t.group_id, t.announcement_id),
    index('announcements_of_author').on(t.author_id, t.group_id),
  ],
)

export const sharedFiles = sqliteTable(
  'shared_files',
  {
    file_id: integer('file_id').primaryKey(),
    group_id: integer('group_id').notNull(),
    uploader_id: integer('uploader_id').notNull(),
    name: text('name').notNull(),
    size: integer('size').notNull(),
    type: text('type').notNull(),
    url: text('url').notNull(),
    /** The grant of the file behind `url`, if this service made the URL for this group; else 0. */
    grant_id: integer('grant_id').notNull(),
    created_at: integer('created_at').notNull(),
    updated_at: integer('updated_at').notNull(),
    /** The app of the group. It is here, too, so that an app's records can be read by their age. */
    app_id: text('app_id').notNull().default(''),
  },
  t => [
    index('shared_files_by_age').on(t.app_id, t.created_at, t.file_id),
    index('shared_files_of_group').on(t.group_id, t.file_id),
    index('shared_files_of_uploader').on(t.uploader_id, t.group_id),
    index('shared_files_of_grant').on(t.grant_id).where(sql`grant_id <> 0`),
    check('shared_files_size', sql`${t.size} >= 0`),
  ],
)

export interface DerivedObject {
  readonly content_type: string
  readonly size: number
}

/**
 * Stored bytes, or a place reserved for an upload. `object_name` is the key in the store; it begins with the
 * app.
 */
export const objects = sqliteTable(
  'objects',
  {
    object_name: text('object_name').primaryKey(),
    app_id: text('app_id').notNull(),
    user_id: integer('user_id').notNull(),
    /** A chat file_type (100–203), or 1 for a user's and 2 for a group's avatar. */
    kind: integer('kind').notNull(),
    /** See `objectState` in file/objects.ts. */
    state: integer('state').notNull(),
    size: integer('size').notNull(),
    content_type: text('content_type').notNull(),
    etag: text('etag').notNull(),
    created_at: integer('created_at').notNull(),
    /** What was made from the object and is stored beside it, by suffix: thumbnails, an MP3. */
    derived: text('derived', { mode: 'json' }).$type<Record<string, DerivedObject>>().notNull(),
    /** How many bytes of `derived` count against the quotas: all, except for files that 0.1.0 made. */
    derived_bytes: integer('derived_bytes').notNull().default(0),
    /** The file name that a download suggests; '' if nobody has named the file. */
    name: text('name').notNull().default(''),
    /** Why a presigned upload was refused: 413 or 507; 0 if it was not. */
    refused_status: integer('refused_status').notNull().default(0),
    /** Whether the file is withheld from its readers: see `fileHold` in db/states.ts. */
    hold: integer('hold').notNull().default(0),
    /** Why it is under quarantine, as the administrator or the scanner said. */
    hold_reason: text('hold_reason').notNull().default(''),
    /** Since when it is under quarantine; 0 if it is not. */
    held_at: integer('held_at').notNull().default(0),
  },
  t => [
    index('objects_unfinished').on(t.created_at).where(sql`state IN (0, 3)`),
    index('objects_promised_to_user').on(t.app_id, t.user_id).where(sql`state = 0`),
    index('objects_by_size').on(t.app_id, t.size, t.object_name).where(sql`state = 1`),
    index('objects_of_user').on(t.app_id, t.user_id, t.size, t.object_name).where(sql`state = 1`),
    index('objects_released').on(t.object_name).where(sql`state = 2`),
    // One index for the files of chats and one for shared files: each has an age at which they go.
    index('objects_chat_by_age')
      .on(t.app_id, t.created_at, t.object_name)
      .where(sql`state = 1 AND kind >= 100 AND kind < 200`),
    index('objects_shared_by_age')
      .on(t.app_id, t.created_at, t.object_name)
      .where(sql`state = 1 AND kind >= 200`),
    index('objects_quarantined').on(t.app_id, t.held_at, t.object_name).where(sql`hold = 2`),
    index('objects_unscanned').on(t.object_name).where(sql`hold = 1`),
    check('objects_state', sql`${t.state} IN (0, 1, 2, 3)`),
    check('objects_size', sql`${t.size} >= 0`),
  ],
)

/** Who may read a chat file: the sender and a receiver (a user or a group). Each forward adds a grant. */
export const grants = sqliteTable(
  'grants',
  {
    grant_id: integer('grant_id').primaryKey(),
    object_name: text('object_name').notNull(),
    from_id: integer('from_id').notNull(),
    /** 1 user, 2 group. */
    to_type: integer('to_type').notNull(),
    to_id: integer('to_id').notNull(),
    created_at: integer('created_at').notNull(),
    /** The grant that was forwarded; 0 if the file was sent. */
    source_grant_id: integer('source_grant_id').notNull().default(0),
  },
  t => [
    index('grants_of_object').on(t.object_name),
    index('grants_to_group').on(t.to_id).where(sql`to_type = 2`),
  ],
)
