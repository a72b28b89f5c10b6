import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { WebhookSecret } from '../db/schema-webhook.ts'

/* Signatures by Standard Webhooks (https://www.standardwebhooks.com). */

const prefix = 'whsec_'

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), character => character.charCodeAt(0))

/** A new secret: 256 random bits, `whsec_` and base64. */
export const newWebhookSecret = (): string => prefix + base64(crypto.getRandomValues(new Uint8Array(32)))

/** The secrets that sign at this time, milliseconds since 1970. */
export const signingSecrets = (secrets: readonly WebhookSecret[], now: number): string[] =>
  secrets.filter(({ until }) => until === 0 || until > now).map(({ secret }) => secret)

/**
 * The headers of a message: its id, the time of sending in seconds, and a signature by each secret. `now` is
 * in milliseconds since 1970.
 */
export function signedHeaders(
  secrets: readonly string[],
  id: string,
  now: number,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const signatures = secrets.map(secret => {
    const key = bytesOf(secret.slice(prefix.length))
    return `v1,${base64(hmac(sha256, key, utf8ToBytes(`${id}.${timestamp}.${body}`)))}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
