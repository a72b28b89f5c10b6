/** The message that a webhook delivers. */
export interface WebhookEvent {
  readonly type: string
  readonly timestamp: string
  readonly data: unknown
}

/** A delivery as it came: a `Request`, or its headers and its body as text, unchanged. */
export type Delivery =
  | Request
  | { readonly headers: Headers | Readonly<Record<string, string | undefined>>; readonly body: string }

/** The delivery is not from the service, or is too old: answer it 400. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError'
}

/** How far the clocks may be apart, seconds (Standard Webhooks). */
const toleranceSeconds = 300

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), character => character.charCodeAt(0))

/**
 * The event of a delivery, if one of the secrets (`whsec_…`) signed it, within five minutes. Give two secrets
 * while one replaces the other. Throws `WebhookError`.
 */
async function verify(delivery: Delivery, secrets: readonly string[]): Promise<WebhookEvent> {
  const headers = delivery.headers instanceof Headers ? delivery.headers : headersOf(delivery.headers)
  const body = delivery instanceof Request ? await delivery.text() : delivery.body
  const id = headers.get('webhook-id')
  const timestamp = headers.get('webhook-timestamp')
  const signatures = headers.get('webhook-signature')
  if (id === null || timestamp === null || signatures === null)
    throw new WebhookError('webhook-id, webhook-timestamp or webhook-signature is missing')
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= toleranceSeconds))
    throw new WebhookError('webhook-timestamp is more than five minutes away from this clock')
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  for (const secret of secrets) {
    const raw = bytesOf(secret.replace(/^whsec_/, ''))
    const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'verify',
    ])
    for (const signature of signatures.split(' ')) {
      const [version, value = ''] = signature.split(',')
      if (version === 'v1' && (await verifies(key, value, signed))) return JSON.parse(body)
    }
  }
  throw new WebhookError('no signature is of these secrets')
}

/** `crypto.subtle` compares in constant time. */
async function verifies(
  key: CryptoKey,
  signature: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    return await crypto.subtle.verify('HMAC', key, bytesOf(signature), signed)
  } catch {
    return false
  }
}

function headersOf(plain: Headers | Readonly<Record<string, string | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) headers.set(name, value)
  return headers
}

export const webhooks = { verify }
