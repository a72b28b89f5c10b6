import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Acting, EventKind } from '../events/event.ts'

/* What happened, and what was answered: beside the tables of `schema.ts`. */

/**
 * What happened, in the order of its commits: `seq` counts from 1 in each app, without gaps. Only
 * `events/record.ts` adds rows, in the change's own transaction; only retention deletes them. `group_version`
 * is the version that the change gave the group.
 */
export const events = sqliteTable(
  'events',
  {
    app_id: text('app_id').notNull(),
    seq: integer('seq').notNull(),
    at: integer('at').notNull(),
    kind: text('kind').$type<EventKind>().notNull(),
    /** null: the event is of no group. */
    group_id: integer('group_id'),
    group_version: integer('group_version'),
    /** The user who acted; null where nobody in particular did. */
    by_id: integer('by_id'),
    acting: text('acting').$type<Acting>().notNull(),
    /** The key that signed the actor's token, '' where it is not known. */
    key_id: text('key_id').notNull(),
    /** Ids of the users, files or announcements that it happened to; the kind says which. */
    subjects: text('subjects', { mode: 'json' }).$type<readonly number[]>().notNull(),
    /** All else that the kind says. */
    data: text('data', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Id of the request, and the caller's address as AUDIT_IP lets it be kept. */
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
 * What a write answered under its Idempotency-Key. `hash` is of the key, the acting identity and the
 * operation; a day's rows lie together, so that they can go together.
 */
export const idempotency = sqliteTable(
  'idempotency',
  {
    app_id: text('app_id').notNull(),
    /** Days since 1970. */
    day: integer('day').notNull(),
    hash: text('hash').notNull(),
    answered_at: integer('answered_at').notNull(),
    /** SHA-256 of the input. */
    fingerprint: text('fingerprint').notNull(),
    /** The answer as it was decided, without URLs. */
    answer: text('answer', { mode: 'json' }).$type<KeptAnswer>().notNull(),
  },
  t => [primaryKey({ columns: [t.app_id, t.day, t.hash] })],
)

/** An answer as it is kept under an Idempotency-Key. */
export interface KeptAnswer {
  readonly data: unknown
  readonly page?: { readonly cursor: string; readonly total?: number; readonly version?: number }
}
