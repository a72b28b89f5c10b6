import { eq, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { apps, groups } from '../db/schema.ts'
import { groupStatus, objectState } from '../db/states.ts'

/* What the database holds of a user, counted and by group. */

type OfUser = { app_id: string; user_id: number }

const living = sql.raw(String(groupStatus.living))

/** The number of rows of a table of groups that belong to the user, in living groups of the app. */
const inGroups = (table: string, column: string, app_id: unknown, user_id: unknown, condition = sql`true`) =>
  sql<number>`(SELECT count(*) FROM ${sql.identifier(table)} AS t CROSS JOIN groups AS g ON g.group_id = t.group_id AND g.app_id = ${app_id} AND g.status = ${living}
    WHERE t.${sql.identifier(column)} = ${user_id} AND ${condition})`

const ofUser = (table: string, column: string, app_id: unknown, user_id: unknown) =>
  sql<number>`(SELECT count(*) FROM ${sql.identifier(table)} AS t WHERE t.app_id = ${app_id} AND t.${sql.identifier(column)} = ${user_id})`

const stored = (what: string, app_id: unknown, user_id: unknown) =>
  sql<number>`(SELECT ${sql.raw(what)} FROM objects AS o WHERE o.app_id = ${app_id} AND o.user_id = ${user_id} AND o.state = ${sql.raw(String(objectState.stored))})`

/** How much there is of a user. One row, also for a user of whom nothing is known. */
export const holdings = query<OfUser>()(p =>
  db
    .select({
      owned_groups:
        sql<number>`(SELECT count(*) FROM groups AS g WHERE g.app_id = ${p.app_id} AND g.owner_id = ${p.user_id} AND g.status = ${living})`.as(
          'owned_groups',
        ),
      memberships:
        sql<number>`(SELECT count(*) FROM members AS m CROSS JOIN groups AS g ON g.group_id = m.group_id AND g.status = ${living}
          WHERE m.app_id = ${p.app_id} AND m.user_id = ${p.user_id})`.as('memberships'),
      applications: inGroups('applications', 'applicant_id', p.app_id, p.user_id).as('applications'),
      invitations: ofUser('invitations', 'invitee_id', p.app_id, p.user_id).as('invitations'),
      invitations_sent: ofUser('invitations', 'inviter_id', p.app_id, p.user_id).as('invitations_sent'),
      blacklisted: inGroups('blacklist', 'user_id', p.app_id, p.user_id).as('blacklisted'),
      bans: sql<number>`(${inGroups('absent_bans', 'user_id', p.app_id, p.user_id)} + (SELECT count(*) FROM members AS m WHERE m.app_id = ${p.app_id}
          AND m.user_id = ${p.user_id} AND m.ban_until <> 0))`.as('bans'),
      announcements: inGroups('announcements', 'author_id', p.app_id, p.user_id).as('announcements'),
      shared_files: inGroups('shared_files', 'uploader_id', p.app_id, p.user_id).as('shared_files'),
      files: stored('count(*)', p.app_id, p.user_id).as('files'),
      bytes: stored('coalesce(sum(size + derived_bytes), 0)', p.app_id, p.user_id).as('bytes'),
    })
    .from(apps)
    .where(eq(apps.app_id, p.app_id)),
)

/**
 * Who gets a group if its owner is erased: the admin who has been in it longest, else the member who has;
 * null if there is no other member. SQLite answers `user_id` of the row that has the minimum. The name of the
 * table is part of the column's, because the inner tables have a `group_id`, too.
 */
export const heirOf = sql<number | null>`coalesce(
  (SELECT user_id FROM (SELECT a.user_id, min(a.joined_at) FROM members AS a WHERE a.group_id = groups.group_id AND a.role > 1 AND a.role < 3)),
  (SELECT user_id FROM (SELECT m.user_id, min(m.joined_at) FROM members AS m WHERE m.group_id = groups.group_id AND m.role = 1)))`

/** The groups that the user owns, with their heirs, as many as `most`. */
export const ownedGroups = query<OfUser & { most: number }>()(p =>
  db
    .select({ group_id: groups.group_id, name: groups.name, heir: heirOf.as('heir') })
    .from(groups)
    .where(
      sql`${groups.app_id} = ${p.app_id} AND ${groups.owner_id} = ${p.user_id} AND ${groups.status} = ${living}`,
    )
    .orderBy(groups.group_id)
    .limit(p.most),
)

/** The tables of groups whose rows belong to a user, and the column that says to whom. */
export const tablesOfGroups = [
  ['members', 'user_id', 'app_id'],
  ['applications', 'applicant_id'],
  ['invitations', 'invitee_id', 'app_id'],
  ['blacklist', 'user_id'],
  ['absent_bans', 'user_id'],
  ['kicks', 'user_id'],
  ['ended_qr_codes', 'inviter_id'],
  ['announcements', 'author_id'],
  ['shared_files', 'uploader_id'],
] as const

type TableOfGroups = (typeof tablesOfGroups)[number]

const firstGroupIn = ([table, column, ofApp]: TableOfGroups, app_id: unknown, user_id: unknown) =>
  sql`(SELECT t.group_id FROM ${sql.identifier(table)} AS t CROSS JOIN groups AS g ON g.group_id = t.group_id AND g.app_id = ${app_id} AND g.status = ${living}
    WHERE t.${sql.identifier(column)} = ${user_id}${ofApp === undefined ? sql`` : sql` AND t.app_id = ${app_id}`} LIMIT 1)`

/** A living group in which something is left of the user; null if there is none. */
export const nextGroup = query<OfUser>()(p =>
  db
    .select({
      group_id: sql<number | null>`coalesce(${sql.join(
        tablesOfGroups.map(table => firstGroupIn(table, p.app_id, p.user_id)),
        sql`, `,
      )})`.as('group_id'),
    })
    .from(apps)
    .where(eq(apps.app_id, p.app_id)),
)
