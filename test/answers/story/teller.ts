import type { Claims } from '../../support/client.ts'
import { type Answered, type Asked, type Conversation, formType } from '../conversation.ts'
import type { Line } from '../record-file.ts'

/** One request and its answer, as a line of the record. */
export interface Recorded extends Asked {
  readonly answered: Answered
}

type Input = Readonly<Record<string, unknown>>

/** Tells a story: asks the service, and keeps requests and answers under names. */
export class Teller {
  readonly recorded: Line[] = []
  private readonly conversation: Conversation

  constructor(conversation: Conversation) {
    this.conversation = conversation
  }

  /** Asks, and answers the body as it came. */
  async ask(asked: Asked): Promise<string> {
    const { names } = this.conversation
    // What appears in the answer for the first time has no name in the request yet.
    const named = (text: string) => names.asked(text)
    const { path, headers, body, ...rest } = asked
    const request = {
      ...rest,
      path: named(path),
      ...(headers && { headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, named(v)])) }),
      ...(body !== undefined && { body: named(body) }),
    }
    const { answered, raw } = await this.conversation.ask(asked)
    this.recorded.push({ ...request, answered })
    return raw
  }

  /** From here on it is another day. */
  turnDay(): void {
    this.recorded.push({ turn: true })
  }

  /** A caller with these claims; a number is a user of the first app. */
  as(who: number | Claims, headers: Readonly<Record<string, string>> = {}): Caller {
    const claims = typeof who === 'number' ? { role: 1, sub: String(who) } : who
    return new Caller(this, claims, headers)
  }

  /** The app's own server, acting as nobody or as these headers say. */
  server(headers: Readonly<Record<string, string>> = {}): Caller {
    return this.as({ role: 2 }, headers)
  }
}

export class Caller {
  private readonly teller: Teller
  private readonly claims: Claims
  private readonly headers: Readonly<Record<string, string>>

  constructor(teller: Teller, claims: Claims, headers: Readonly<Record<string, string>>) {
    this.teller = teller
    this.claims = claims
    this.headers = headers
  }

  /** A GET sends the input as query, everything else as JSON. Answers `data`. */
  // biome-ignore lint/suspicious/noExplicitAny: the story goes on with whatever was answered
  async call(method: string, path: string, input: Input = {}): Promise<any> {
    const get = method === 'GET'
    const query = get ? queryOf(input) : ''
    const raw = await this.send({
      method,
      path: path + query,
      ...(!get && { body: JSON.stringify(input) }),
    })
    return raw.startsWith('{') ? JSON.parse(raw).data : raw
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  get(path: string, input?: Input): Promise<any> {
    return this.call('GET', path, input)
  }
  // biome-ignore lint/suspicious/noExplicitAny: as above
  post(path: string, input?: Input): Promise<any> {
    return this.call('POST', path, input)
  }

  /** Another request: headers of its own, or a body that is no JSON. */
  send(asked: Omit<Asked, 'as'>): Promise<string> {
    const headers = { ...this.headers, ...asked.headers }
    return this.teller.ask({
      as: this.claims,
      ...asked,
      ...(Object.keys(headers).length > 0 && { headers }),
    })
  }

  /** Asks for a place for bytes, and sends them there; answers the path of the download. */
  async upload(path: string, input: Input, bytes: string, form = false): Promise<string> {
    const { upload_url, download_url } = await this.get(path, input)
    await this.teller.ask({
      method: form ? 'POST' : 'PUT',
      path: pathOf(upload_url),
      bytes,
      form,
      ...(form && { headers: { 'content-type': formType } }),
    })
    return pathOf(download_url)
  }
}

export function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

function queryOf(input: Input): string {
  const query = new URLSearchParams(
    Object.entries(input).map(([name, value]) => [name, String(value)]),
  ).toString()
  return query === '' ? '' : `?${query}`
}
