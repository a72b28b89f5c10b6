import { and, eq, gt, lt, sql } from 'drizzle-orm'
import { command, db, listOf, query } from '../db/query.ts'
import { events } from '../db/schema-events.ts'
import { type EventKind, kinds } from './event.ts'

/*
 * Deletes old events. One row, `events.trimmed`, then says which range is not complete any more. It takes the
 * place of the last deleted event, so after it nothing is missing. Events of audit kinds stay longer (setting
 * `audit_days`). The newest event of an app always stays, because the next event gets the number after it.
 */

/** How many events one change deletes at most. */
export const portion = 1000

const auditKinds = Object.entries(kinds).flatMap(([kind, { audit }]) => (audit ? [kind] : []))

/**
 * The oldest events that are not of audit kinds, oldest first. `trimmed`: the `seq` of the last
 * `events.trimmed`, 0 without one.
 */
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

/** The oldest events of audit kinds, oldest first. Before `trimmed` only events of audit kinds are left. */
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

/** Turns the row of an event into the row that says which events were deleted. */
export const markTrimmed = command<{ app_id: string; seq: number; data: string }>()(
  p => sql`UPDATE events SET kind = ${sql.raw(`'${trimmed}'`)}, group_id = NULL, group_version = NULL, by_id = NULL,
    acting = 'service', key_id = '', subjects = '[]', data = ${p.data}, request = '', ip = ''
    WHERE app_id = ${p.app_id} AND seq = ${p.seq}`,
)

/**
 * Deletes the events of every app but one row, which says that they were deleted. New epochs make all cursors
 * and states void.
 */
export const forgetAllEvents = `
  DELETE FROM events WHERE seq < (SELECT max(newest.seq) FROM events AS newest WHERE newest.app_id = events.app_id);
  UPDATE events SET kind = '${trimmed}', group_id = NULL, group_version = NULL, by_id = NULL, acting = 'service', key_id = '',
    subjects = '[]', data = json_object('from', 1, 'to', seq), request = '', ip = '';
  UPDATE apps SET epoch = lower(hex(randomblob(3)));`
