import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { EventKind } from '../events/event.ts'

/* Tables of webhooks, beside those of the apps in `schema.ts`. */

/** A secret of a webhook: the first signs, and so do older ones until their end. */
export interface WebhookSecret {
  readonly secret: string
  readonly created_at: number
  /** When it ends, milliseconds since 1970; 0: it does not. */
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
  /** HTTP status, 0 without an answer. */
  readonly status: number
  /** How long it took, milliseconds. */
  readonly ms: number
  /** Why there was no answer, or ''. */
  readonly error: string
  /** The beginning of what was answered. */
  readonly answer: string
}

/** An endpoint of somebody else's that is told what happens: a cursor over the events. */
export const webhooks = sqliteTable(
  'webhooks',
  {
    webhook_id: text('webhook_id').primaryKey(),
    app_id: text('app_id').notNull(),
    url: text('url').notNull(),
    /** The kinds it wants; empty: all. */
    kinds: text('kinds', { mode: 'json' }).$type<readonly EventKind[]>().notNull(),
    /** The one group it wants to hear of, 0: all. */
    only_group_id: integer('only_group_id').notNull(),
    delivery_order: text('delivery_order').$type<'group' | 'strict'>().notNull(),
    state: text('state').$type<'active' | 'disabled'>().notNull(),
    /** Why it is disabled, or ''. */
    state_reason: text('state_reason').notNull(),
    secrets: text('secrets', { mode: 'json' }).$type<readonly WebhookSecret[]>().notNull(),
    /** Every event up to this one is delivered, parked, or held up by an earlier one of its group. */
    acked_seq: integer('acked_seq').notNull(),
    /** Grows with every replay: what a deliverer knew before is void. */
    generation: integer('generation').notNull(),
    /** One process delivers at a time: until then, the one that holds the lease. */
    lease_until: integer('lease_until').notNull(),
    webhook_created_at: integer('webhook_created_at').notNull(),
    /** 0: never. */
    last_success_at: integer('last_success_at').notNull(),
    /** Since when nothing was delivered although it was tried, 0: all is well. */
    failing_since: integer('failing_since').notNull(),
    /** The latest attempts, oldest first. */
    recent: text('recent', { mode: 'json' }).$type<readonly DeliveryAttempt[]>().notNull(),
  },
  t => [index('webhooks_of_app').on(t.app_id, t.webhook_id)],
)

/** A failing event, which holds up the later ones of its group (0: those of no group, or all in strict order). */
export const webhookHolds = sqliteTable(
  'webhook_holds',
  {
    webhook_id: text('webhook_id').notNull(),
    lane: integer('lane').notNull(),
    seq: integer('seq').notNull(),
    /** Attempts so far. */
    attempts: integer('attempts').notNull(),
    next_at: integer('next_at').notNull(),
  },
  t => [primaryKey({ columns: [t.webhook_id, t.lane] })],
)

/** Events that were given up after the last attempt, or skipped. They can be sent again. */
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
