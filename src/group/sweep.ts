import { sql } from 'drizzle-orm'
import { type Bound, command, db, query } from '../db/query.ts'
import { groups } from '../db/schema.ts'
import { groupStatus, objectState, receiverType } from '../db/states.ts'

/*
 * A dissolved group is deleted in portions, because deleting a chatroom of 100 000 members at once would hold
 * up everybody for most of a second. Nobody can see what is left meanwhile, since every operation asks for
 * `status = 0`. `count` is the number of members that are still to be deleted.
 */

const portion = 1000

const firstMembers = (group_id: unknown) =>
  sql`(SELECT user_id FROM members WHERE group_id = ${group_id} ORDER BY user_id LIMIT ${sql.raw(String(portion))})`

const uncount = command<{ app_id: string; group_id: number }>()(
  p =>
    sql`UPDATE users SET groups_joined = groups_joined - 1 WHERE app_id = ${p.app_id} AND user_id IN ${firstMembers(p.group_id)}`,
)
const drop = command<{ group_id: number }>()(
  p => sql`DELETE FROM members WHERE group_id = ${p.group_id} AND user_id IN ${firstMembers(p.group_id)}`,
)
const recount = command<{ group_id: number }>()(
  p =>
    sql`UPDATE groups SET count = max(0, count - ${sql.raw(String(portion))}) WHERE group_id = ${p.group_id}`,
)
const dropRest = (
  [
    'applications',
    'blacklist',
    'absent_bans',
    'ended_qr_codes',
    'kicks',
    'announcements',
    'shared_files',
  ] as const
).map(table =>
  command<{ group_id: number }>()(
    p => sql`DELETE FROM ${sql.identifier(table)} WHERE group_id = ${p.group_id}
    AND NOT EXISTS (SELECT 1 FROM members WHERE group_id = ${p.group_id})`,
  ),
)
// Files that were sent to this group alone have no reader left.
const releaseObjects = command<{ group_id: number }>()(
  p => sql`UPDATE objects SET state = ${objectState.released} WHERE state <> ${objectState.released}
    AND object_name IN (SELECT object_name FROM grants WHERE to_type = ${receiverType.group} AND to_id = ${p.group_id})
    AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.object_name = objects.object_name AND NOT (g.to_type = ${receiverType.group} AND g.to_id = ${p.group_id}))
    AND NOT EXISTS (SELECT 1 FROM members WHERE group_id = ${p.group_id})`,
)
const dropGrants = command<{ group_id: number }>()(
  p =>
    sql`DELETE FROM grants WHERE to_type = ${receiverType.group} AND to_id = ${p.group_id} AND NOT EXISTS (SELECT 1 FROM members WHERE group_id = ${p.group_id})`,
)

/** Deletes one portion: at most 1000 members. With the last members goes everything else of the group. */
export const sweep = (app_id: string, group_id: number): Bound[] => [
  uncount({ app_id, group_id }),
  drop({ group_id }),
  recount({ group_id }),
  ...dropRest.map(statement => statement({ group_id })),
  releaseObjects({ group_id }),
  dropGrants({ group_id }),
]

/** Dissolved groups that still have members to sweep, a few at a time. */
export const unswept = query()(() =>
  db
    .select({ group_id: groups.group_id, app_id: groups.app_id })
    .from(groups)
    .where(sql`status = ${groupStatus.dissolved} AND count > 0`)
    .limit(10),
)
