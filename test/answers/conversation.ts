import { createHash } from 'node:crypto'
import { setImmediate as immediate } from 'node:timers/promises'
import sharp from 'sharp'
import { type Claims, signToken } from '../support/client.ts'
import type { Instance } from '../support/target.ts'
import { bytesNamed } from './bytes.ts'
import { Names } from './names.ts'

/** A request as it is recorded, with names in its texts. */
export interface Asked {
  /** The claims of the token, which the secret of its app signs; without one, no token is sent. */
  readonly as?: Claims
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, unless the headers say otherwise. */
  readonly body?: string
  /** The name of bytes that are the body, or the field `file` of a form. */
  readonly bytes?: string
  readonly form?: boolean
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /**
   * Text as it is; of pictures that were made their size, for encoders write others; else digest and number
   * of bytes.
   */
  readonly body: string
}

/** Headers of the connection, and those that say when. */
const passing = ['date', 'connection', 'keep-alive', 'transfer-encoding']

const secretOfNobody = 'the secret of no app at all'

const boundary = 'the-boundary-of-a-form'

/** Asks a service one thing after the other, and names what is another at every run. */
export class Conversation {
  readonly names = new Names()
  private readonly secrets: Readonly<Record<string, string>>
  private readonly tokens = new Map<string, string>()
  private count = 0
  private lastMs = 0
  private instance: Instance
  private aheadMs = 0

  constructor(instance: Instance, secrets: Readonly<Record<string, string>>) {
    this.instance = instance
    this.secrets = secrets
    this.names.at(instance.url)
  }

  /** Goes on with the service after a restart, whose clock is ahead by so much. */
  goOn(instance: Instance, aheadMs: number): void {
    this.instance = instance
    this.aheadMs = aheadMs
    this.names.at(instance.url)
  }

  /** Sends a request with its real values. `raw` is the body as it came. */
  async ask(asked: Asked): Promise<{ readonly answered: Answered; readonly raw: string }> {
    // No two requests are in the same millisecond: their times have names of their own, and ids are in their
    // order.
    while (Date.now() <= this.lastMs) await immediate()
    this.count++
    const id = `story-${this.count}`
    const from = Date.now()
    const response = await fetch(`${this.instance.url}${asked.path}`, {
      method: asked.method,
      redirect: 'manual',
      headers: {
        'x-request-id': id,
        ...(asked.body !== undefined && { 'content-type': 'application/json' }),
        ...(await this.credentialsOf(asked)),
        ...asked.headers,
      },
      ...(await bodyOf(asked)),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    this.lastMs = Date.now()
    this.names.under([from + this.aheadMs, this.lastMs + this.aheadMs])
    const type = response.headers.get('content-type') ?? ''
    const isText = /json|text/.test(type)
    // All pictures that are sent are PNG.
    const isMade = type === 'image/jpeg'
    const raw = bytes.toString('utf8')
    const headers = [...response.headers]
      .filter(([name]) => !passing.includes(name) && !((isText || isMade) && name === 'content-length'))
      .map(([name, value]) => [name, this.headerOf(name, value, id)])
    const body =
      isText || bytes.length === 0
        ? this.names.told(raw)
        : isMade
          ? await sizeOf(bytes)
          : `${createHash('sha256').update(bytes).digest('hex')} ${bytes.length}`
    return { raw, answered: { status: response.status, headers: Object.fromEntries(headers), body } }
  }

  private headerOf(name: string, value: string, id: string): string {
    if (name !== 'x-request-id') return this.names.told(value)
    return value === id ? '{its id}' : '{an id of the service}'
  }

  private async credentialsOf({ as }: Asked): Promise<Record<string, string>> {
    if (as === undefined) return {}
    const { app = 'demo' } = as
    const claims = { iat: 1_700_000_000, ...as, app }
    const name = JSON.stringify(claims)
    const token = this.tokens.get(name) ?? (await signToken(this.secrets[app] ?? secretOfNobody, claims))
    this.tokens.set(name, token)
    return { app_id: app, 'access-token': token }
  }
}

async function sizeOf(picture: Uint8Array): Promise<string> {
  const { width, height } = await sharp(picture).metadata()
  return `${width} × ${height}`
}

async function bodyOf({ body, bytes: name, form }: Asked): Promise<RequestInit> {
  if (name === undefined) return body === undefined ? {} : { body }
  const bytes = await bytesNamed[name]?.()
  if (bytes === undefined) throw new Error(`no bytes are named ${name}`)
  if (form !== true) return { body: bytes }
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`
  return {
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}

/** The content type of a form. */
export const formType = `multipart/form-data; boundary=${boundary}`
