import * as z from 'zod'
import type { WebhookSecret } from '../db/schema-webhook.ts'
import { type EventKind, kinds as eventKinds, isEventKind } from '../events/event.ts'
import { reach } from '../events/feed.ts'
import { type Refusal, refuse } from '../operation/errors.ts'
import { integer, name } from '../operation/fields.ts'
import { type Admitting, operation } from '../operation/operation.ts'
import { missing, shown, startOf, webhook, webhookId } from './shown.ts'
import { newWebhookSecret } from './signature.ts'
import {
  deleteHolds,
  deleteParked,
  deleteWebhook,
  holdsOf,
  insertWebhook,
  moveCursor,
  updateWebhook,
  type Webhook,
  webhookById,
  webhooksOfApp,
} from './webhook.ts'

/* Webhooks of an app, for its administrators (docs/webhooks.md). */

const maxWebhooks = 100
const settings = {
  url: name(2048, 1).describe('https, and a public address unless the operator allows another'),
  kinds: z
    .array(
      z
        .string()
        .refine(isEventKind, { error: `must be kinds of events: ${Object.keys(eventKinds).join(', ')}` }),
      { error: 'must be a list of kinds of events' },
    )
    .max(100, { error: 'must be at most 100 kinds of events' })
    .describe('the kinds of events it wants; empty: all'),
  group_id: integer(0).describe('the one group it wants to hear of; 0: all'),
  order: z
    .enum(['group', 'strict'], { error: 'must be group or strict' })
    .describe('group: in order within a group, groups beside one another. strict: one at a time'),
}

const judgeUrl = (
  { url }: { readonly url?: string | undefined },
  { outbound }: Admitting,
): Refusal | undefined => {
  const wrong = url === undefined ? undefined : outbound.refusalOf(url)
  return wrong === undefined ? undefined : refuse('invalid_parameter', `url ${wrong}`)
}

export const createWebhook = operation({
  id: 'post__webhooks',
  methods: ['POST'],
  path: '/webhooks',
  title: 'Create a webhook',
  description:
    'From now on, or from `after` on, every event is sent to the URL, signed by Standard Webhooks. The secret is answered here and never again.',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({
    url: settings.url,
    kinds: settings.kinds.default([]),
    group_id: settings.group_id.default(0),
    order: settings.order.default('group'),
    after: z
      .string({ error: 'must be a string' })
      .max(64, { error: 'is not a cursor of the events' })
      .default('')
      .describe('a cursor of the events, or earliest; default: from now'),
  }),
  answer: webhook.extend({ secret: z.string().describe('whsec_…: shown once') }),
  admit: judgeUrl,
  reads: ({ app }) => [reach({ app_id: app.app_id }), webhooksOfApp({ app_id: app.app_id })],
  decide: ({ app, input, now, newId }, [[reached], existing]) => {
    if (reached === undefined) return refuse('app_not_found')
    if (existing.length >= maxWebhooks) {
      return refuse('invalid_parameter', `an app has at most ${maxWebhooks} webhooks: delete one first`)
    }
    const from = startOf(input.after, reached)
    if (from === undefined) return refuse('invalid_parameter', 'after is not a cursor of the events in force')
    const webhook_id = `wh_${newId().toString(36)}`
    const secret = newWebhookSecret()
    const secrets: WebhookSecret[] = [{ secret, created_at: now, until: 0 }]
    const stored: Webhook = {
      webhook_id,
      app_id: app.app_id,
      url: input.url,
      kinds: input.kinds as EventKind[],
      only_group_id: input.group_id,
      delivery_order: input.order,
      state: 'active',
      state_reason: '',
      secrets,
      acked_seq: from,
      generation: 0,
      lease_until: 0,
      webhook_created_at: now,
      last_success_at: 0,
      failing_since: 0,
      recent: [],
    }
    return {
      data: { ...shown(stored, reached), secret },
      writes: [
        insertWebhook({
          webhook_id,
          app_id: app.app_id,
          url: input.url,
          kinds: JSON.stringify(input.kinds),
          only_group_id: input.group_id,
          delivery_order: input.order,
          secrets: JSON.stringify(secrets),
          acked_seq: from,
          now,
        }),
      ],
      events: [{ kind: 'webhook.created', webhook_id, url: input.url }],
    }
  },
})

