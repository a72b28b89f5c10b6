import { and, eq, type SQL, sql } from 'drizzle-orm'
import { type Bound, command, db, listOf } from '../db/query.ts'
import { grants, groups, sharedFiles } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import type { NewEvent } from '../events/event.ts'
import { touch } from '../group/group-operation.ts'
import { endAllOf } from './end-grants.ts'

/*
 * Files that go although nobody of their group deleted them: by age, or by an administrator. The records that
 * the shared files of groups have of them go, too, and each of these groups is told, as by a member's
 * deletion.
 */

/** A record among the shared files of a group, and the group's version. */
export interface RecordInGroup {
  readonly file_id: number
  readonly group_id: number
  readonly version: number
}

export const recordColumns = {
  file_id: sharedFiles.file_id,
  group_id: groups.group_id,
  version: groups.version,
}

/** The records that refer to the objects of which `condition` is true, in groups that are not dissolved. */
export const recordsWhere = (condition: SQL) =>
  db
    .select(recordColumns)
    .from(grants)
    .innerJoin(sharedFiles, and(eq(sharedFiles.grant_id, grants.grant_id), sql`${sharedFiles.grant_id} <> 0`))
    .innerJoin(groups, and(eq(groups.group_id, sharedFiles.group_id), eq(groups.status, groupStatus.living)))
    .where(condition)

const dropRecords = command<{ file_ids: readonly number[] }>()(
  p => sql`DELETE FROM shared_files WHERE file_id IN ${listOf(p.file_ids)}`,
)

interface Removal {
  readonly writes: readonly Bound[]
  readonly events: readonly NewEvent[]
}

/** Removes records from the shared files of their groups. Each group gets a new version and an event. */
export function removeRecords(found: readonly RecordInGroup[]): Removal {
  if (found.length === 0) return { writes: [], events: [] }
  const writes: Bound[] = []
  const events: NewEvent[] = []
  const versions = new Map(found.map(({ group_id, version }) => [group_id, version]))
  for (const [group_id, seen] of versions) {
    writes.push(touch({ group_id, seen }))
    const files = found.filter(record => record.group_id === group_id).map(({ file_id }) => file_id)
    events.push({ kind: 'group.file.deleted', files, group_id, group_version: seen + 1, by_id: null })
  }
  writes.push(dropRecords({ file_ids: found.map(({ file_id }) => file_id) }))
  return { writes, events }
}

/**
 * Removes files whole: `records` are all records that refer to them. Their bytes, and what was made of them,
 * are deleted by the job `collect-released`, which also gives their size back to the quotas.
 */
export function removeFiles(object_names: readonly string[], records: readonly RecordInGroup[]): Removal {
  const { writes, events } = removeRecords(records)
  return { writes: [...writes, ...endAllOf(object_names)], events }
}
