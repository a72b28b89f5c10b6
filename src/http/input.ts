import type { HonoRequest } from 'hono'
import type * as z from 'zod'
import { HttpError, type Refusal, refuse } from '../operation/errors.ts'
import { isList } from '../operation/fields.ts'
import { chunksOf, gathered } from './gathered.ts'
import { received } from './in-time.ts'
import { jsonTooComplex } from './json-shape.ts'

/** The largest JSON body, bytes. */
export const largestBody = 1024 * 1024
/**
 * How much of a body that is too large is read, bytes. Its sender sees the answer only after sending the
 * body.
 */
const maxDrainedBytes = 8 * largestBody
/** How long a JSON body may take to arrive. */
const bodyTimeoutMs = 20_000

export type Body = Record<string, unknown> | Refusal

/**
 * The request's JSON body as an object; `{}` without a body. Throws 413 and 415. Refuses 10002 if it is not a
 * JSON object in UTF-8. Fields that are null are left out, as if they had not been sent (docs/behaviour.md,
 * section 2). `atHand` are its bytes, where the runtime has read them already.
 */
export function bodyOf(request: Request, atHand: Uint8Array | undefined): Body | Promise<Body> {
  const encoding = request.headers.get('content-encoding') ?? ''
  if (!/^(identity)?$/i.test(encoding))
    throw new HttpError(
      415,
      `content-encoding ${encoding.slice(0, 32)} is not taken: send the body as it is`,
      { 'accept-encoding': 'identity' },
    )
  if (atHand !== undefined) return bodyIn(atHand, request)
  return received(bytesOf(request), bodyTimeoutMs, 'the body').then(bytes => bodyIn(bytes, request))
}

function bodyIn(bytes: Uint8Array, request: Request): Body {
  if (bytes.byteLength === 0) return {}
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type))
    throw new HttpError(415, 'content-type must be application/json')
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return refuse('invalid_parameter', 'the body is not valid UTF-8')
  }
  const complex = jsonTooComplex(text)
  if (complex !== undefined) return refuse('invalid_parameter', complex)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return refuse('invalid_parameter', 'the body is not valid JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refuse('invalid_parameter', 'the body must be a JSON object')
  return withoutNulls(body as Record<string, unknown>)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  for (const name of Object.keys(body)) if (body[name] === null) delete body[name]
  return body
}

async function bytesOf(request: Request): Promise<Uint8Array> {
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  if (length <= largestBody)
    return length === 0 ? new Uint8Array() : new Uint8Array(await request.arrayBuffer())
  if (length > maxDrainedBytes) throw tooLarge({ connection: 'close' })
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const source = gathered(chunksOf(request))
  for (let chunk = await source.read(); !chunk.done; chunk = await source.read()) {
    size += chunk.value.byteLength
    if (size > maxDrainedBytes) {
      await source.cancel()
      throw tooLarge({ connection: 'close' })
    }
    if (size <= largestBody) chunks.push(chunk.value)
  }
  // The body was read to its end although it is too large: a sender that is cut off would not see the answer.
  if (size > largestBody) throw tooLarge()
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())
}

const tooLarge = (headers?: Readonly<Record<string, string>>) =>
  new HttpError(413, `the body must be at most ${largestBody} bytes`, headers)

/** The input of an operation or a route. */
export type InputSchema = z.ZodObject

const listsOf = new WeakMap<InputSchema, readonly string[]>()

/** The names of the parameters that are lists. */
function listNames(schema: InputSchema): readonly string[] {
  let names = listsOf.get(schema)
  if (names === undefined) {
    names = Object.entries(schema.shape).flatMap(([name, type]) => (isList(type as z.ZodType) ? [name] : []))
    listsOf.set(schema, names)
  }
  return names
}

/**
 * The query as this schema reads it (docs/behaviour.md, section 2). An empty parameter counts as not sent. A
 * repeated list adds up; of another repeated parameter the first counts. Refuses 10002 for a parameter that
 * is not UTF-8.
 */
export function queryOf(
  sent: Record<string, unknown>,
  request: HonoRequest,
  schema: InputSchema,
): Record<string, unknown> | Refusal {
  for (const name of listNames(schema)) {
    if (sent[name] !== undefined)
      sent[name] = request
        .queries(name)
        ?.filter(value => value !== '')
        .join()
  }
  for (const name in sent) if (sent[name] === '') delete sent[name]
  if (request.url.includes('%')) {
    const broken = parametersNotUtf8(request.url).find(name => name in schema.shape)
    if (broken !== undefined) return refuse('invalid_parameter', `${broken} is not valid UTF-8`)
  }
  return sent
}

/**
 * The names of the parameters whose percent-encoding is not UTF-8. A percent sign without two hex digits
 * counts, too.
 */
function parametersNotUtf8(url: string): string[] {
  const text = url
    .slice(url.indexOf('?') + 1)
    .replace(/#.*$/s, '')
    .replace(/%(?![0-9a-f]{2})/gi, '%25')
  if (isDecodable(text)) return []
  return text
    .split('&')
    .filter(pair => !isDecodable(pair))
    .map(pair => pair.split('=', 1)[0] ?? '')
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** The parameters, parsed by the schema. Refuses 10002 with the first parameter that is wrong. */
export function parse<T>(schema: z.ZodType<T>, sent: Readonly<Record<string, unknown>>): T | Refusal {
  const parsed = schema.safeParse(sent)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [field = 'input', ...inner] = issue?.path ?? []
  if (sent[String(field)] === undefined) return refuse('invalid_parameter', `${String(field)} is missing`)
  return refuse(
    'invalid_parameter',
    `${String(field)}${inner.map(part => `[${String(part)}]`).join('')} ${issue?.message ?? 'is wrong'}`,
  )
}
