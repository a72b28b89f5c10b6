import { errors as joseErrors, jwtVerify, SignJWT } from 'jose'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Executor } from '../operation/executor.ts'
import type { Clock } from '../platform.ts'
import { hashOf, sessionByHash } from './sessions.ts'

/** The operator, identified by a token or by a session of the console. */
export interface Operator {
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** null: identified by a token. */
  readonly session_id: number | null
  /** The token's own id (`jti`); '' if it has none. */
  readonly tokenId: string
}

export interface OperatorAccess {
  /** Whether a token claims to be the operator's. The claim is not verified. */
  claims(token: string): boolean
  /** Verifies an operator's token. Refuses 402 if it has expired, 10008 if anything else is wrong with it. */
  byToken(token: string): Promise<Operator | Refusal>
  /** Finds the session of this cookie. Refuses 10008 if there is none, or it has ended. */
  bySession(session: string): Promise<Operator | Refusal>
}

const role = 3
const maxTokenLength = 4096
const maxKnownSessions = 1000

interface AccessOptions {
  /** OPERATOR_SECRET. undefined: this service takes no operator's tokens. */
  readonly secret: string | undefined
  readonly executor: () => Executor
  readonly clock: Clock
  /**
   * How long a session is trusted without reading it again, milliseconds. A session that was ended works for
   * at most this long.
   */
  readonly ttlMs: number
}

export function operatorAccess({ secret, executor, clock, ttlMs }: AccessOptions): OperatorAccess {
  const key = secret === undefined ? undefined : new TextEncoder().encode(secret)
  const known = new Map<string, { readonly operator: Operator; readonly readAt: number }>()

  return {
    claims: token => token.length <= maxTokenLength && roleOf(token) === role,

    async byToken(token) {
      if (key === undefined)
        return refuse('token_invalid', 'this service takes no operator tokens: OPERATOR_SECRET is not set')
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          currentDate: new Date(clock()),
          requiredClaims: ['exp'],
        })
        if (payload.role !== role) return refuse('token_invalid')
        return { expiresAt: Number(payload.exp) * 1000, session_id: null, tokenId: payload.jti ?? '' }
      } catch (error) {
        if (error instanceof joseErrors.JWTExpired) return refuse('token_expired')
        if (error instanceof joseErrors.JWTClaimValidationFailed)
          return refuse('token_invalid', `access-token is not valid: its claim ${error.claim} is wrong`)
        if (error instanceof joseErrors.JOSEError)
          return refuse('token_invalid', 'access-token is not signed by OPERATOR_SECRET')
        throw error
      }
    },

    async bySession(session) {
      const session_hash = hashOf(session)
      const now = clock()
      const entry = known.get(session_hash)
      const fresh = entry !== undefined && now - entry.readAt < ttlMs && now >= entry.readAt
      if (fresh && entry.operator.expiresAt > now) return entry.operator
      known.delete(session_hash)
      const [found] = await executor().read(sessionByHash({ session_hash }))
      if (found === undefined || found.expires_at <= now)
        return refuse('token_invalid', 'this session has ended: cohort console prints a link to a new one')
      const operator = { expiresAt: found.expires_at, session_id: found.session_id, tokenId: '' }
      if (known.size >= maxKnownSessions) known.clear()
      known.set(session_hash, { operator, readAt: now })
      return operator
    },
  }
}

/** The role that a token claims, unverified; undefined if it cannot be read. */
function roleOf(token: string): unknown {
  const [, payload] = token.split('.')
  if (payload === undefined) return undefined
  try {
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).role
  } catch {
    return undefined
  }
}

/**
 * Signs an operator's token (HS256; role 3, `iat`, `exp`, and a `jti` of its own). Times are milliseconds.
 * The token is good for every app, so it should be short-lived.
 */
export function signOperatorToken(secret: string, issuedAt: number, ttlMs: number): Promise<string> {
  return new SignJWT({ role })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(Math.floor(issuedAt / 1000))
    .setExpirationTime(Math.floor((issuedAt + ttlMs) / 1000))
    .setJti(crypto.randomUUID())
    .sign(new TextEncoder().encode(secret))
}
