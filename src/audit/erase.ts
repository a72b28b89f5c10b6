import { sql } from 'drizzle-orm'
import { type Bound, command, each, listOf } from '../db/query.ts'

/*
 * Takes out of events what they say of a person. What stays are `seq`, `at`, `kind`, `group_id`,
 * `group_version`, `acting` and `subjects`, which the chain goes on covering. The digests stay too, and the
 * salts go. So the chain still verifies, and nobody can guess what the events said (docs/audit.md).
 */

type Erased = { app_id: string; seqs: readonly number[] }

const sealedTo = (app_id: unknown) =>
  sql`(SELECT coalesce(max(last_seq), 0) FROM audit_chain WHERE app_id = ${app_id})`

const blankEvents = command<Erased>()(
  p => sql`UPDATE events SET by_id = NULL, key_id = '', data = '{}', request = '', ip = ''
    WHERE app_id = ${p.app_id} AND seq IN ${listOf(p.seqs)} AND kind <> 'events.trimmed'
      AND seq <= ${sealedTo(p.app_id)}`,
)

const blankSalts = command<Erased>()(
  p => sql`UPDATE audit_chain SET entries = (
      SELECT json_group_array(json(CASE WHEN value ->> 0 IN ${listOf(p.seqs)} THEN json_set(value, '$[3]', '') ELSE value END))
      FROM (SELECT value FROM json_each(audit_chain.entries) ORDER BY key))
    WHERE app_id = ${p.app_id} AND number IN (
      SELECT (SELECT c.number FROM audit_chain c WHERE c.app_id = ${p.app_id} AND c.last_seq >= named.value
        ORDER BY c.last_seq LIMIT 1) FROM ${each(p.seqs)} AS named)`,
)

/**
 * The writes that erase these events of an app, at most 500 at once. Only sealed events change: call
 * `sealApp` before. An event is erased exactly if its salt is ''.
 */
export const eraseEvents = (erased: Erased): Bound[] => [blankEvents(erased), blankSalts(erased)]
