import { sql } from 'drizzle-orm'
import { type Bound, command, listOf } from '../db/query.ts'
import { objectState, receiverType } from '../db/states.ts'

/*
 * How bytes become free: a grant ends, and an object without grants is released. From then on nobody can read
 * it. A job deletes the bytes later.
 */

// A grant of a shared file (file_type 200 and up) ends with its last record. A chat file that was also shared
// is still part of the chat, so its grant stays.
const dropUnrecorded = command<{ grant_ids: readonly number[] }>()(
  p => sql`DELETE FROM grants WHERE grant_id IN ${listOf(p.grant_ids)}
    AND NOT EXISTS (SELECT 1 FROM shared_files f WHERE f.grant_id = grants.grant_id AND f.grant_id <> 0)
    AND EXISTS (SELECT 1 FROM objects o WHERE o.object_name = grants.object_name AND o.kind >= 200)`,
)

const releaseUngranted = command<{ object_names: readonly string[] }>()(
  p => sql`UPDATE objects SET state = ${objectState.released} WHERE object_name IN ${listOf(p.object_names)}
    AND state <> 2 AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.object_name = objects.object_name)`,
)

const dropAll = command<{ object_names: readonly string[] }>()(
  p => sql`DELETE FROM grants WHERE object_name IN ${listOf(p.object_names)}`,
)

// Ends the grants to a group, and all grants that were forwarded from them, directly or through others.
const dropSentTo = command<{ object_name: string; group_id: number }>()(
  p => sql`DELETE FROM grants WHERE grant_id IN (
    WITH RECURSIVE ended (grant_id) AS (
      SELECT grant_id FROM grants WHERE object_name = ${p.object_name} AND to_type = ${receiverType.group} AND to_id = ${p.group_id}
      UNION SELECT g.grant_id FROM grants g JOIN ended ON g.source_grant_id = ended.grant_id
        WHERE g.object_name = ${p.object_name}
    ) SELECT grant_id FROM ended)`,
)

interface Granted {
  readonly grant_id: number
  readonly object_name: string
}

/** Ends the grants of shared files that no record refers to any more. */
export const endUnrecorded = (granted: readonly Granted[]): Bound[] =>
  granted.length === 0
    ? []
    : [
        dropUnrecorded({ grant_ids: granted.map(({ grant_id }) => grant_id) }),
        releaseUngranted({ object_names: granted.map(({ object_name }) => object_name) }),
      ]

/** Ends every grant of these objects. */
export const endAllOf = (object_names: readonly string[]): Bound[] =>
  object_names.length === 0 ? [] : [dropAll({ object_names }), releaseUngranted({ object_names })]

/** Ends the grants of an object to a group, and those that were forwarded from them. */
export const endSentTo = (object_name: string, group_id: number): Bound[] => [
  dropSentTo({ object_name, group_id }),
  releaseUngranted({ object_names: [object_name] }),
]
