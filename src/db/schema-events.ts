import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Acting, EventKind } from '../events/event.ts'

/* The tables of events and of Idempotency-Keys. The other tables of apps are in `schema.ts`. */

/**
 * Events in the order of their commits. `seq` counts from 1 in each app, without gaps. Only
 * `events/record.ts` adds rows, in the same transaction as the change. Only retention deletes rows.
 * `group_version` is the version of the group after the change.
 */
export const events = sqliteTable(
  'events',
  {
    app_id: text('app_id').notNull(),
    seq: integer('seq').notNull(),
    at: integer('at').notNull(),
    kind: text('kind').$type<EventKind>().notNull(),
    /** null: the event belongs to no group. */
    group_id: integer('group_id'),
    group_version: integer('group_version'),
    /** The user who acted; null if no particular user did. */
    by_id: integer('by_id'),
    acting: text('acting').$type<Acting>().notNull(),
    /** Id of the key that signed the token of whoever acted; '' if it is not known. */
    key_id: text('key_id').notNull(),
    /**
     * Ids of the users, files or announcements that the event is about. Which of these depends on the kind.
     */
    subjects: text('subjects', { mode: 'json' }).$type<readonly number[]>().notNull(),
    /** All other fields of this kind of event. */
    data: text('data', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Id of the request. The next column is the caller's address, in the form that AUDIT_IP allows. */
    request: text('request').notNull(),
    ip: text('ip').notNull(),
  },
  t => [
    primaryKey({ columns: [t.app_id, t.seq] }),
    index('events_of_group').on(t.group_id, t.group_version).where(sql`group_id IS NOT NULL`),
    index('events_trimmed').on(t.app_id, t.seq).where(sql`kind = 'events.trimmed'`),
  ],
)

/**
 * The answers of writes that had an Idempotency-Key. `hash` is made of the key, the caller and the operation.
 * The key of the table begins with app and day, so all rows of a day can be deleted together. The table has
 * row ids: hashes are random, and as a small index of their own they change fewer pages.
 */
export const idempotency = sqliteTable(
  'idempotency',
  {
    app_id: text('app_id').notNull(),
    /** Days since 1970. */
    day: integer('day').notNull(),
    hash: text('hash').notNull(),
    answered_at: integer('answered_at').notNull(),
    /** 132 bits of the SHA-256 of the input, as base64url. */
    fingerprint: text('fingerprint').notNull(),
    /** The answer as the operation decided it, before URLs were added. */
    answer: text('answer', { mode: 'json' }).$type<KeptAnswer>().notNull(),
  },
  t => [primaryKey({ columns: [t.app_id, t.day, t.hash] })],
)

/** An answer that is stored under an Idempotency-Key. */
export interface KeptAnswer {
  readonly data: unknown
  readonly page?: { readonly cursor: string; readonly total?: number; readonly version?: number }
}
