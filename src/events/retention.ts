import { and, asc, eq, gt, lte, sql } from 'drizzle-orm'
import { command, db, listOf, query } from '../db/query.ts'
import { auditChain, type EntriesKept } from '../db/schema-audit.ts'
import { events } from '../db/schema-events.ts'
import { type EventKind, kinds } from './event.ts'

/*
 * Deletes old events, by the batches of the audit chain. When the newest event of a batch is too old, all its
 * events of ordinary kinds go, and later, after `audit_days`, those of audit kinds. The chain keeps the
 * hashes of both parts. One row, `events.trimmed`, says up to which event the record is not complete any
 * more. It takes the place of the last deleted event, so after it nothing is missing, and the next event gets
 * the number after it.
 */

/** How many batches one change deletes from. */
const portion = 2

const auditKinds = Object.entries(kinds).flatMap(([kind, { audit }]) => (audit ? [kind] : []))

/** The oldest batches of an app that still have these entries, oldest first. */
export const oldestBatches = query<{ app_id: string; kept: EntriesKept }>()(p =>
  db
    .select({
      number: auditChain.number,
      first_seq: auditChain.first_seq,
      last_seq: auditChain.last_seq,
      last_at: auditChain.last_at,
    })
    .from(auditChain)
    .where(and(eq(auditChain.app_id, p.app_id), eq(auditChain.kept, p.kept)))
    .orderBy(asc(auditChain.last_seq))
    .limit(portion),
)

/** The newest event of ordinary kinds up to `seq`, if it comes after `trimmed`. */
export const newestOrdinary = query<{
  app_id: string
  trimmed: number
  seq: number
  kinds: readonly string[]
}>()(p =>
  db
    .select({ seq: sql<number | null>`max(${events.seq})`.as('seq') })
    .from(events)
    .where(
      and(
        eq(events.app_id, p.app_id),
        gt(events.seq, p.trimmed),
        lte(events.seq, p.seq),
        sql`${events.kind} NOT IN ${listOf(p.kinds)}`,
      ),
    ),
)
export const ordinaryUpTo = (app_id: string, trimmed: number, seq: number) =>
  newestOrdinary({ app_id, trimmed, seq, kinds: auditKinds })

const trimmed: EventKind = 'events.trimmed'

const deleteKinds = command<{ app_id: string; from: number; to: number; kinds: readonly string[] }>()(
  p => sql`DELETE FROM events WHERE app_id = ${p.app_id} AND seq >= ${p.from} AND seq < ${p.to}
    AND kind NOT IN ${listOf(p.kinds)}`,
)

/**
 * Deletes the events of ordinary kinds `from` … `to`, without `to`, and the former `events.trimmed` among
 * them.
 */
export const deleteOrdinary = (app_id: string, from: number, to: number) =>
  deleteKinds({ app_id, from, to, kinds: auditKinds })

/** Deletes the events of audit kinds `from` … `to`. The newest event of the app stays. */
export const deleteAudited = command<{ app_id: string; from: number; to: number }>()(
  p => sql`DELETE FROM events WHERE app_id = ${p.app_id} AND seq BETWEEN ${p.from} AND ${p.to} AND kind <> ${sql.raw(`'${trimmed}'`)}
    AND seq < (SELECT max(newest.seq) FROM events AS newest WHERE newest.app_id = ${p.app_id})`,
)

/** Turns the row of an event into the row that says which events were deleted. */
export const markTrimmed = command<{ app_id: string; seq: number; data: string }>()(
  p => sql`UPDATE events SET kind = ${sql.raw(`'${trimmed}'`)}, group_id = NULL, group_version = NULL, by_id = NULL,
    acting = 'service', key_id = '', subjects = '[]', data = ${p.data}, request = '', ip = ''
    WHERE app_id = ${p.app_id} AND seq = ${p.seq}`,
)

/** Leaves in batches only the entries of audit kinds. */
export const keepAuditedEntries = command<{ app_id: string; numbers: readonly number[] }>()(
  p => sql`UPDATE audit_chain SET kept = 'audited', entries = (SELECT json_group_array(json(value))
      FROM (SELECT value FROM json_each(audit_chain.entries) WHERE value ->> 1 = 1 ORDER BY key))
    WHERE app_id = ${p.app_id} AND number IN ${listOf(p.numbers)} AND kept = 'all'`,
)

/** Leaves no entry in batches. */
export const keepNoEntries = command<{ app_id: string; numbers: readonly number[] }>()(
  p => sql`UPDATE audit_chain SET kept = 'none', entries = '[]'
    WHERE app_id = ${p.app_id} AND number IN ${listOf(p.numbers)}`,
)

/** Deletes the batches before the newest of which no event is left. The chain then begins with that one. */
export const dropOldBatches = command<{ app_id: string; number: number }>()(
  p => sql`DELETE FROM audit_chain WHERE app_id = ${p.app_id} AND number < ${p.number} AND kept = 'none'`,
)

/**
 * Deletes the events of every app but one row, which says that they were deleted, and the chain. New epochs
 * make all cursors and states void.
 */
export const forgetAllEvents = `
  DELETE FROM audit_chain;
  DELETE FROM audit_heads;
  DELETE FROM events WHERE seq < (SELECT max(newest.seq) FROM events AS newest WHERE newest.app_id = events.app_id);
  UPDATE events SET kind = '${trimmed}', group_id = NULL, group_version = NULL, by_id = NULL, acting = 'service', key_id = '',
    subjects = '[]', data = json_object('from', 1, 'to', seq), request = '', ip = '';
  UPDATE apps SET epoch = lower(hex(randomblob(3)));`
