import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/* The chain that shows whether recorded events were changed (docs/audit.md). */

/**
 * An event in its batch: its `seq`, 1 if its kind is one that an audit asks for, its digest, and the salt of
 * the digest. The salt is '' if the event was erased.
 */
export type ChainEntry = readonly [seq: number, audited: 0 | 1, digest: string, salt: string]

/** Which entries of a batch are still there. Retention deletes the others first. */
export type EntriesKept = 'all' | 'audited' | 'none'

/**
 * One row for each batch of events. `hash` covers all columns before it, and `previous` is the `hash` of the
 * batch before. So nobody can change an old batch without changing all later ones. Only `audit/seal.ts` adds
 * rows. Only retention deletes rows, and only the oldest.
 */
export const auditChain = sqliteTable(
  'audit_chain',
  {
    app_id: text('app_id').notNull(),
    /** Counts from 1 in each app. */
    number: integer('number').notNull(),
    first_seq: integer('first_seq').notNull(),
    last_seq: integer('last_seq').notNull(),
    /** The time of the newest event of the batch. */
    last_at: integer('last_at').notNull(),
    sealed_at: integer('sealed_at').notNull(),
    /** The hash of the batch before; '' for the first batch. */
    previous: text('previous').notNull(),
    /** Covers the events of the kinds that an audit asks for. */
    audited_hash: text('audited_hash').notNull(),
    /** Covers all other events. Retention deletes these earlier. */
    others_hash: text('others_hash').notNull(),
    hash: text('hash').notNull(),
    kept: text('kept').$type<EntriesKept>().notNull(),
    entries: text('entries', { mode: 'json' }).$type<readonly ChainEntry[]>().notNull(),
  },
  t => [
    primaryKey({ columns: [t.app_id, t.number] }),
    index('audit_chain_by_seq').on(t.app_id, t.last_seq),
    index('audit_chain_kept').on(t.app_id, t.kept, t.last_seq),
  ],
)

/**
 * The newest batch of each app, once more. It shows that the newest batches were deleted, which their chain
 * alone cannot show.
 */
export const auditHeads = sqliteTable('audit_heads', {
  app_id: text('app_id').primaryKey(),
  head_number: integer('head_number').notNull(),
  head_hash: text('head_hash').notNull(),
  /** When the head was last written to the log; 0 if it never was. */
  told_at: integer('told_at').notNull().default(0),
})
