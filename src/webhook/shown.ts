import * as z from 'zod'
import { position, positionIn } from '../events/cursor.ts'
import { refuse } from '../operation/errors.ts'
import type { Webhook } from './webhook.ts'

/* The fields of a webhook in requests and answers, for all operations on webhooks. */

export const webhookId = z
  .string({ error: 'must be a string' })
  .regex(/^wh_[0-9a-z]{1,16}$/, { error: 'is not the id of a webhook' })
  .describe('from the answer of creation')

export const webhook = z.object({
  webhook_id: z.string(),
  url: z.string(),
  kinds: z.array(z.string()),
  group_id: z.int(),
  order: z.enum(['group', 'strict']),
  state: z.enum(['active', 'disabled']),
  reason: z.string().describe('why it is disabled, or empty'),
  acked: z.string().describe('cursor: everything up to here is delivered, parked or held up'),
  lag: z.int().describe('events behind the newest'),
  created_at: z.int().describe('milliseconds'),
  last_success_at: z.int().describe('milliseconds; 0 never'),
  failing_since: z.int().describe('milliseconds; 0 all is well'),
})

export interface Reach {
  readonly epoch: string
  readonly head: number
}

export const shown = (stored: Webhook, { epoch, head }: Reach): z.infer<typeof webhook> => ({
  webhook_id: stored.webhook_id,
  url: stored.url,
  kinds: [...stored.kinds],
  group_id: stored.only_group_id,
  order: stored.delivery_order,
  state: stored.state,
  reason: stored.state_reason,
  acked: position(epoch, stored.acked_seq),
  lag: Math.max(0, head - stored.acked_seq),
  created_at: stored.webhook_created_at,
  last_success_at: stored.last_success_at,
  failing_since: stored.failing_since,
})

export const missing = () => refuse('webhook_not_found')

/** The number of the event after which a webhook starts. Undefined if the cursor is not valid any more. */
export function startOf(after: string, { epoch, head, earliest }: Reach & { readonly earliest: number }) {
  if (after === '') return head
  if (after === 'earliest') return earliest
  const at = positionIn(after)
  if (at === undefined || at.epoch !== epoch) return undefined
  return at.number < earliest || at.number > head ? undefined : at.number
}
