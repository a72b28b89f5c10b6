import { and, eq, gte, lt, lte, type Placeholder, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { events } from '../db/schema-events.ts'
import { type DeliveryAttempt, webhookHolds, webhookParked, webhooks } from '../db/schema-webhook.ts'

/* A webhook as it is stored, and its statements. */

export type Webhook = typeof webhooks.$inferSelect
export type Hold = typeof webhookHolds.$inferSelect
export type Parked = typeof webhookParked.$inferSelect

export const webhooksOfApp = query<{ app_id: string }>()(p =>
  db.select().from(webhooks).where(eq(webhooks.app_id, p.app_id)).orderBy(webhooks.webhook_id),
)

export const webhookById = query<{ app_id: string; webhook_id: string }>()(p =>
  db
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.webhook_id, p.webhook_id), eq(webhooks.app_id, p.app_id))),
)

export const holdsOf = query<{ webhook_id: string }>()(p =>
  db.select().from(webhookHolds).where(eq(webhookHolds.webhook_id, p.webhook_id)).orderBy(webhookHolds.lane),
)

/** Held events from this lane on. */
export const heldFrom = query<{ webhook_id: string; lane: number; limit: number }>()(p =>
  db
    .select()
    .from(webhookHolds)
    .where(and(eq(webhookHolds.webhook_id, p.webhook_id), gte(webhookHolds.lane, p.lane)))
    .orderBy(webhookHolds.lane)
    .limit(p.limit),
)

/** Parked events before this one, newest first. */
export const parkedBefore = query<{ webhook_id: string; seq: number; limit: number }>()(p =>
  db
    .select()
    .from(webhookParked)
    .where(and(eq(webhookParked.webhook_id, p.webhook_id), lt(webhookParked.seq, p.seq)))
    .orderBy(sql`${webhookParked.seq} DESC`)
    .limit(p.limit),
)

/** Webhooks that have events to deliver now and whose lease nobody has. */
export const webhooksDue = query<{ now: number }>()(p =>
  db
    .select({ webhook_id: webhooks.webhook_id, app_id: webhooks.app_id })
    .from(webhooks)
    .where(
      and(
        eq(webhooks.state, 'active'),
        lte(webhooks.lease_until, p.now),
        sql`(acked_seq < (SELECT max(seq) FROM events WHERE events.app_id = webhooks.app_id)
          OR EXISTS (SELECT 1 FROM webhook_holds WHERE webhook_holds.webhook_id = webhooks.webhook_id
            AND next_at <= ${p.now}))`,
      ),
    ),
)

/** For each app with failed deliveries: when the next attempt is due, milliseconds since 1970. */
export const nextAttempts = query<Record<never, never>>()(() =>
  db
    .select({ app_id: webhooks.app_id, next_at: sql<number>`min(${webhookHolds.next_at})`.as('next_at') })
    .from(webhooks)
    .innerJoin(webhookHolds, eq(webhookHolds.webhook_id, webhooks.webhook_id))
    .where(eq(webhooks.state, 'active'))
    .groupBy(webhooks.app_id),
)

/**
 * The next events of a group after `after`, which is the `seq` of an event of the group, or the one before
 * it. They begin at the version of that event, so however many came before it, none of them is looked at.
 */
export const nextOfGroup = query<{ app_id: string; group_id: number; after: number; upTo: number }>()(p =>
  db
    .select()
    .from(events)
    .where(
      and(
        eq(events.group_id, p.group_id),
        // The plus signs stop SQLite from using the key of the table. The index by group is faster.
        sql`group_id IS NOT NULL AND +app_id = ${p.app_id} AND +seq > ${p.after} AND +seq <= ${p.upTo}
          AND group_version >= coalesce((SELECT known.group_version FROM events AS known
            WHERE known.app_id = ${p.app_id} AND known.seq IN (${p.after}, ${p.after} + 1) AND known.group_id = ${p.group_id}
            ORDER BY known.seq LIMIT 1), 0)`,
      ),
    )
    .orderBy(events.group_version, events.app_id, events.seq)
    .limit(50),
)

export const insertWebhook = command<
  Pick<Webhook, 'webhook_id' | 'app_id' | 'url' | 'only_group_id' | 'delivery_order' | 'acked_seq'> & {
    kinds: string
    secrets: string
    now: number
  }
>()(
  p => sql`INSERT INTO webhooks (webhook_id, app_id, url, kinds, only_group_id, delivery_order, state, state_reason, secrets,
      acked_seq, generation, lease_until, webhook_created_at, last_success_at, failing_since, recent)
    VALUES (${p.webhook_id}, ${p.app_id}, ${p.url}, ${p.kinds}, ${p.only_group_id}, ${p.delivery_order}, 'active', '',
      ${p.secrets}, ${p.acked_seq}, 0, 0, ${p.now}, 0, 0, '[]')`,
)

/**
 * Changes of a webhook are decided from the generation that was read. If it has another one now, the CASE is
 * null, the column refuses null, and the change is decided again. On D1 two requests can read the same state,
 * and without this the second would undo the first.
 */
const nextGeneration = (seen: Placeholder) =>
  sql`generation = CASE WHEN generation = ${seen} THEN generation + 1 END`

