import { z } from 'zod'
import type { WebhookSecret } from '../db/schema.ts'
import { position, positionIn } from '../events/cursor.ts'
import { type EventKind, kinds as eventKinds, isEventKind } from '../events/event.ts'
import { reach } from '../events/feed.ts'
import { type Refusal, refuse } from '../operation/errors.ts'
import { id, integer, name } from '../operation/fields.ts'
import { type Admitting, operation, presented } from '../operation/operation.ts'
import { messageId, sendMessage, succeeded } from './send.ts'
import { newWebhookSecret, signingSecrets } from './signature.ts'
import {
  deleteHolds,
  deleteParked,
  deleteWebhook,
  holdsOf,
  hurryHolds,
  insertWebhook,
  moveCursor,
  moveHold,
  park,
  parkedOf,
  setSecrets,
  setState,
  updateWebhook,
  type Webhook,
  webhookById,
  webhooksOfApp,
} from './webhook.ts'

/* Webhooks of an app, for its administrators (docs/webhooks.md). */

const maxWebhooks = 100
/** How long an old secret signs beside the new one, milliseconds. */
const overlapMs = 24 * 60 * 60 * 1000

const webhookId = z
  .string({ error: 'must be a string' })
  .regex(/^wh_[0-9a-z]{1,16}$/, { error: 'is not the id of a webhook' })
  .describe('from the answer of creation')

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

