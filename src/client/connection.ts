import { CohortError } from './cohort-error.ts'
import { Pages } from './pages.ts'

export interface CohortOptions {
  /** Where the service is: `https://chat.example.org`. */
  readonly url: string
  /** The app (tenant). An operator's calls may name another in the options of a call. */
  readonly app?: string
  /**
   * An access token, or how to get one: asked for once, and again when the service says that it has expired.
   * Without one the browser's own session is used, as the console does.
   */
  readonly token?: string | (() => string | Promise<string>)
  /** Administrator tokens only: act as this user, or as the owner of this group. */
  readonly as?: Acting
  /** How often a call is tried again, at most. Default: 3. */
  readonly retries?: number
  /** How long one attempt may take, milliseconds. Default: 30 000. */
  readonly timeoutMs?: number
  /** Another `fetch` than the runtime's. */
  readonly fetch?: typeof fetch
}

export type Acting = { readonly user_id: number } | { readonly group_id: number }

/** Options of every call. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** Instead of the client's own `as`. */
  readonly as?: Acting
  /** Instead of the client's own `app`. */
  readonly app?: string
  /** Writes only. Default: a new one for each call, the same for each attempt of a call. */
  readonly idempotencyKey?: string
}

/** The envelope of every answer. */
export interface Envelope<T> {
  readonly code: number
  readonly data: T
  readonly message: string | null
  readonly cursor?: string
  readonly total?: number
  readonly version?: number
}

interface Call {
  readonly method: string
  readonly path: string
  readonly input: object
  readonly writes: boolean
  readonly options: CallOptions
}

const retryableStatuses = [429, 503]
/** The longest wait for another attempt that the client chooses by itself, milliseconds. */
const maxBackoffMs = 8000
/** The longest wait that a server can ask for, milliseconds. If it asks for more, the error is thrown. */
const maxRetryAfterMs = 60_000

/** Waits, or throws the reason of the signal. */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, ms)
    if (signal?.aborted) aborted()
    else signal?.addEventListener('abort', aborted, { once: true })
  })

/** Full jitter: at random up to a bound that doubles (milliseconds). */
export const backoffMs = (attempt: number): number =>
  Math.random() * Math.min(maxBackoffMs, 250 * 2 ** attempt)

/** Talks to one service as one caller: tokens, attempts, errors. The operations are made on top of it. */
export class Connection {
  readonly options: CohortOptions
  readonly fetch: typeof fetch
  private token: Promise<string> | undefined
  /** Where this client's own writes are, on a replicated database: reads must see at least that. */
  private bookmark: string | undefined

  constructor(options: CohortOptions) {
    this.options = options
    this.fetch = options.fetch ?? ((...args) => globalThis.fetch(...args))
  }

  get<T>(path: string, input: object = {}, options: CallOptions = {}): Promise<T> {
    return this.data({ method: 'GET', path, input, writes: false, options })
  }
  /** A read whose parameters are too long for a URL. */
  query<T>(path: string, input: object = {}, options: CallOptions = {}): Promise<T> {
    return this.data({ method: 'POST', path, input, writes: false, options })
  }
  write<T>(path: string, input: object = {}, options: CallOptions = {}): Promise<T> {
    return this.data({ method: 'POST', path, input, writes: true, options })
  }
  /** For routes that have no POST. */
  writeBy<T>(method: string, path: string, input: object = {}, options: CallOptions = {}): Promise<T> {
    return this.data({ method, path, input, writes: true, options })
  }
  pages<T>(method: string, path: string, input: object = {}, options: CallOptions = {}): Pages<T> {
    return new Pages(cursor => {
      const page = cursor === undefined ? input : { ...input, cursor }
      return this.send<T[]>({ method, path, input: page, writes: false, options })
    })
  }

  /** The token, asked for once at a time. `''` without one. */
  currentToken(): Promise<string> {
    const { token = '' } = this.options
    this.token ??= Promise.resolve(typeof token === 'string' ? token : token()).catch(error => {
      this.token = undefined
      throw error
    })
    return this.token
  }
  /** Has the next call ask for a token, unless another than the one that expired is there already. */
  forgetToken(expired: Promise<string>): void {
    if (this.token === expired && typeof this.options.token === 'function') this.token = undefined
  }

  /** Headers that say who calls. */
  async headers(options: CallOptions = {}): Promise<Record<string, string>> {
    const token = await this.currentToken()
    const app = options.app ?? this.options.app
    const acting = options.as ?? this.options.as ?? {}
    return {
      ...(app !== undefined && { app_id: app }),
      // A page of another origin cannot send this header: so a session's cookie is no use to it.
      ...(token === '' ? { 'x-cohort-session': '1' } : { 'access-token': token }),
      ...Object.fromEntries(Object.entries(acting).map(([name, value]) => [name, String(value)])),
      ...(this.bookmark !== undefined && { 'x-cohort-bookmark': this.bookmark }),
    }
  }

