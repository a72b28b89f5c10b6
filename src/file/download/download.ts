import type { Context } from 'hono'
import { corsOrigin } from '../../http/cors.ts'
import { answer, answerError, appOf, close, type Exchange, openExchange } from '../../http/handler.ts'
import { baseHeaders, failure } from '../../http/respond.ts'
import type { Route } from '../../http/routes.ts'
import type { Service } from '../../http/service.ts'
import { isShown } from '../../media/media-types.ts'
import { type ErrorName, Refusal, refuse } from '../../operation/errors.ts'
import type { Caller } from '../../operation/operation.ts'
import { type RunTask, runnerFor } from '../../operation/run-task.ts'
import {
  BlobStoreError,
  type ByteRange,
  type ByteStream,
  type Bytes,
  CannotConvert,
  NoConverter,
} from '../../platform.ts'
import type { App } from '../../tenant/app.ts'
import { grantOf } from '../file-sign.ts'
import { mayRead } from '../may-read.ts'
import {
  type GrantedObject,
  isVoice,
  objectByGrant,
  objectByName,
  objectState,
  type StoredObject,
} from '../objects.ts'
import { confirm } from '../upload/confirm.ts'
import { type Converter, converter } from './converter.ts'
import { readerOf } from './credential.ts'
import { contentDisposition, hostileHeaders, keepForEver, notModified, rangeOf } from './headers.ts'
import { type Variant, variantOf } from './variant.ts'

/** How long a redirect to the store is good, seconds. */
const redirectSeconds = 300

/**
 * The two download routes. They answer bytes, so their errors have an HTTP status too (docs/behaviour.md,
 * section 1).
 */
export function downloadRoutes(service: Service): Route[] {
  const convert = converter(service)
  const route = (path: string, find: Find): Route => ({
    path,
    methods: ['GET'],
    handler: async (context: Context) => {
      const exchange = openExchange(context, path)
      try {
        const response = await download(service, exchange, convert, find)
        return response instanceof Refusal ? refused(service, exchange, response) : response
      } catch (error) {
        if (error instanceof CannotConvert)
          return refused(service, exchange, refuse('storage_failed', error.message))
        if (!(error instanceof BlobStoreError)) return answerError(service, exchange, error)
        service.log.error({ id: exchange.requestId, route: path, error: error.message })
        return answer(
          service,
          exchange,
          10009,
          failure(10009, 'the object storage does not answer: try again'),
          503,
        )
      }
    },
  })
  return [route('/file/download/avatar', avatar), route('/file/download/chat', chat)]
}

/** The HTTP status of each refusal; 403 for those that are not named here. */
const statuses: Partial<Record<ErrorName, number>> = {
  token_expired: 401,
  invalid_parameter: 400,
  token_missing: 401,
  token_invalid: 401,
  storage_failed: 422,
  group_not_found: 404,
  shared_file_not_found: 404,
  app_not_found: 401,
}

const refused = (service: Service, exchange: Exchange, { name, code, message }: Refusal): Response =>
  answer(service, exchange, code, failure(code, message), statuses[name] ?? 403)

interface Find {
  /** The parameter that names the file. */
  readonly parameter: string
  find(service: Service, app: App, caller: Caller, name: string): Promise<StoredObject | Refusal>
}

const gone = () => refuse('shared_file_not_found', 'the file does not exist')

const avatar: Find = {
  parameter: 'object_name',
  async find(service, app, _caller, object_name) {
    if (!/^[\w-]{1,64}\/avatar\/[0-9a-z]{1,16}$/.test(object_name)) return gone()
    const [object] = await service
      .executorFor(app.app_id)
      .read(objectByName({ app_id: app.app_id, object_name }))
    return object ?? gone()
  },
}

const chat: Find = {
  parameter: 'file_sign',
  async find(service, app, caller, file_sign) {
    const grant_id = grantOf(app, file_sign)
    if (grant_id === undefined) return refuse('file_sign_invalid')
    const [found] = await service
      .executorFor(app.app_id)
      .read(objectByGrant({ app_id: app.app_id, grant_id, user_id: caller.user_id }))
    const object: GrantedObject | undefined = found
    if (object === undefined) return gone()
    return mayRead(caller, object) ? object : refuse('no_permission', 'the caller may not read this file')
  },
}

async function download(
  service: Service,
  exchange: Exchange,
  convert: Converter,
  { parameter, find }: Find,
): Promise<Response | Refusal> {
  const { context, request } = exchange
  const query = context.req.query()
  const app = await appOf(service, exchange, request.headers.get('app_id') ?? query.app_id ?? null)
  if (app instanceof Refusal) return app
  const name = query[parameter] ?? ''
  const caller = await readerOf(service, exchange, app, name)
  if (caller instanceof Refusal) return caller
  if (name === '') return refuse('invalid_parameter', `${parameter} is missing`)
  const variant = variantOf(query)
  if (variant instanceof Refusal) return variant
  const found = await find(service, app, caller, name)
  if (found instanceof Refusal) return found
  const run = runnerFor(service, exchange.session, app)
  const object = await confirm(service.files.blobs, app, run, found)
  if (object instanceof Refusal) return object
  if (object.state !== objectState.stored) return gone()
  if (variant.kind === 'original' && variant.format === 'amr' && object.content_type === 'audio/mpeg') {
    return refuse('storage_failed', 'this voice is MP3 and cannot be converted to AMR')
  }
  // What the store signs for GET is no good for HEAD.
  const here = query.source === 'miniprogram' || request.method === 'HEAD'
  const redirect = here ? undefined : await elsewhere(service, object, variant)
  if (redirect !== undefined) {
    close(service, exchange, 302, 302)
    const headers = baseHeaders(exchange.requestId, corsOrigin(service.origins, request))
    return new Response(null, { status: 302, headers: { ...headers, ...hostileHeaders, location: redirect } })
  }
  return send(service, exchange, await representation(convert, run, object, variant))
}