export const updateWebhook = command<
  Pick<Webhook, 'webhook_id' | 'generation' | 'url' | 'only_group_id' | 'delivery_order'> & { kinds: string }
>()(
  p => sql`UPDATE webhooks SET url = ${p.url}, kinds = ${p.kinds}, only_group_id = ${p.only_group_id},
    delivery_order = ${p.delivery_order}, ${nextGeneration(p.generation)}, lease_until = 0
    WHERE webhook_id = ${p.webhook_id}`,
)
export const deleteWebhook = command<{ webhook_id: string }>()(
  p => sql`DELETE FROM webhooks WHERE webhook_id = ${p.webhook_id}`,
)
export const deleteHolds = command<{ webhook_id: string }>()(
  p => sql`DELETE FROM webhook_holds WHERE webhook_id = ${p.webhook_id}`,
)
export const deleteParked = command<{ webhook_id: string }>()(
  p => sql`DELETE FROM webhook_parked WHERE webhook_id = ${p.webhook_id}`,
)
export const setSecrets = command<Pick<Webhook, 'webhook_id' | 'generation'> & { secrets: string }>()(
  p => sql`UPDATE webhooks SET secrets = ${p.secrets}, ${nextGeneration(p.generation)}, lease_until = 0
    WHERE webhook_id = ${p.webhook_id}`,
)
/** Makes the webhook start again after this event. */
export const moveCursor = command<Pick<Webhook, 'webhook_id' | 'generation' | 'acked_seq'>>()(
  p => sql`UPDATE webhooks SET acked_seq = ${p.acked_seq}, ${nextGeneration(p.generation)}, lease_until = 0
    WHERE webhook_id = ${p.webhook_id}`,
)
export const setState = command<Pick<Webhook, 'webhook_id' | 'generation' | 'state'> & { reason: string }>()(
  p => sql`UPDATE webhooks SET state = ${p.state}, state_reason = ${p.reason}, failing_since = 0,
    ${nextGeneration(p.generation)}, lease_until = 0 WHERE webhook_id = ${p.webhook_id}`,
)
/**
 * Takes the lease for one process. On D1 two processes may have read the webhook at once. If it was changed
 * or taken since it was read, the CASE is null, the NOT NULL column refuses it, and the task is decided
 * again.
 */
export const takeLease = command<{ webhook_id: string; generation: number; until: number }>()(
  p => sql`UPDATE webhooks SET lease_until = ${p.until},
    ${nextGeneration(p.generation)} WHERE webhook_id = ${p.webhook_id}`,
)
/**
 * Saves the progress of a process. If it has lost the lease, the task is decided again, as with `takeLease`.
 */
export const saveProgress = command<
  Pick<
    Webhook,
    'webhook_id' | 'generation' | 'acked_seq' | 'lease_until' | 'last_success_at' | 'failing_since'
  > & {
    recent: string
  }
>()(
  p => sql`UPDATE webhooks SET acked_seq = ${p.acked_seq}, lease_until = ${p.lease_until}, recent = ${p.recent},
    last_success_at = ${p.last_success_at}, failing_since = ${p.failing_since},
    generation = CASE WHEN generation = ${p.generation} THEN generation END WHERE webhook_id = ${p.webhook_id}`,
)
export const saveHold = command<Hold & Record<string, unknown>>()(
  p => sql`INSERT INTO webhook_holds (webhook_id, lane, seq, attempts, next_at)
    VALUES (${p.webhook_id}, ${p.lane}, ${p.seq}, ${p.attempts}, ${p.next_at})
    ON CONFLICT (webhook_id, lane) DO UPDATE
    SET seq = excluded.seq, attempts = excluded.attempts, next_at = excluded.next_at`,
)
/** Makes a held lane start again after this event, now. */
export const moveHold = command<{ webhook_id: string; lane: number; seq: number; now: number }>()(
  p => sql`UPDATE webhook_holds SET seq = ${p.seq}, attempts = 0, next_at = ${p.now}
    WHERE webhook_id = ${p.webhook_id} AND lane = ${p.lane}`,
)
export const dropHold = command<{ webhook_id: string; lane: number }>()(
  p => sql`DELETE FROM webhook_holds WHERE webhook_id = ${p.webhook_id} AND lane = ${p.lane}`,
)
/** Makes the next attempt of all held events due now. */
export const hurryHolds = command<{ webhook_id: string; now: number }>()(
  p => sql`UPDATE webhook_holds SET next_at = ${p.now} WHERE webhook_id = ${p.webhook_id}`,
)
export const park = command<{ webhook_id: string; seq: number; now: number; last: string }>()(
  p => sql`INSERT INTO webhook_parked (webhook_id, seq, parked_at, last)
    VALUES (${p.webhook_id}, ${p.seq}, ${p.now}, ${p.last})
    ON CONFLICT (webhook_id, seq) DO UPDATE SET parked_at = excluded.parked_at, last = excluded.last`,
)
/** How many of the latest attempts are kept. */
export const keptAttempts = 50

export const withAttempts = (
  before: readonly DeliveryAttempt[],
  more: readonly DeliveryAttempt[],
): DeliveryAttempt[] => [...before, ...more].slice(-keptAttempts)
