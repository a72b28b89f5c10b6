import type { Context } from 'hono'
import { answer, answerError, answerRefusal, appOf, type Exchange, openExchange } from '../../http/handler.ts'
import type { Route } from '../../http/routes.ts'
import type { Service } from '../../http/service.ts'
import { HttpError, Refusal, refuse } from '../../operation/errors.ts'
import { type RunTask, runnerFor } from '../../operation/run-task.ts'
import type { ByteStream } from '../../platform.ts'
import type { StoredObject } from '../objects.ts'
import { contentTypeOf, leavable, limited, mismatch, peek, TooLarge } from './content.ts'
import { boundaryOf, fileField, MalformedMultipart } from './multipart.ts'
import { claim, finish, unclaim } from './object-life.ts'
import { appIdOfSlot, readSlot, type UploadSlot, uploadPath } from './upload-url.ts'

/** Uploads of one user under way at the same time. */
const mostAtOnce = 8

/**
 * The route behind this service's own upload URLs: `PUT` with the raw bytes, or `POST` as multipart/form-data
 * with the field `file`.
 */
export function receiveRoute(service: Service): Route {
  const underWay = new Map<string, number>()
  return {
    path: uploadPath,
    methods: ['PUT', 'POST'],
    handler: async (context: Context) => {
      const exchange = openExchange(context, uploadPath)
      const { body, drain } = leavable((exchange.request.body ?? new Blob([]).stream()) as ByteStream)
      try {
        const result = await receive(service, exchange, body, underWay)
        await drain()
        return result instanceof Refusal
          ? answerRefusal(service, exchange, result)
          : answer(service, exchange, 200, uploaded)
      } catch (error) {
        await drain()
        return answerError(service, exchange, readable(error))
      }
    },
  }
}

/** What existing clients look for after an upload. */
const uploaded = '{"code":200,"data":true,"message":null}'

async function receive(
  service: Service,
  exchange: Exchange,
  body: ByteStream,
  underWay: Map<string, number>,
): Promise<StoredObject | Refusal> {
  const text = exchange.context.req.query('slot') ?? ''
  const app = await appOf(service, exchange, appIdOfSlot(text))
  if (app instanceof Refusal) return refuse('file_sign_invalid', 'the upload URL is invalid')
  const slot = readSlot(app, text)
  if (slot === undefined) return refuse('file_sign_invalid', 'the upload URL is invalid')
  if (slot.expiresAt <= service.clock())
    return refuse('file_sign_expired', 'the upload URL has expired: ask for a new one')

  const run = runnerFor(service, exchange.session, app)
  const object = await run(claim(slot.object_name))
  if (object instanceof Refusal) return object
  exchange.user_id = object.owner_id
  let stored: StoredObject | Refusal | undefined
  const user = `${app.app_id} ${object.owner_id}`
  try {
    const active = (underWay.get(user) ?? 0) + 1
    if (active > mostAtOnce)
      throw new HttpError(429, `at most ${mostAtOnce} uploads at a time`, { 'retry-after': '1' })
    underWay.set(user, active)
    try {
      stored = await store(service, exchange.request, body, run, slot, object)
    } finally {
      const left = (underWay.get(user) ?? 1) - 1
      if (left > 0) underWay.set(user, left)
      else underWay.delete(user)
    }
    return stored
  } finally {
    if (stored === undefined || stored instanceof Refusal) await run(unclaim(slot.object_name))
  }
}

async function store(
  service: Service,
  request: Request,
  sent: ByteStream,
  run: RunTask,
  slot: UploadSlot,
  object: StoredObject,
): Promise<StoredObject | Refusal> {
  const { blobs } = service.files
  const { body, length } = await bytesOf(request, sent)
  if (length !== undefined && length > slot.maxSize)
    throw new TooLarge(`the file must be at most ${slot.maxSize} bytes`)
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
  const { size, etag } = await blobs.put(slot.object_name, whole, options)
  const arrived = {
    object_name: slot.object_name,
    owner_id: object.owner_id,
    size,
    content_type,
    etag,
  }
  let result: StoredObject | Refusal | undefined
  try {
    result = await run(finish(arrived))
    return result
  } finally {
    if (result === undefined || result instanceof Refusal) await blobs.delete([slot.object_name])
  }
}

/** The file in the request, and its length where the request says it. */
async function bytesOf(
  { headers }: Request,
  body: ByteStream,
): Promise<{ readonly body: ByteStream; readonly length?: number }> {
  const boundary = boundaryOf(headers.get('content-type') ?? '')
  if (boundary !== undefined) return { body: await fileField(body, boundary) }
  const length = headers.get('content-length')
  return length === null ? { body } : { body, length: Number(length) }
}

/**
 * An error as the caller should hear it. A store wraps what its source threw, so causes are looked through.
 */
function readable(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TooLarge) return new HttpError(413, cause.message)
    if (cause instanceof MalformedMultipart) return new HttpError(400, cause.message)
    if (cause instanceof HttpError) return cause
  }
  return error
}
