import type { DeliveryAttempt } from '../db/schema-webhook.ts'
import type { NewEvent } from '../events/event.ts'
import { task } from '../operation/task.ts'
import {
  dropHold,
  type Hold,
  holdsOf,
  park,
  saveHold,
  saveProgress,
  setState,
  takeLease,
  type Webhook,
  webhookById,
  withAttempts,
} from './webhook.ts'

/* Which process delivers for a webhook, and how far it has got. */

/**
 * How long a process may deliver before it must renew its lease, milliseconds. It is longer than one delivery
 * may take. If a process crashes, no other one delivers for this webhook until the lease ends.
 */
export const leaseMs = 20_000

/**
 * Takes the lease of a webhook. Answers the webhook and its holds, or null if another process has the lease
 * or the webhook is not active.
 */
export const claim = (app_id: string, webhook_id: string, now: number) =>
  task({
    reads: () => [webhookById({ app_id, webhook_id }), holdsOf({ webhook_id })],
    decide: (_, [[webhook], holds]) => {
      if (webhook === undefined || webhook.state !== 'active' || webhook.lease_until > now)
        return { data: null }
      const { generation } = webhook
      return {
        data: { webhook: { ...webhook, generation: generation + 1 }, holds },
        writes: [takeLease({ webhook_id, generation, until: now + leaseMs })],
      }
    },
  })

/** How far a run has got since it last saved. */
export interface Progress {
  readonly acked_seq: number
  readonly lease_until: number
  readonly last_success_at: number
  readonly failing_since: number
  readonly attempts: readonly DeliveryAttempt[]
  readonly holds: readonly Hold[]
  readonly released: readonly number[]
  readonly parked: readonly DeliveryAttempt[]
  readonly disabled: string | undefined
}

/**
 * Saves progress. Answers false, and saves nothing, if the webhook was changed or another process took it.
 */
export const save = ({ app_id, webhook_id, generation }: Webhook, now: number, progress: Progress) =>
  task({
    reads: () => [webhookById({ app_id, webhook_id })],
    decide: (_, [[stored]]) => {
      if (stored === undefined || stored.generation !== generation) return { data: false }
      const { acked_seq, lease_until, last_success_at, failing_since, disabled } = progress
      const recent = JSON.stringify(withAttempts(stored.recent, progress.attempts))
      const told: NewEvent[] =
        disabled === undefined ? [] : [{ kind: 'webhook.disabled', app_id, webhook_id, reason: disabled }]
      return {
        data: true,
        writes: [
          saveProgress({
            webhook_id,
            generation,
            acked_seq,
            lease_until,
            last_success_at,
            failing_since,
            recent,
          }),
          ...progress.released.map(lane => dropHold({ webhook_id, lane })),
          ...progress.holds.map(hold => saveHold({ ...hold })),
          ...progress.parked.map(last =>
            park({ webhook_id, seq: last.seq, now, last: JSON.stringify(last) }),
          ),
          ...(disabled === undefined
            ? []
            : [setState({ webhook_id, generation, state: 'disabled', reason: disabled })]),
        ],
        events: told,
      }
    },
  })
