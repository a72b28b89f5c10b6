import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { AppSecret, EndedSecret } from '../db/schema.ts'

/*
 * Cohort stores the digest of every secret or signing key that was dropped, so that it cannot become valid
 * again: neither from an environment variable that still names it, nor from somebody who gives it to the app
 * again (docs/revocation.md).
 */

interface Credentials {
  readonly secrets: readonly AppSecret[]
  readonly keys: readonly AppSecret[]
}

const digestOf = (secret: string): string => bytesToHex(sha256(utf8ToBytes(secret)))
const credentialsOf = ({ secrets, keys }: Credentials): AppSecret[] => [...secrets, ...keys]

/** Whether this secret has been ended. */
export function isEnded(ended: readonly EndedSecret[], secret: string): boolean {
  if (ended.length === 0) return false
  const digest = digestOf(secret)
  return ended.some(entry => entry.digest === digest)
}

/**
 * What has been ended when `after` replaces `before`: all that had been ended already, and every secret and
 * key that `after` does not have.
 */
export function endedBy(
  before: Credentials & { readonly ended: readonly EndedSecret[] },
  after: Credentials,
  now: number,
): EndedSecret[] {
  const kept = new Set(credentialsOf(after).map(({ secret }) => secret))
  const gone = credentialsOf(before).filter(({ secret }) => !kept.has(secret))
  return [...before.ended, ...gone.map(({ secret }) => ({ digest: digestOf(secret), ended_at: now }))]
}

/**
 * Adds a new first signing key. The old keys stay valid for file signatures only, which say just which file
 * is meant. QR codes, upload URLs and cursors that the old keys signed are ended.
 */
export const withLinksEnded = (keys: readonly AppSecret[], fresh: AppSecret): AppSecret[] => [
  fresh,
  ...keys.map(key => ({ ...key, files_only: true })),
]
