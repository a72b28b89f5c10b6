import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { AppSecret, EndedSecret } from '../db/schema.ts'

/*
 * A secret or signing key that was dropped is remembered by its digest, so that nobody can bring it back: not an
 * environment that still names it, and not whoever gives it to the app again (docs/revocation.md).
 */

interface Credentials {
  readonly secrets: readonly AppSecret[]
  readonly keys: readonly AppSecret[]
}

const digestOf = (secret: string): string => bytesToHex(sha256(utf8ToBytes(secret)))
const credentialsOf = ({ secrets, keys }: Credentials): AppSecret[] => [...secrets, ...keys]

/** Whether this secret was ended. */
export function isEnded(ended: readonly EndedSecret[], secret: string): boolean {
  if (ended.length === 0) return false
  const digest = digestOf(secret)
  return ended.some(entry => entry.digest === digest)
}

/** What is ended when `after` takes the place of `before`: all that was, and what is not there any more. */
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
 * The signing keys with a new first one. The old ones are good for file signatures alone, which say no more than
 * which file is meant: QR codes, upload URLs and cursors that they signed are ended.
 */
export const withLinksEnded = (keys: readonly AppSecret[], fresh: AppSecret): AppSecret[] => [
  fresh,
  ...keys.map(key => ({ ...key, files_only: true })),
]
