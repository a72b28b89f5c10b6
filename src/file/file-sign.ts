import { LRUCache } from 'lru-cache'
import { readJws, sign, signJws, verify } from '../operation/sign.ts'
import type { App } from '../tenant/app.ts'

/*
 * A `file_sign` names a grant: one object, its sender and one receiver. What a caller may do with it is
 * decided by the grant's row on every request. The signature only keeps grants from being guessed. A
 * `file_sign` contains no `=` and no `&`, because clients cut it out of a URL by splitting at `sign=`. It is
 * a compact JWS, because server-side clients in the field decode it for `from_id`, `to_id` and `to_type`
 * (docs/behaviour.md, section 7).
 */

/** Longer than any `file_sign`, characters. */
export const maxFileSignLength = 512

interface Grant {
  readonly grant_id: number
  readonly from_id: number
  /** 1 user, 2 group. */
  readonly to_type: number
  readonly to_id: number
}

export const fileSignOf = (app: App, { grant_id, from_id, to_id, to_type }: Grant): string =>
  signJws(app, { from_id, to_id, to_type, grant: grant_id.toString(36) })

/** The short form of 0.1.0, which contains only the grant's id. */
export function signGrant(app: App, grant_id: number): string {
  const name = grant_id.toString(36)
  return `${name}.${sign(app, 'file', name)}`
}

/**
 * Signatures that were found good: all members of a group read the same files. A change of an app's keys
 * makes a new `App`, for which nothing is remembered.
 */
let remembered: LRUCache<string, { readonly app: App; readonly grant_id: number }> | undefined
const maxRemembered = 10_000

/** The id of the grant, or undefined if this app has not signed the `file_sign` (10030). */
export function grantOf(app: App, file_sign: string): number | undefined {
  if (file_sign.length > maxFileSignLength) return undefined
  // Made at the first download: a cold start pays for all that it makes.
  remembered ??= new LRUCache({ max: maxRemembered })
  const known = remembered.get(file_sign)
  if (known?.app === app) return known.grant_id
  const grant_id = signedGrant(app, file_sign)
  if (grant_id !== undefined) remembered.set(file_sign, { app, grant_id })
  return grant_id
}

function signedGrant(app: App, file_sign: string): number | undefined {
  const payload = readJws(app, file_sign)
  if (payload !== undefined) {
    const { grant } = payload as { readonly grant?: unknown }
    return typeof grant === 'string' && /^[0-9a-z]{1,11}$/.test(grant)
      ? Number.parseInt(grant, 36)
      : undefined
  }
  const [, name, signature] = /^([0-9a-z]{1,11})\.([\w.-]{1,128})$/.exec(file_sign) ?? []
  if (name === undefined || signature === undefined || !verify(app, 'file', name, signature)) return undefined
  return Number.parseInt(name, 36)
}

/**
 * The grant in one of this service's own chat download URLs. The URL may have a host or not, have other
 * parameters, and be escaped. undefined for any other URL.
 */
export function grantInUrl(app: App, url: string): number | undefined {
  if (!URL.canParse(url, 'http://localhost')) return undefined
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  if (!/\/file\/+download\/+chat$/.test(unescaped(pathname))) return undefined
  return grantOf(app, searchParams.get('file_sign') ?? '')
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
