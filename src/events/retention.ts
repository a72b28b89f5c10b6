import { and, eq, gt, lt, sql } from 'drizzle-orm'
import { command, db, listOf, query } from '../db/query.ts'
import { events } from '../db/schema-events.ts'
import { type EventKind, kinds } from './event.ts'

/*
 * What of the record goes when it is old. The range that is no longer complete ends in one row that says so,
 * `events.trimmed`, in the place of the last event deleted: after it nothing is missing. Events that an audit
 * asks for stay longer. The newest event of an app always stays, since the next one is numbered after it.
 */

/** Events deleted in one change. */
export const portion = 1000

const auditKinds = Object.entries(kinds).flatMap(([kind, { audit }]) => (audit ? [kind] : []))

/** The oldest events that may go, oldest first. `trimmed`: the last row that says so, 0 without one. */
const oldest = query<{ app_id: string; trimmed: number; kinds: readonly string[] }>()(p =>
  db
    .select({ seq: events.seq, at: events.at })
    .from(events)
    .where(
      and(
        eq(events.app_id, p.app_id),
        gt(events.seq, p.trimmed),
        sql`${events.kind} NOT IN ${listOf(p.kinds)}`,
      ),
    )
    .orderBy(events.seq)
    .limit(portion),
)
export const oldestEvents = (app_id: string, trimmed: number) =>
  oldest({ app_id, trimmed, kinds: auditKinds })

/** The oldest events that an audit asked for. */
export const oldestAudited = query<{ app_id: string; trimmed: number }>()(p =>
  db
    .select({ seq: events.seq, at: events.at })
    .from(events)
    .where(and(eq(events.app_id, p.app_id), lt(events.seq, p.trimmed)))
    .orderBy(events.seq)
    .limit(portion),
)

export const deleteEvents = command<{ app_id: string; seqs: readonly number[] }>()(
  p => sql`DELETE FROM events WHERE app_id = ${p.app_id} AND seq IN ${listOf(p.seqs)}`,
)

const trimmed: EventKind = 'events.trimmed'

/** Makes the row of an event the one that says what was deleted. */
export const markTrimmed = command<{ app_id: string; seq: number; data: string }>()(
  p => sql`UPDATE events SET kind = ${sql.raw(`'${trimmed}'`)}, group_id = NULL, group_version = NULL, by_id = NULL,
    acting = 'service', key_id = '', subjects = '[]', data = ${p.data}, request = '', ip = ''
    WHERE app_id = ${p.app_id} AND seq = ${p.seq}`,
)

/** Leaves of each app's events one row, which says that they were deleted. Makes what readers keep void. */
export const forgetAllEvents = `
  DELETE FROM events WHERE seq < (SELECT max(newest.seq) FROM events AS newest WHERE newest.app_id = events.app_id);
  UPDATE events SET kind = '${trimmed}', group_id = NULL, group_version = NULL, by_id = NULL, acting = 'service', key_id = '',
    subjects = '[]', data = json_object('from', 1, 'to', seq), request = '', ip = '';
  UPDATE apps SET epoch = lower(hex(randomblob(3)));`