const webhook = z.object({
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

interface Reach {
  readonly epoch: string
  readonly head: number
}

const shown = (stored: Webhook, { epoch, head }: Reach): z.infer<typeof webhook> => ({
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

const missing = () => refuse('webhook_not_found')

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

/** The event to begin behind; undefined for a cursor that is not in force. */
function startOf(after: string, { epoch, head, earliest }: Reach & { readonly earliest: number }) {
  if (after === '') return head
  if (after === 'earliest') return earliest
  const at = positionIn(after)
  if (at === undefined || at.epoch !== epoch) return undefined
  return at.number < earliest || at.number > head ? undefined : at.number
}

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
  ],
  decide: ({ input }, [[reached], [stored]]) => {
    if (reached === undefined || stored === undefined) return missing()
    const { webhook_id } = stored
    const next: Webhook = {
      ...stored,
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
        updateWebhook({ webhook_id, url, kinds: JSON.stringify(next.kinds), only_group_id, delivery_order }),
        // A lane is another thing in another order.
        ...(changed.includes('delivery_order') ? [deleteHolds({ webhook_id })] : []),
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

const attempt = z.object({
  id: z.string().describe('webhook-id of the message, the same at every attempt'),
  seq: z.int(),
  kind: z.string(),
  at: z.int().describe('milliseconds'),
  attempt: z.int().describe('counts from 1'),
  status: z.int().describe('HTTP status; 0 no answer'),
  ms: z.int().describe('how long it took, milliseconds'),
  error: z.string().describe('why there was no answer, or empty'),
  answer: z.string().describe('the beginning of what was answered'),
})

export const webhookDeliveries = operation({
  id: 'get__webhooks_id_deliveries',
  methods: ['GET'],
  path: '/webhooks/:webhook_id/deliveries',
  title: 'See how a webhook fares',
  description:
    'The latest 50 attempts, the events that fail and hold up their group, and those that were given up.',
  tag: 'events',
  who: 'administrator',
  input: z.object({ webhook_id: webhookId }),
  answer: z.object({
    recent: z.array(attempt).describe('newest first'),
    held: z.array(
      z.object({
        id: z.string(),
        seq: z.int(),
        group_id: z.int().describe('the group that is held up; 0: events of no group, or all'),
        attempts: z.int(),
        next_at: z.int().describe('milliseconds'),
      }),
    ),
    parked: z.array(attempt.extend({ parked_at: z.int().describe('milliseconds') })).describe('newest first'),
  }),
  reads: ({ app: { app_id }, input: { webhook_id } }) => [
    reach({ app_id }),
    webhookById({ app_id, webhook_id }),
    holdsOf({ webhook_id }),
    parkedOf({ webhook_id, limit: 100 }),
  ],
  decide: (_, [[reached], [stored], holds, parked]) => {
    if (reached === undefined || stored === undefined) return missing()
    const { epoch } = reached
    return {
      data: {
        recent: stored.recent.map(made => ({ id: messageId(epoch, made.seq), ...made })).reverse(),
        held: holds.map(({ seq, lane, attempts, next_at }) => ({
          id: messageId(epoch, seq),
          seq,
          group_id: lane,
          attempts,
          next_at,
        })),
        parked: parked.map(({ seq, last, parked_at }) => ({ id: messageId(epoch, seq), ...last, parked_at })),
      },
    }
  },
})

export const replayWebhook = operation({
  id: 'post__webhooks_id_replay',
  methods: ['POST'],
  path: '/webhooks/:webhook_id/replay',
  title: 'Send events again',
  description:
    'All from `after` on: a cursor of the events, or earliest. What is held up or was given up is sent, too.',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({
    webhook_id: webhookId,
    after: z.string({ error: 'must be a string' }).max(64, { error: 'is not a cursor of the events' }),
  }),
  answer: webhook,
  reads: ({ app: { app_id }, input: { webhook_id } }) => [
    reach({ app_id }),
    webhookById({ app_id, webhook_id }),
  ],
  decide: ({ input }, [[reached], [stored]]) => {
    if (reached === undefined || stored === undefined) return missing()
    const from = input.after === '' ? undefined : startOf(input.after, reached)
    if (from === undefined) return refuse('invalid_parameter', 'after is not a cursor of the events in force')
    const { webhook_id } = stored
    const changes = { acked_seq: [stored.acked_seq, from] } as const
    return {
      data: shown({ ...stored, acked_seq: from }, reached),
      writes: [
        moveCursor({ webhook_id, acked_seq: from }),
        deleteHolds({ webhook_id }),
        deleteParked({ webhook_id }),
      ],
      events: [{ kind: 'webhook.changed', webhook_id, changes }],
    }
  },
})

export const resumeWebhook = operation({
  id: 'post__webhooks_id_resume',
  methods: ['POST'],
  path: '/webhooks/:webhook_id/resume',
  title: 'Go on with a webhook that was disabled',
  description: 'From where it stopped. What is held up is tried at once.',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({ webhook_id: webhookId }),
  answer: webhook,
  reads: ({ app: { app_id }, input: { webhook_id } }) => [
    reach({ app_id }),
    webhookById({ app_id, webhook_id }),
  ],
  decide: ({ now }, [[reached], [stored]]) => {
    if (reached === undefined || stored === undefined) return missing()
    const { webhook_id } = stored
    return {
      data: shown({ ...stored, state: 'active', state_reason: '', failing_since: 0 }, reached),
      writes: [setState({ webhook_id, state: 'active', reason: '' }), hurryHolds({ webhook_id, now })],
      events: [{ kind: 'webhook.resumed', webhook_id }],
    }
  },
})

export const skipEvent = operation({
  id: 'post__webhooks_id_skip',
  methods: ['POST'],
  path: '/webhooks/:webhook_id/skip',
  title: 'Give up an event that holds up its group',
  description: 'It is parked, and the later events of its group go out.',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({ webhook_id: webhookId, seq: id.describe('of the held event, from /deliveries') }),
  answer: z.literal(true),
  reads: ({ app: { app_id }, input: { webhook_id } }) => [
    webhookById({ app_id, webhook_id }),
    holdsOf({ webhook_id }),
  ],
  decide: ({ input, now }, [[stored], holds]) => {
    if (stored === undefined) return missing()
    const held = holds.find(({ seq }) => seq === input.seq)
    if (held === undefined) return refuse('invalid_parameter', 'seq is not of an event that is held up')
    const { webhook_id } = stored
    const last = stored.recent.findLast(({ seq }) => seq === input.seq) ?? {
      seq: input.seq,
      kind: '',
      at: now,
      attempt: held.attempts,
      status: 0,
      ms: 0,
      error: 'skipped',
      answer: '',
    }
    return {
      data: true as const,
      writes: [
        park({ webhook_id, seq: input.seq, now, last: JSON.stringify(last) }),
        moveHold({ webhook_id, lane: held.lane, seq: input.seq + 1, now }),
        setState({ webhook_id, state: stored.state, reason: stored.state_reason }),
      ],
      events: [{ kind: 'webhook.changed', webhook_id, changes: { skipped: [null, input.seq] } }],
    }
  },
})

export const rotateWebhookSecret = operation({
  id: 'post__webhooks_id_rotate',
  methods: ['POST'],
  path: '/webhooks/:webhook_id/rotate',
  title: 'Give a webhook a new secret',
  description: 'The old one signs beside it for 24 hours. The new one is answered here and never again.',
  tag: 'events',
  who: 'administrator',
  writes: true,
  input: z.object({ webhook_id: webhookId }),
  answer: z.object({
    secret: z.string().describe('whsec_…: shown once'),
    old_until: z.int().describe('milliseconds'),
  }),
  reads: ({ app: { app_id }, input: { webhook_id } }) => [webhookById({ app_id, webhook_id })],
  decide: ({ now }, [[stored]]) => {
    if (stored === undefined) return missing()
    const { webhook_id } = stored
    const secret = newWebhookSecret()
    const old_until = now + overlapMs
    const secrets: WebhookSecret[] = [
      { secret, created_at: now, until: 0 },
      ...stored.secrets
        .filter(({ until }) => until === 0 || until > now)
        .map(old => ({ ...old, until: old.until === 0 ? old_until : old.until })),
    ]
    return {
      data: { secret, old_until },
      writes: [setSecrets({ webhook_id, secrets: JSON.stringify(secrets) })],
      events: [{ kind: 'webhook.rotated', webhook_id }],
    }
  },
})

export const testWebhook = presented(
  operation({
    id: 'post__webhooks_id_test',
    methods: ['POST'],
    path: '/webhooks/:webhook_id/test',
    title: 'Send a test message',
    description: 'At once, signed as events are, of the type `webhook.test`. It is not repeated.',
    tag: 'events',
    who: 'administrator',
    input: z.object({ webhook_id: webhookId }),
    answer: z.object({
      webhook_id: z.string(),
      url: z.string(),
      secrets: z.array(z.string()),
      id: z.string(),
    }),
    reads: ({ app: { app_id }, input: { webhook_id } }) => [webhookById({ app_id, webhook_id })],
    decide: ({ now, newId }, [[stored]]) =>
      stored === undefined
        ? missing()
        : {
            data: {
              webhook_id: stored.webhook_id,
              url: stored.url,
              secrets: signingSecrets(stored.secrets, now),
              id: `test_${newId().toString(36)}`,
            },
          },
  }),
  z.object({
    delivered: z.boolean(),
    status: z.int().describe('HTTP status; 0 no answer'),
    ms: z.int().describe('how long it took, milliseconds'),
    error: z.string(),
    answer: z.string().describe('the beginning of what was answered'),
  }),
  async ({ webhook_id, url, secrets, id: message }, { now, outbound }) => {
    const body = JSON.stringify({
      type: 'webhook.test',
      timestamp: new Date(now).toISOString(),
      data: { webhook_id },
    })
    const to = { url, secrets: secrets.map(secret => ({ secret, created_at: now, until: 0 })) }
    const sent = await sendMessage(outbound, to, { id: message, seq: 0, kind: 'webhook.test', body }, 1, now)
    const { status, ms, error, answer } = sent
    return { delivered: succeeded(sent), status, ms, error, answer }
  },
)
