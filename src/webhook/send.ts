import type { DeliveryAttempt, WebhookSecret } from '../db/schema-webhook.ts'
import type { RecordedEvent } from '../events/event.ts'
import { type ToldEvent, toldEvent } from '../events/feed.ts'
import { type Outbound, OutboundError } from '../platform.ts'
import { signedHeaders, signingSecrets } from './signature.ts'

const timeoutMs = 15_000
const maxAnswerBytes = 1024
/** How much of an answer is stored, characters. */
const keptAnswer = 200
const maxBodyBytes = 20_000

/** The id of a message. It is the same at every attempt, so receivers can drop repeats. */
export const messageId = (epoch: string, seq: number): string => `evt_${epoch}_${seq}`

/**
 * The body of a message, at most 20 kB. If the whole event does not fit, the changed values, the group and
 * the notice are left out, and `truncated` is true. The receiver can then ask for them.
 */
export function messageBody(epoch: string, event: RecordedEvent): string {
  const bodyOf = (data: ToldEvent | Readonly<Record<string, unknown>>) =>
    JSON.stringify({ type: event.kind, timestamp: new Date(event.at).toISOString(), data })
  const told = toldEvent(epoch, event)
  const whole = bodyOf(told)
  if (new TextEncoder().encode(whole).byteLength <= maxBodyBytes) return whole
  const { changes: _, group: __, notice: ___, ...rest } = told
  return bodyOf({ ...rest, truncated: true })
}

export interface Message {
  readonly id: string
  readonly seq: number
  readonly kind: string
  readonly body: string
}

export interface Sent extends DeliveryAttempt {
  /** The header Retry-After of the answer. */
  readonly retryAfter: string | undefined
}

export const succeeded = ({ status }: Pick<Sent, 'status'>): boolean => status >= 200 && status < 300

/** Sends a message once. Times are milliseconds. Does not throw if sending fails: `error` then says why. */
export async function sendMessage(
  outbound: Outbound,
  { url, secrets }: { readonly url: string; readonly secrets: readonly WebhookSecret[] },
  { id, seq, kind, body }: Message,
  attempt: number,
  now: number,
): Promise<Sent> {
  const started = performance.now()
  const ended = (status: number, error: string, answer: string, retryAfter?: string): Sent => ({
    seq,
    kind,
    at: now,
    attempt,
    status,
    ms: Math.round(performance.now() - started),
    error,
    answer: answer.slice(0, keptAnswer),
    retryAfter,
  })
  const headers = {
    'content-type': 'application/json',
    'content-length': String(new TextEncoder().encode(body).byteLength),
    'user-agent': 'Cohort-Webhook',
    ...signedHeaders(signingSecrets(secrets, now), id, now, body),
  }
  try {
    const sent = { url, method: 'POST', headers, body, timeoutMs, maxAnswerBytes } as const
    const { status, retryAfter, body: answer } = await outbound.send(sent)
    return ended(status, '', answer, retryAfter)
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    return ended(0, error.message, '')
  }
}
