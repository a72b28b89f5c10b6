import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'
import type { Caller } from '../operation/operation.ts'
import type { Clock } from '../platform.ts'
import type { App } from './app.ts'
import { isCompactToken } from './compact-token.ts'
import { type KeySet, keySets } from './key-sets.ts'

/** What a token says (docs/behaviour.md, section 2). */
export interface Identity {
  /** null for an administrator. */
  readonly user_id: number | null
  /** A `store_token`, which is valid for files only. */
  readonly filesOnly: boolean
  /** Milliseconds since 1970; Infinity if the token has no `exp`. */
  readonly expiresAt: number
  /** Id of the key that signed it; '' if the app's key set gives the key no id. */
  readonly key_id: string
}

const secretAlgorithms = ['HS256', 'HS384', 'HS512']
const jwksAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']
/** How far the clock of the signer may be ahead of this one, seconds. */
const maxClockSkewS = 30
/**
 * How long a verified token is trusted without checking it again, milliseconds. If the cache misses a change,
 * such as a revoked key, the token keeps working for at most this long.
 */
const maxTokenTrustMs = 5 * 60_000
const maxTokenCharacters = 4096

export interface TokenCacheMetrics {
  hit(): void
  miss(): void
}

export interface TokenVerifier {
  known(app: App, token: string): Identity | undefined
  verify(app: App, token: string): Promise<Identity | Refusal>
}

/**
 * What a verified token said, and the app and keys that verified it. It is trusted only while these are still
 * valid.
 */
interface Trusted {
  readonly app: App
  /** The key set that verified the token; undefined if the app publishes none. */
  readonly keySet: KeySet | undefined
  readonly identity: Identity
  readonly until: number
}

interface Verified {
  readonly claims: JWTPayload
  readonly key_id: string
}

/**
 * Verifies each token once and caches the result. `jose` verifies 11 000 tokens a second; the cache is faster
 * than HTTP. The key of the cache is the token itself, which this process has in memory anyway; a digest
 * would cost one hash for each request. An app whose keys changed is another object, so its tokens are
 * verified again.
 */
export function tokenVerifier(clock: Clock, metrics: TokenCacheMetrics, capacity = 20_000): TokenVerifier {
  // Not `max`, which takes the memory for all tokens at once: 2 ms of every start.
  const trusted = new LRUCache<string, Trusted>({ maxSize: capacity, sizeCalculation: () => 1 })
  const published = keySets(clock)
  const secretKeys = new WeakMap<App, Promise<CryptoKey>[]>()

  const keysOf = (app: App): Promise<CryptoKey>[] => {
    let keys = secretKeys.get(app)
    if (keys === undefined) {
      keys = app.secrets.flatMap(({ secret }) =>
        secretAlgorithms.map(algorithm => importSecret(secret, algorithm)),
      )
      secretKeys.set(app, keys)
    }
    return keys
  }

  const options = () => ({ currentDate: new Date(clock()), clockTolerance: maxClockSkewS })

  const verifiedBySecret = async (app: App, token: string): Promise<Verified> => {
    const algorithm = secretAlgorithms.indexOf(headerAlgorithm(token))
    const rules = { ...options(), algorithms: secretAlgorithms }
    if (algorithm >= 0) {
      for (const [i, { kid }] of app.secrets.entries()) {
        const key = await (keysOf(app)[i * secretAlgorithms.length + algorithm] as Promise<CryptoKey>)
        const claims = await claimsSignedBy(key, token, rules)
        if (claims !== undefined) return { claims, key_id: kid }
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }

  const verifiedByKeySet = async ({ find }: KeySet, token: string): Promise<Verified> => {
    const rules = { ...options(), algorithms: jwksAlgorithms }
    try {
      const { payload, protectedHeader } = await jwtVerify(token, find, rules)
      return { claims: payload, key_id: protectedHeader.kid ?? '' }
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
      // The keys or the token have no `kid`, so every key that could have signed the token is tried.
      for await (const key of error) {
        const claims = await claimsSignedBy(key, token, rules)
        if (claims !== undefined) return { claims, key_id: '' }
      }
      throw new errors.JWSSignatureVerificationFailed()
    }
  }

  /**
   * Verifies a token by the known keys. If none of them signed it, fetches the published keys and tries
   * those.
   */
  const verifiedByPublished = async (app: App, token: string): Promise<Verified & { keySet: KeySet }> => {
    if (!jwksAlgorithms.includes(headerAlgorithm(token))) throw new errors.JOSEAlgNotAllowed()
    const keySet = await published.get(app)
    try {
      return { ...(await verifiedByKeySet(keySet, token)), keySet }
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const fresher = await published.fresher(app)
      if (fresher === undefined) throw error
      return { ...(await verifiedByKeySet(fresher, token)), keySet: fresher }
    }
  }

  return {
    /** What a token says if it was verified before and is still trusted; undefined if it must be verified. */
    known(app: App, token: string): Identity | undefined {
      const entry = trusted.get(token)
      if (entry === undefined) return undefined
      if (entry.app === app && clock() < entry.until) {
        if (app.jwks_url !== '' && published.known(app) !== entry.keySet) return undefined
        metrics.hit()
        return entry.identity
      }
      trusted.delete(token)
      return undefined
    },
    /**
     * Verifies a token. Answers whom it stands for in this app, or refuses with 402 if it has expired and
     * 10008 for anything else. Throws 503 if the app's JWKS cannot be fetched.
     */
    async verify(app: App, token: string): Promise<Identity | Refusal> {
      metrics.miss()
      if (token.length > maxTokenCharacters) return refuse('token_invalid', 'access-token is too long')
      if (!isCompactToken(token)) return refuse('token_invalid')
      let verified: Verified & { readonly keySet?: KeySet }
      try {
        verified =
          app.jwks_url === '' ? await verifiedBySecret(app, token) : await verifiedByPublished(app, token)
      } catch (error) {
        return refusalOf(error)
      }
      const identity = identityOf(app, verified, clock())
      if (identity instanceof Refusal) return identity
      const until = Math.min(identity.expiresAt, clock() + maxTokenTrustMs)
      trusted.set(token, { app, keySet: verified.keySet, identity, until })
      return identity
    },
  }
}

/** The claims of a token; undefined if this key did not sign it. Throws if the token has any other fault. */
async function claimsSignedBy(
  key: CryptoKey,
  token: string,
  rules: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, key, rules)).payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined
    throw error
  }
}

