import { SignJWT } from 'jose'
import { importSecret } from './token-verifier.ts'

export interface TokenRequest {
  readonly app_id: string
  /** The app's newest secret. */
  readonly secret: string
  readonly subject: { readonly user_id: number; readonly filesOnly?: boolean } | 'administrator'
  readonly issuedAt: number
  /** Milliseconds; undefined if the token does not expire. */
  readonly ttl: number | undefined
}

/**
 * Signs a token as an app's own server would (HS256; claims of docs/behaviour.md, section 2). All times are
 * in milliseconds.
 */
export async function signToken({ app_id, secret, subject, issuedAt, ttl }: TokenRequest): Promise<string> {
  const claims =
    subject === 'administrator'
      ? { app: app_id, role: 2 }
      : { app: app_id, role: 1, ...(subject.filesOnly === true && { use: 'files' }) }
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(Math.floor(issuedAt / 1000))
  if (subject !== 'administrator') token.setSubject(String(subject.user_id))
  if (ttl !== undefined) token.setExpirationTime(Math.floor((issuedAt + ttl) / 1000))
  return token.sign(await importSecret(secret, 'HS256'))
}
