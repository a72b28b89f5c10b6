import * as z from 'zod'
import { reach } from '../events/feed.ts'
import { refuse } from '../operation/errors.ts'
import { id, integer } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { messageId } from './send.ts'
import { missing, shown, startOf, webhook, webhookId } from './shown.ts'
import {
  deleteHolds,
  deleteParked,
  heldFrom,
  holdsOf,
  hurryHolds,
  moveCursor,
  moveHold,
  park,
  parkedBefore,
  setState,
  webhookById,
} from './webhook.ts'

/* How a webhook fares, and what an administrator does about it. */

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
    'The latest 50 attempts, the events that fail and hold up their group, and those that were given up. Of the last two a page: `held_next` and `parked_next` say where the next one begins.',
  tag: 'events',
  who: 'administrator',
  input: z.object({
    webhook_id: webhookId,
    held_from: integer(0)
      .default(0)
      .describe('begin the held events with this group: `held_next` of the page before'),
    parked_before: integer(0)
      .default(0)
      .describe(
        'begin the parked events behind this one: `parked_next` of the page before; 0: with the newest',
      ),
    limit: integer(1, 500).default(100).describe('how many held and how many parked events'),
  }),
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
    held_next: z.int().describe('`held_from` of the next page; 0 on the last'),
    parked: z.array(attempt.extend({ parked_at: z.int().describe('milliseconds') })).describe('newest first'),
    parked_next: z.int().describe('`parked_before` of the next page; 0 on the last'),
  }),
  reads: ({ app: { app_id }, input: { webhook_id, held_from, parked_before, limit } }) => [
    reach({ app_id }),
    webhookById({ app_id, webhook_id }),
    heldFrom({ webhook_id, lane: held_from, limit: limit + 1 }),
    parkedBefore({ webhook_id, seq: parked_before || Number.MAX_SAFE_INTEGER, limit: limit + 1 }),
  ],
  decide: ({ input: { limit } }, [[reached], [stored], heldAndOne, parkedAndOne]) => {
    if (reached === undefined || stored === undefined) return missing()
    const { epoch } = reached
    const holds = heldAndOne.slice(0, limit)
    const parked = parkedAndOne.slice(0, limit)
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
        held_next: heldAndOne[limit]?.lane ?? 0,
        parked: parked.map(({ seq, last, parked_at }) => ({ id: messageId(epoch, seq), ...last, parked_at })),
        parked_next: parkedAndOne.length > limit ? (parked.at(-1)?.seq ?? 0) : 0,
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
        moveCursor({ webhook_id, generation: stored.generation, acked_seq: from }),
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
      writes: [
        setState({ webhook_id, generation: stored.generation, state: 'active', reason: '' }),
        hurryHolds({ webhook_id, now }),
      ],
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
        setState({
          webhook_id,
          generation: stored.generation,
          state: stored.state,
          reason: stored.state_reason,
        }),
      ],
      events: [{ kind: 'webhook.changed', webhook_id, changes: { skipped: [null, input.seq] } }],
    }
  },
})
