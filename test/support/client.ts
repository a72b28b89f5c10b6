import { SignJWT } from 'jose'
import type { Instance } from './target.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly code: number
  // biome-ignore lint/suspicious/noExplicitAny: an answer may be anything, which is what the tests find out
  readonly data: any
  readonly message: string | null
  readonly cursor: string
  readonly total: number
  readonly version: number
  /** The whole body as parsed. */
  readonly body: Record<string, unknown>
}

export interface Sent {
  readonly query?: Readonly<Record<string, string | number | boolean>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** All that a caller needs of an instance. */
export type Reachable = Pick<Instance, 'url' | 'app_id' | 'secret'>

/** Calls the API of one instance as one caller. Reads send a query, everything else a JSON body. */
export class Client {
  readonly instance: Reachable
  readonly headers: Readonly<Record<string, string>>
  constructor(instance: Reachable, headers: Readonly<Record<string, string>>) {
    this.instance = instance
    this.headers = headers
  }

  async call(method: string, path: string, { query = {}, body, headers = {} }: Sent = {}): Promise<Answer> {
    const url = new URL(path, this.instance.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
    const response = await fetch(url, {
      method,
      headers: {
        ...this.headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const parsed = text.startsWith('{')
      ? JSON.parse(text)
      : { code: response.status, data: text, message: null }
    return { ...parsed, status: response.status, headers: response.headers, body: parsed }
  }

  get(path: string, query: Sent['query'] = {}): Promise<Answer> {
    return this.call('GET', path, { query })
  }
  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.call('POST', path, { body })
  }
}

export interface Claims {
  readonly app?: string
  readonly sub?: string
  readonly role?: number
  readonly iat?: number
  readonly exp?: number
  readonly nbf?: number
  readonly use?: string
  readonly jti?: string
}

/** Signs a token as an app's own server would, or as somebody who wishes to be it. */
export function signToken(secret: string, claims: Claims, alg = 'HS256'): Promise<string> {
  const payload = { iat: Math.floor(Date.now() / 1000), ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))
}

/**
 * A caller of an app: by default the instance's own. `as(7)` is user 7, `admin()` an administrator, with
 * acting headers if given.
 */
export function callers(instance: Reachable, app_id = instance.app_id, secret = instance.secret) {
  return {
    async as(user_id: number): Promise<Client> {
      const token = await signToken(secret, { app: app_id, role: 1, sub: String(user_id) })
      return new Client(instance, { app_id, 'access-token': token })
    },
    async admin(acting: { user_id?: number; group_id?: number } = {}): Promise<Client> {
      const token = await signToken(secret, { app: app_id, role: 2 })
      const headers = Object.fromEntries(Object.entries(acting).map(([name, value]) => [name, String(value)]))
      return new Client(instance, { app_id, 'access-token': token, ...headers })
    },
  }
}

let lastUser = 1_000
/** User ids that no other test uses. */
export const newUsers = (count: number): number[] => Array.from({ length: count }, () => ++lastUser)

let lastAddress = 0
/**
 * Headers as a proxy in front sends them, for a client at an address that no other test uses: each address
 * may send but a few wrong tokens.
 */
export function newAddress(): Record<string, string> {
  lastAddress++
  return fromAddress(`10.${(lastAddress >> 16) & 255}.${(lastAddress >> 8) & 255}.${lastAddress & 255}`)
}

export const fromAddress = (address: string): Record<string, string> => ({
  'x-forwarded-for': address,
  'cf-connecting-ip': address,
})
