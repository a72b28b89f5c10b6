import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { type Answer, type Client, callers } from './client.ts'
import { dataOf, type Tenant } from './groups.ts'
import type { Instance } from './target.ts'

/** An event as /events answers it. */
export interface Told {
  readonly cursor: string
  readonly seq: number
  readonly at: number
  readonly kind: string
  readonly group_id: number | null
  readonly group_version: number | null
  readonly by_id: number | null
  readonly acting: string
  readonly users?: readonly number[]
  readonly notice?: { readonly type: number; readonly gid: number; readonly to: readonly number[] }
  // biome-ignore lint/suspicious/noExplicitAny: each kind says something else
  readonly [field: string]: any
}

export const administratorOf = (instance: Instance, { app_id, secret }: Tenant = instance): Promise<Client> =>
  callers(instance, app_id, secret).admin()

/** The cursor of the newest event. */
export async function headOf(admin: Client): Promise<string> {
  const answer = await admin.get('/events')
  dataOf(answer)
  return answer.cursor
}

/** All events after a cursor, page by page. */
export async function eventsAfter(
  admin: Client,
  after: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<Told[]> {
  const found: Told[] = []
  let cursor = after
  for (;;) {
    const answer = await admin.get('/events', { limit: 500, ...query, after: cursor })
    found.push(...dataOf(answer))
    ;({ cursor } = answer)
    if (answer.body.more === false) return found
  }
}

/** What somebody's action told: the events since. */
export async function toldBy(admin: Client, action: () => Promise<Answer>): Promise<Told[]> {
  const before = await headOf(admin)
  dataOf(await action())
  return eventsAfter(admin, before)
}

/** A stream that is being read, frame by frame. */
export class FrameReader {
  readonly status: number
  readonly headers: Headers
  readonly #abort: AbortController
  readonly #frames: EventSourceMessage[] = []
  #wake: () => void = () => {}
  #ended = false

  static async open(
    client: Client,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<FrameReader> {
    const abort = new AbortController()
    const response = await fetch(new URL(path, client.instance.url), {
      headers: { ...client.headers, ...headers },
      signal: abort.signal,
    })
    return new FrameReader(response, abort)
  }

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status
    this.headers = response.headers
    this.#abort = abort
    void this.#read(response)
  }

  async #read(response: Response): Promise<void> {
    const parser = createParser({
      onEvent: event => {
        this.#frames.push(event)
        this.#wake()
      },
    })
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        parser.feed(decoder.decode(chunk, { stream: true }))
    } catch {
      // Cut off, by this side or by the other.
    }
    this.#ended = true
    this.#wake()
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /** Frames that have come and were not taken yet. */
  get waiting(): number {
    return this.#frames.length
  }

  /** The next frame; undefined when the stream has ended, or nothing came for so many milliseconds. */
  async next(ms = 10_000): Promise<EventSourceMessage | undefined> {
    const deadline = Date.now() + ms
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      const left = deadline - Date.now()
      if (this.#ended || left <= 0) return undefined
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** The data of the next frame, parsed. */
  async nextData(ms?: number): Promise<Record<string, unknown> | undefined> {
    const frame = await this.next(ms)
    return frame === undefined ? undefined : JSON.parse(frame.data)
  }

  /** Resolves when the other side has ended it; false if it has not after so many milliseconds. */
  async ended(ms: number): Promise<boolean> {
    const deadline = Date.now() + ms
    while (!this.#ended && Date.now() < deadline) {
      this.#frames.length = 0
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return this.#ended
  }

  close(): void {
    this.#abort.abort()
  }
}
