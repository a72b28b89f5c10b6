import { sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { aboveAllIds } from './ids.ts'

/**
 * How many of the newest objects are looked at. The id of an object is only in its name, so there is no index
 * of ids. The objects added last have the highest ids.
 */
const recentObjects = 100

/**
 * The highest stored ids. New ids start above them, whatever the clock says. So new rows stay the newest
 * after a clock that was ahead is corrected (docs/behaviour.md, section 5).
 */
export const highestIds = query()(() =>
  db
    .select({
      highest: sql<number>`max(
        coalesce((SELECT max(group_id) FROM groups WHERE group_id < ${aboveAllIds}), 0),
        coalesce((SELECT max(application_id) FROM applications WHERE application_id < ${aboveAllIds}), 0),
        coalesce((SELECT max(invitation_id) FROM invitations WHERE invitation_id < ${aboveAllIds}), 0),
        coalesce((SELECT max(announcement_id) FROM announcements WHERE announcement_id < ${aboveAllIds}), 0),
        coalesce((SELECT max(file_id) FROM shared_files WHERE file_id < ${aboveAllIds}), 0),
        coalesce((SELECT max(grant_id) FROM grants WHERE grant_id < ${aboveAllIds}), 0))`.as('highest'),
      object_names: sql<string>`(SELECT json_group_array(object_name) FROM
        (SELECT object_name FROM objects WHERE rowid > 0 ORDER BY rowid DESC LIMIT ${recentObjects}))`.as(
        'object_names',
      ),
    })
    .from(sql`(SELECT 1)`),
)

/** The highest id in the rows of `highestIds`; 0 if there is none. */
export function highestId(rows: readonly { highest: number; object_names: string }[]): number {
  const ids = rows.flatMap(({ highest, object_names }) => [
    highest,
    ...(JSON.parse(object_names) as string[]).map(idInName),
  ])
  return ids.reduce((most, id) => Math.max(most, id), 0)
}

/**
 * The id in an object's name: `app/folder/id`, with the id in base 36 (see file/upload/slots.ts). 0 if there
 * is none.
 */
function idInName(object_name: string): number {
  const id = Number.parseInt(object_name.slice(object_name.lastIndexOf('/') + 1), 36)
  return Number.isSafeInteger(id) ? id : 0
}
