import * as z from 'zod'
import { chargedBytes, type Exchange } from '../../http/exchange.ts'
import type { ChunkSource } from '../../http/gathered.ts'
import { inTime } from '../../http/in-time.ts'
import type { Route } from '../../http/route.ts'
import { withoutLocation } from '../../media/strip/without-location.ts'
import { HttpError, OutcomeUnknown, Refusal, refuse } from '../../operation/errors.ts'
import type { RunTask } from '../../operation/task.ts'
import type { App } from '../../tenant/app.ts'
import { cleanFileName } from '../file-name.ts'
import { isPicture, type StoredObject } from '../objects.ts'
import { reasonOf } from '../scan-file.ts'
import { contentTypeOf, leavable, limited, mismatch, peek, TooLarge } from './content.ts'
import { boundaryOf, fileField, MalformedMultipart } from './multipart.ts'
import { claim, finish, unclaim } from './object-life.ts'
import { appIdOfSlot, readSlot, type UploadSlot, uploadPath } from './upload-url.ts'

/**
 * The route behind this service's own upload URLs. It takes `PUT` with the raw bytes, or `POST` as
 * multipart/form-data with the field `file`. General HTTP clients take any 2xx for "stored". So a refused
 * upload never answers a 2xx (docs/behaviour.md, section 1).
 */
export const receiveUpload: Route = {
  id: 'put__file_upload_object',
  methods: ['PUT', 'POST'],
  path: uploadPath,
  title: 'Send the bytes',
  description: 'The upload_url of an upload operation: works once, until it expires.',
  tag: 'file',
  who: 'url',
  query: z.object({ slot: z.string().describe('part of the URL') }),
  takes: {
    PUT: { '*/*': 'bytes' },
    POST: { 'multipart/form-data': z.object({ file: z.string().meta({ format: 'binary' }) }) },
  },
  answers: {
    200: {
      description: 'The bytes are stored',
      content: {
        'application/json': z.object({ code: z.literal(200), data: z.literal(true), message: z.null() }),
      },
    },
    400: { description: 'The form is malformed, or the body ended too early' },
    403: {
      description:
        '10030: the URL is invalid; 10010: its holder may not send to that group any more; 10032: the virus scanner found something, and the file is under quarantine',
    },
    408: { description: 'The bytes come too slowly' },
    410: { description: '10030, 10031: the URL has been used, or has expired' },
    413: { description: 'The file is larger than the URL allows' },
    415: { description: 'The bytes are not what the URL is for' },
    429: { description: 'Too many uploads at a time' },
    503: { description: 'The database, the object storage or the virus scanner does not answer: try again' },
    507: { description: '10009: a storage quota is used up' },
  },
  async handle(exchange) {
    const { body, drain } = leavable(exchange.bodyChunks())
    try {
      const result = await receive(exchange, body)
      return result instanceof Refusal ? result : exchange.ok(true)
    } catch (error) {
      throw readable(error)
    } finally {
      await drain()
    }
  },
}

/** How long a form may take until its field `file` begins. Other fields may come first. */
const headOfFormMs = 20_000

async function receive(exchange: Exchange, body: ChunkSource): Promise<StoredObject | Refusal> {
  const text = exchange.query.slot ?? ''
  const app = await exchange.appNamed(appIdOfSlot(text))
  const slot = app instanceof Refusal ? undefined : readSlot(app, text)
  if (app instanceof Refusal || slot === undefined) {
    return refuse('file_sign_invalid', 'the upload URL is invalid')
  }
  const { clock, files } = exchange.service
  if (slot.expiresAt <= clock()) {
    return refuse('file_sign_expired', 'the upload URL has expired: ask for a new one')
  }
  const run = exchange.runnerFor(app)
  const object = await run(claim(slot))
  if (object instanceof Refusal) return object
  exchange.onBehalfOf(object.owner_id)
  try {
    const stored = await files.uploadsOfUser.run(`${app.app_id} ${object.owner_id}`, () =>
      store(exchange, app, body, run, slot, object),
    )
    if (stored instanceof Refusal) await run(unclaim(slot.object_name))
    return stored
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) await run(unclaim(slot.object_name))
    throw error
  }
}

async function store(
  exchange: Exchange,
  app: App,
  sent: ChunkSource,
  run: RunTask,
  slot: UploadSlot,
  object: StoredObject,
): Promise<StoredObject | Refusal> {
  const { request, service } = exchange
  const { blobs } = service.files
  const { body, length, name } = await bytesOf(request, sent)
  if (length !== undefined && length > slot.maxSize) {
    throw new TooLarge(`the file must be at most ${slot.maxSize} bytes`)
  }
  const { found, whole } = await peek(
    limited(body, slot.maxSize, bytes => service.metrics.add('cohort_blob_bytes_in_total', bytes)),
  )
  const wrong = mismatch(object.kind, found)
  if (wrong !== undefined) {
    await whole.cancel()
    throw new HttpError(415, wrong)
  }
  const content_type = contentTypeOf(object.kind, found)
  const options = { contentType: content_type, ...(length !== undefined && { size: length }) }
  const stored =
    app.settings.strip_location && isPicture(object.kind) ? withoutLocation(whole, content_type) : whole
  const { size, etag } = await blobs.put(slot.object_name, stored, options)
  const scanned = await service.files.scanning?.look(app, {
    object_name: slot.object_name,
    size,
    etag,
    content_type,
  })
  if (scanned?.is === 'unscanned') {
    await blobs.delete([slot.object_name])
    throw unscanned(scanned.tooLarge)
  }
  const quarantine = scanned && reasonOf(scanned)
  const arrived = {
    object_name: slot.object_name,
    owner_id: object.owner_id,
    size,
    content_type,
    etag,
    name,
    group_id: slot.group_id,
    quarantine,
  }
  try {
    exchange.charge(Math.floor(size / chargedBytes))
    const result = await run(finish(arrived))
    if (result instanceof Refusal) await blobs.delete([slot.object_name])
    else if (quarantine !== undefined) return refuse('file_quarantined', `under quarantine: ${quarantine}`)
    return result
  } catch (error) {
    // If it is unknown whether the object was recorded, its bytes stay.
    if (!(error instanceof OutcomeUnknown)) await blobs.delete([slot.object_name])
    throw error
  }
}

/** The answer while the virus scanner fails and files are refused then. The upload URL may be used again. */
const unscanned = (tooLarge: boolean) =>
  tooLarge
    ? new HttpError(413, 'the file is too large for the virus scanner')
    : new HttpError(503, 'the virus scanner does not answer: try again', { 'retry-after': '5' })

/** The file in the request, its length if the request tells it, and its name or ''. */
async function bytesOf(
  { headers }: Request,
  body: ChunkSource,
): Promise<{ readonly body: ChunkSource; readonly length?: number; readonly name: string }> {
  const boundary = boundaryOf(headers.get('content-type') ?? '')
  if (boundary !== undefined) {
    const field = await inTime(fileField(body, boundary), headOfFormMs, 'the head of the form')
    return { body: field.body, name: cleanFileName(field.filename) }
  }
  const length = headers.get('content-length')
  return { body, name: '', ...(length !== null && { length: Number(length) }) }
}

/**
 * The error to answer to the caller. A store wraps the errors of its source, so this looks through the
 * causes.
 */
function readable(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TooLarge) return new HttpError(413, cause.message)
    if (cause instanceof MalformedMultipart) return new HttpError(400, cause.message)
    if (cause instanceof HttpError) return cause
  }
  return error
}