export const listWebhooks = operation({
  id: 'get__webhooks',
  methods: ['GET'],
  path: '/webhooks',
  title: 'List the webhooks of the app',
  tag: 'events',
  who: 'administrator',
  input: z.object({}),
  answer: z.array(webhook),
  reads: ({ app }) => [reach({ app_id: app.app_id }), webhooksOfApp({ app_id: app.app_id })],
  decide: (_, [[reached], found]) =>
    reached === undefined ? refuse('app_not_found') : { data: found.map(stored => shown(stored, reached)) },
})

export const getWebhook = operation({
  id: 'get__webhooks_id',
  methods: ['GET'],
  path: '/webhooks/:webhook_id',
  title: 'Get a webhook',
  tag: 'events',
  who: 'administrator',
  input: z.object({ webhook_id: webhookId }),
  answer: webhook,
  reads: ({ app: { app_id }, input: { webhook_id } }) => [
    reach({ app_id }),
    webhookById({ app_id, webhook_id }),
  ],
  decide: (_, [[reached], [stored]]) =>
    reached === undefined || stored === undefined ? missing() : { data: shown(stored, reached) },
})

export const changeWebhook = operation({
  id: 'put__webhooks_id',
  methods: ['PUT', 'POST'],
  path: '/webhooks/:webhook_id',
  title: 'Change a webhook',
  description: 'What is not sent stays as it is.',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({
    webhook_id: webhookId,
    url: settings.url.optional(),
    kinds: settings.kinds.optional(),
    group_id: settings.group_id.optional(),
    order: settings.order.optional(),
  }),
  answer: webhook,
  admit: judgeUrl,
  reads: ({ app: { app_id }, input: { webhook_id } }) => [
    reach({ app_id }),
    webhookById({ app_id, webhook_id }),
    holdsOf({ webhook_id }),
  ],
  decide: ({ input }, [[reached], [stored], holds]) => {
    if (reached === undefined || stored === undefined) return missing()
    const { webhook_id, generation } = stored
    // The other order has other lanes. So the webhook starts again at the oldest held event.
    const reordered = input.order !== undefined && input.order !== stored.delivery_order
    const acked_seq = reordered
      ? holds.reduce((least, { seq }) => Math.min(least, seq - 1), stored.acked_seq)
      : stored.acked_seq
    const next: Webhook = {
      ...stored,
      acked_seq,
      url: input.url ?? stored.url,
      kinds: (input.kinds as EventKind[] | undefined) ?? stored.kinds,
      only_group_id: input.group_id ?? stored.only_group_id,
      delivery_order: input.order ?? stored.delivery_order,
    }
    const { url, only_group_id, delivery_order } = next
    const fields = ['url', 'kinds', 'only_group_id', 'delivery_order'] as const
    const changed = fields.filter(field => JSON.stringify(stored[field]) !== JSON.stringify(next[field]))
    if (changed.length === 0) return { data: shown(stored, reached) }
    return {
      data: shown(next, reached),
      writes: [
        updateWebhook({
          webhook_id,
          generation,
          url,
          kinds: JSON.stringify(next.kinds),
          only_group_id,
          delivery_order,
        }),
        ...(reordered
          ? [moveCursor({ webhook_id, generation: generation + 1, acked_seq }), deleteHolds({ webhook_id })]
          : []),
      ],
      events: [
        {
          kind: 'webhook.changed',
          webhook_id,
          changes: Object.fromEntries(changed.map(field => [field, [stored[field], next[field]]])),
        },
      ],
    }
  },
})

export const removeWebhook = operation({
  id: 'delete__webhooks_id',
  methods: ['DELETE'],
  path: '/webhooks/:webhook_id',
  title: 'Delete a webhook',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({ webhook_id: webhookId }),
  answer: z.literal(true),
  reads: ({ app: { app_id }, input: { webhook_id } }) => [webhookById({ app_id, webhook_id })],
  decide: (_, [[stored]]) => {
    if (stored === undefined) return missing()
    const { webhook_id } = stored
    return {
      data: true as const,
      writes: [deleteWebhook({ webhook_id }), deleteHolds({ webhook_id }), deleteParked({ webhook_id })],
      events: [{ kind: 'webhook.deleted', webhook_id }],
    }
  },
})
