import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { EventKind } from '../events/event.ts'

/* The tables of webhooks. The other tables of apps are in `schema.ts`. */

/** A secret of a webhook. The first secret signs, and older ones sign too until `until`. */
export interface WebhookSecret {
  readonly secret: string
  readonly created_at: number
  /** When the secret ends, milliseconds since 1970; 0 if it has no end. */
  readonly until: number
}

/** How an attempt to deliver an event ended. */
export interface DeliveryAttempt {
  readonly seq: number
  readonly kind: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Counts from 1. */
  readonly attempt: number
  /** HTTP status of the answer; 0 if there was none. */
  readonly status: number
  /** How long the attempt took, milliseconds. */
  readonly ms: number
  /** Why there was no answer; '' if there was one. */
  readonly error: string
  /** The beginning of the answer's body. */
  readonly answer: string
}

/**
 * An endpoint of somebody else that gets the events of an app. Each webhook has its own position in the
 * events.
 */
export const webhooks = sqliteTable(
  'webhooks',
  {
    webhook_id: text('webhook_id').primaryKey(),
    app_id: text('app_id').notNull(),
    url: text('url').notNull(),
    /** The kinds of events that it gets; an empty list means all. */
    kinds: text('kinds', { mode: 'json' }).$type<readonly EventKind[]>().notNull(),
    /** The only group whose events it gets; 0 means all groups. */
    only_group_id: integer('only_group_id').notNull(),
    delivery_order: text('delivery_order').$type<'group' | 'strict'>().notNull(),
    state: text('state').$type<'active' | 'disabled'>().notNull(),
    /** Why it is disabled; '' if it is active. */
    state_reason: text('state_reason').notNull(),
    secrets: text('secrets', { mode: 'json' }).$type<readonly WebhookSecret[]>().notNull(),
    /** Every event up to this one has been delivered, parked, or waits for an earlier event of its group. */
    acked_seq: integer('acked_seq').notNull(),
    /**
     * Grows with every change, and when a process takes the webhook. What others knew before is out of date.
     */
    generation: integer('generation').notNull(),
    /** Only one process delivers at a time. The one that holds the lease delivers until this time. */
    lease_until: integer('lease_until').notNull(),
    webhook_created_at: integer('webhook_created_at').notNull(),
    /** The time of the last success; 0 if there was none. */
    last_success_at: integer('last_success_at').notNull(),
    /** Since when all attempts have failed; 0 if the last one succeeded. */
    failing_since: integer('failing_since').notNull(),
    /** The latest attempts, oldest first. */
    recent: text('recent', { mode: 'json' }).$type<readonly DeliveryAttempt[]>().notNull(),
  },
  t => [index('webhooks_of_app').on(t.app_id, t.webhook_id)],
)

/**
 * An event whose delivery fails. Later events of its group wait for it. Group 0 means the events without a
 * group, or all events if the order is strict.
 */
export const webhookHolds = sqliteTable(
  'webhook_holds',
  {
    webhook_id: text('webhook_id').notNull(),
    lane: integer('lane').notNull(),
    seq: integer('seq').notNull(),
    /** How many attempts were made so far. */
    attempts: integer('attempts').notNull(),
    next_at: integer('next_at').notNull(),
  },
  t => [primaryKey({ columns: [t.webhook_id, t.lane] })],
)

/** Events whose delivery was given up after the last attempt or was skipped. They can be sent again. */
export const webhookParked = sqliteTable(
  'webhook_parked',
  {
    webhook_id: text('webhook_id').notNull(),
    seq: integer('seq').notNull(),
    parked_at: integer('parked_at').notNull(),
    /** The last attempt. */
    last: text('last', { mode: 'json' }).$type<DeliveryAttempt>().notNull(),
  },
  t => [primaryKey({ columns: [t.webhook_id, t.seq] })],
)