/** Where to send the client instead, if the store or an image service serves this itself. */
async function elsewhere(
  { files }: Service,
  object: StoredObject,
  variant: Variant,
): Promise<string | undefined> {
  const { blobs, imageServiceUrl } = files
  if (blobs.presignDownload === undefined || blobs.uploads !== 'store' || variant.kind === 'mp3')
    return undefined
  const presign = () => blobs.presignDownload?.(object.object_name, redirectSeconds, dispositionOf(object))
  if (variant.kind === 'original') return presign()
  if (imageServiceUrl === '' || !variant.byImageService || !object.content_type.startsWith('image/'))
    return undefined
  const url = await presign()
  const { width, height, fit } = variant.request
  const values: Record<string, string> = {
    url: encodeURIComponent(url ?? ''),
    w: String(width),
    h: String(height),
    fit,
  }
  return imageServiceUrl.replace(/\{(url|w|h|fit)\}/g, (_, key: string) => values[key] ?? '')
}

interface Representation {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly contentType: string
  readonly contentDisposition: string
  /** Where it is not in the store. */
  readonly bytes?: Bytes
}

/** Shown in place if clients can show or play it; anything else is saved. */
function dispositionOf({ content_type, object_name }: Pick<StoredObject, 'content_type' | 'object_name'>) {
  const kind = isShown(content_type) ? 'inline' : 'attachment'
  return {
    contentType: content_type,
    contentDisposition: contentDisposition(kind, object_name.slice(object_name.lastIndexOf('/') + 1)),
  }
}

async function representation(
  convert: Converter,
  run: RunTask,
  object: StoredObject,
  variant: Variant,
): Promise<Representation> {
  const { object_name, etag, size } = object
  const original = { key: object_name, size, etag, ...dispositionOf(object) }
  if (variant.kind === 'original') return original
  if (variant.kind === 'mp3' && object.content_type === 'audio/mpeg') return original
  const made = await convert(run, object, variant).catch((error: unknown) => {
    // Existing clients ask for MP3 of every voice: where it cannot be made, they get what was sent.
    if (error instanceof NoConverter && variant.kind === 'mp3' && isVoice(object.kind)) return undefined
    throw error
  })
  if (made === undefined) return original
  const key = object_name + variant.suffix
  const shown = dispositionOf({ content_type: made.content_type, object_name: key })
  return {
    key,
    size: made.size,
    etag: etag + variant.suffix,
    ...shown,
    ...(made.bytes && { bytes: made.bytes }),
  }
}

const part = (bytes: Bytes, range: ByteRange | undefined): ByteStream =>
  new Blob([range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)]).stream() as ByteStream

async function send(service: Service, exchange: Exchange, it: Representation): Promise<Response> {
  const { request } = exchange
  const headers: Record<string, string> = {
    ...baseHeaders(exchange.requestId, corsOrigin(service.origins, request)),
    ...hostileHeaders,
    'cache-control': keepForEver,
    'accept-ranges': 'bytes',
    etag: `"${it.etag}"`,
    'content-type': it.contentType,
    'content-disposition': it.contentDisposition,
  }
  const done = (status: number, body: ByteStream | null): Response => {
    close(service, exchange, status, status)
    return new Response(body, { status, headers })
  }
  if (notModified(request.headers, it.etag)) return done(304, null)
  const range = rangeOf(request.headers, it.size, it.etag)
  if (range === 'unsatisfiable') {
    return answer(service, exchange, 416, failure(416, `the file has ${it.size} bytes`), 416, {
      'content-range': `bytes */${it.size}`,
    })
  }
  const length = range === undefined ? it.size : range.end - range.start + 1
  headers['content-length'] = String(length)
  if (range !== undefined) headers['content-range'] = `bytes ${range.start}-${range.end}/${it.size}`
  const status = range === undefined ? 200 : 206
  if (request.method === 'HEAD') return done(status, null)
  const body = it.bytes === undefined ? await service.files.blobs.get(it.key, range) : part(it.bytes, range)
  if (body === undefined) {
    service.log.error({
      id: exchange.requestId,
      route: exchange.route,
      error: `the store has lost ${it.key}`,
    })
    return answer(service, exchange, 410, failure(410, 'the file is gone from the object storage'), 410)
  }
  service.metrics.add('cohort_blob_bytes_out_total', length)
  return done(status, body)
}
