import { CohortError } from './cohort-error.ts'
import { backoffMs, type Connection, sleep } from './connection.ts'

/** Something that happened, or word of the stream itself. */
export interface CohortEvent {
  /** Give it back as `after` to go on behind this event. */
  readonly cursor: string
  /** `group.member.joined`, …; `reset`: events were lost to this reader, so it must read the groups anew. */
  readonly kind: string
  readonly [field: string]: unknown
}

export interface EventsOptions {
  /** Where to go on: a saved cursor, or `earliest`. Default: from now on. */
  readonly after?: string | undefined
  /** Only events of these kinds. */
  readonly kinds?: readonly string[]
  readonly group_id?: number
  readonly signal?: AbortSignal
}

/** Silence for so long means a dead connection: the service sends a comment every 20 s. Milliseconds. */
const maxSilenceMs = 60_000

/**
 * Events as they happen, for ever: a connection that breaks is made anew, from the last event on. Throws
 * `CohortError` for what waiting cannot mend, and the signal's reason.
 */
export async function* events(
  connection: Connection,
  { after, kinds, group_id, signal }: EventsOptions = {},
): AsyncGenerator<CohortEvent, void, undefined> {
  let last = after
  for (let failures = 0; ; failures++) {
    const token = connection.currentToken()
    try {
      for await (const frame of frames(connection, query({ after: last, kinds, group_id }), signal)) {
        failures = 0
        const data = JSON.parse(frame.data) as Record<string, unknown>
        if (frame.event === 'hello') {
          if (last !== undefined && data.resumed === false) {
            last = data.head as string
            yield { kind: 'reset', cursor: last, earliest: data.earliest, head: last }
          }
          last ??= data.head as string
          continue
        }
        if (frame.id !== '') last = frame.id
        yield { ...data, kind: frame.event, cursor: last ?? '' }
      }
      // The service ends a stream after half an hour: that is no failure.
      failures = 0
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof CohortError)) throw error
      if (error.status === 410) {
        const { head, earliest } = (error.cause ?? {}) as { head?: string; earliest?: string }
        last = head
        yield { kind: 'reset', cursor: head ?? '', earliest, head }
        continue
      }
      if (error.code === 402) connection.forgetToken(token)
      else if (!error.retryable) throw error
    }
    await sleep(backoffMs(failures), signal)
  }
}

function query(parts: {
  after: string | undefined
  kinds?: readonly string[] | undefined
  group_id?: number | undefined
}) {
  const made = new URLSearchParams()
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) made.set(name, String(value))
  return made.size > 0 ? `?${made}` : ''
}

/** A page of events. */
export interface FeedPage {
  readonly events: readonly CohortEvent[]
  /** Give it back as `after` for the next page. */
  readonly cursor: string
  /** The newest there is. */
  readonly head: string
  readonly earliest: string
  /** There is more: ask again at once. */
  readonly more: boolean
}

export interface FeedOptions extends EventsOptions {
  /** 1 to 500. Default: 100. */
  readonly limit?: number
  /** Seconds to wait for an event where there is none, 0 to 25. Default: 0. */
  readonly wait?: number
}

interface Frame {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** The frames of one connection, until it ends. Throws `CohortError`. */
async function* frames(
  connection: Connection,
  search: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Frame, void, undefined> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), maxSilenceMs)
  const both = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal])
  try {
    const headers = { ...(await connection.headers()), accept: 'text/event-stream' }
    const response = await connection.fetch(
      `${connection.options.url.replace(/\/+$/, '')}/events/stream${search}`,
      {
        headers,
        signal: both,
      },
    )
    if (!/^text\/event-stream/.test(response.headers.get('content-type') ?? '')) throw await refusal(response)
    let text = ''
    for await (const chunk of chunks(response)) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), maxSilenceMs)
      text += chunk
      const blocks = text.split(/\r?\n\r?\n/)
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const frame = frameOf(block)
        if (frame.data !== '') yield frame
      }
    }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof CohortError) throw cause
    throw new CohortError({ code: 0, status: 0, message: 'the stream broke off', requestId: '', cause })
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

async function* chunks({ body }: Response): AsyncGenerator<string, void, undefined> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done || value === undefined) return
    yield value
  }
}

function frameOf(block: string): Frame {
  const fields: Record<string, string> = {}
  for (const line of block.split(/\r?\n/)) {
    const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? []
    fields[name] = name === 'data' && fields.data !== undefined ? `${fields.data}\n${value}` : value
  }
  return { id: fields.id ?? '', event: fields.event ?? 'message', data: fields.data ?? '' }
}

async function refusal(response: Response): Promise<CohortError> {
  const body = await response.json().catch(() => ({}))
  const { code = response.status, message = `HTTP ${response.status}`, data } = body
  const requestId = response.headers.get('x-request-id') ?? ''
  return new CohortError({
    code: typeof code === 'number' ? code : response.status,
    status: response.status,
    message: message ?? '',
    requestId,
    cause: data ?? body,
  })
}