export const importSecret = (secret: string, algorithm: string): Promise<CryptoKey> =>
  crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: `SHA-${algorithm.slice(2)}` },
    false,
    ['sign', 'verify'],
  )

function headerAlgorithm(token: string): string {
  try {
    const [header = ''] = token.split('.')
    const { alg } = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/'))) as { alg?: unknown }
    return String(alg)
  } catch {
    return ''
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof HttpError) throw error
  if (error instanceof errors.JWTExpired) return refuse('token_expired')
  if (error instanceof errors.JWTClaimValidationFailed)
    return refuse('token_invalid', `access-token is not valid: its claim ${error.claim} is wrong`)
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refuse('token_invalid', 'access-token has a wrong signature')
  if (error instanceof errors.JWKSNoMatchingKey)
    return refuse('token_invalid', "access-token is signed by a key that is not in the app's JWKS")
  if (error instanceof errors.JOSEError) return refuse('token_invalid')
  // The key that the token names is published but cannot be read. The token may be valid.
  throw new HttpError(503, "a key of the app's key set (JWKS) cannot be read", { 'retry-after': '5' })
}

function identityOf(
  app: App,
  { claims, key_id }: { readonly claims: JWTPayload; readonly key_id: string },
  now: number,
): Identity | Refusal {
  const expiresAt = claims.exp === undefined ? Number.POSITIVE_INFINITY : claims.exp * 1000
  // `nbf` and `iat` allow for different clocks; `exp` does not.
  if (expiresAt <= now) return refuse('token_expired')
  if (claims.app !== app.app_id) return refuse('token_invalid', 'access-token is for another app')
  if (claims.iat !== undefined && claims.iat > now / 1000 + maxClockSkewS)
    return refuse('token_invalid', 'access-token is not valid yet: check the clock that signs')
  const { role, use } = claims as { role?: unknown; use?: unknown }
  if (use !== undefined && use !== 'files') return refuse('token_invalid', 'access-token has an unknown use')
  if (role === 2 && use === undefined) return { user_id: null, filesOnly: false, expiresAt, key_id }
  const sub: unknown = claims.sub
  const user_id = typeof sub === 'string' || typeof sub === 'number' ? idOf(String(sub)) : undefined
  if (role !== 1 || user_id === undefined)
    return refuse('token_invalid', 'access-token needs role 1 and the user id as sub, or role 2')
  return { user_id, filesOnly: use === 'files', expiresAt, key_id }
}

/**
 * What a token claims, before it is verified. Needed to look up the app whose keys verify it. Answers
 * undefined if it is not a token.
 */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  if (token.length > maxTokenCharacters || !isCompactToken(token)) return undefined
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}

/** The caller, from what its token says and from its acting headers (null for a header that was not sent). */
export function callerOf(
  identity: Identity,
  userHeader: string | null,
  groupHeader: string | null,
): Caller | Refusal {
  const { key_id } = identity
  const user_id = userHeader === null ? null : idOf(userHeader)
  const only_group = groupHeader === null ? null : idOf(groupHeader)
  if (user_id === undefined)
    return refuse('invalid_parameter', 'the user_id header must be a positive integer up to 2^53-1')
  if (only_group === undefined)
    return refuse('invalid_parameter', 'the group_id header must be a positive integer up to 2^53-1')
  if (identity.user_id !== null) {
    if (only_group !== null) return refuse('no_permission', 'the group_id header is for administrators')
    if (user_id !== null && user_id !== identity.user_id)
      return refuse('no_permission', 'the user_id header names another user than the token')
    return { administrator: false, user_id: identity.user_id, only_group: null, key_id }
  }
  return { administrator: true, user_id, only_group, key_id }
}

function idOf(text: string): number | undefined {
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(id) ? id : undefined
}
