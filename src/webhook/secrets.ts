import * as z from 'zod'
import type { WebhookSecret } from '../db/schema-webhook.ts'
import { operation, presented } from '../operation/operation.ts'
import { sendMessage, succeeded } from './send.ts'
import { missing, webhookId } from './shown.ts'
import { newWebhookSecret, signingSecrets } from './signature.ts'
import { setSecrets, webhookById } from './webhook.ts'

/** How long the old secret still signs beside the new one, milliseconds. */
const overlapMs = 24 * 60 * 60 * 1000

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
    const { webhook_id, generation } = stored
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
      writes: [setSecrets({ webhook_id, generation, secrets: JSON.stringify(secrets) })],
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