  /** The whole answer of a route that adds fields of its own to the envelope. */
  envelope<T extends Envelope<unknown>>(path: string, input: object, options: CallOptions = {}): Promise<T> {
    return this.send({ method: 'GET', path, input, writes: false, options }) as Promise<T>
  }

  /** The bytes of an answer without an envelope. Throws `CohortError` if it is an error. */
  async bytes(url: string, init: RequestInit): Promise<Blob> {
    const response = await this.fetch(url, init)
    if (response.ok) return response.blob()
    const { code = response.status, message = `HTTP ${response.status}` } = await response
      .json()
      .catch(() => ({}))
    const requestId = response.headers.get('x-request-id') ?? ''
    throw new CohortError({ code, status: response.status, message, requestId })
  }

  private async data<T>(call: Call): Promise<T> {
    return (await this.send<T>(call)).data
  }

  /** Sends a call until it is answered, as often as may be. Throws `CohortError`, or the signal's reason. */
  private async send<T>(call: Call): Promise<Envelope<T>> {
    const { options } = call
    const retries = this.options.retries ?? 3
    const key = call.writes ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined
    let renewed = false
    for (let attempt = 0; ; attempt++) {
      const token = this.currentToken()
      const { envelope, failure, retryAfterMs } = await this.attempt<T>(call, key)
      if (failure === undefined) return envelope
      if (failure.code === 402 && !renewed) {
        renewed = true
        attempt--
        this.forgetToken(token)
        continue
      }
      const mayRetry = failure.status === 0 || retryableStatuses.includes(failure.status)
      if (!mayRetry || attempt >= retries || retryAfterMs > maxRetryAfterMs) throw failure
      await sleep(Math.max(retryAfterMs, backoffMs(attempt)), options.signal)
    }
  }

  private async attempt<T>(call: Call, key: string | undefined): Promise<Attempt<T>> {
    const { method, options, writes } = call
    const headers = await this.headers(options)
    if (key !== undefined) headers['idempotency-key'] = key
    const { url, body } = address(this.options.url, call)
    if (body !== undefined) headers['content-type'] = 'application/json'
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? 30_000)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    let status = 0
    let requestId = ''
    let retryAfterMs = 0
    try {
      const response = await this.fetch(url, { method, headers, signal, ...(body !== undefined && { body }) })
      status = response.status
      requestId = response.headers.get('x-request-id') ?? ''
      retryAfterMs = 1000 * (Number(response.headers.get('retry-after')) || 0)
      const text = await response.text()
      const envelope = parsed<T>(text, status)
      if (writes || this.bookmark !== undefined)
        this.bookmark = response.headers.get('x-cohort-bookmark') ?? this.bookmark
      if (envelope.code === 200) return { envelope, failure: undefined, retryAfterMs }
      const { code } = envelope
      const message = envelope.message ?? `HTTP ${status}`
      return { envelope, failure: new CohortError({ code, status, message, requestId }), retryAfterMs }
    } catch (cause) {
      options.signal?.throwIfAborted()
      const message = `${method} ${call.path}: ${cause instanceof Error ? cause.message : String(cause)}`
      const failure = new CohortError({ code: 0, status: 0, message, requestId, cause })
      return { envelope: { code: 0, data: undefined as T, message }, failure, retryAfterMs: 0 }
    }
  }
}

type Attempt<T> = {
  readonly envelope: Envelope<T>
  readonly failure: CohortError | undefined
  readonly retryAfterMs: number
}

/** The envelope in an answer; what a proxy answers in its own words becomes one of its status. */
function parsed<T>(text: string, status: number): Envelope<T> {
  try {
    const body = JSON.parse(text) as Envelope<T>
    if (typeof body.code === 'number') return body
  } catch {
    // No JSON: not an answer of the API.
  }
  return { code: status, data: undefined as T, message: `HTTP ${status}: ${text.slice(0, 200)}` }
}

/** Where a call goes: `:name` in its path is taken from the input, the rest is its query or its body. */
function address(base: string, { method, path, input }: Call): { url: string; body?: string } {
  const rest: Record<string, unknown> = { ...input }
  const filled = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = rest[name]
    delete rest[name]
    return encodeURIComponent(String(value))
  })
  const url = base.replace(/\/+$/, '') + filled
  if (method !== 'GET') return { url, body: JSON.stringify(rest) }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return { url: text === '' ? url : `${url}?${text}` }
}
