import * as z from 'zod'
import { fileHold, objectState } from '../../db/states.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Answer, Route } from '../../http/route.ts'
import { Refusal, refuse } from '../../operation/errors.ts'
import type { Caller } from '../../operation/operation.ts'
import type { RunTask } from '../../operation/task.ts'
import type { BlobStore } from '../../platform.ts'
import type { Scanning } from '../../scan/scanning.ts'
import type { App } from '../../tenant/app.ts'
import { grantOf } from '../file-sign.ts'
import { refusalOfHeld } from '../hold.ts'
import { keyAside } from '../hold-file.ts'
import { mayRead } from '../may-read.ts'
import { avatarName, objectByGrant, objectByName, type StoredObject } from '../objects.ts'
import { scanAgain, scanFile } from '../scan-file.ts'
import { confirm } from '../upload/confirm.ts'
import type { Requester } from './converter.ts'
import { credentials, readerOf, tokenOf } from './credential.ts'
import { hostileHeaders } from './headers.ts'
import { redirectUrl, representation } from './representation.ts'
import { savingParameters, soundParameters, variantFor, variantOf, variantParameters } from './variant.ts'

/*
 * The two download routes. They check who calls, which file is meant, whether the caller may read it, and in
 * which form. Then they send the bytes. Errors have an HTTP status (docs/behaviour.md, section 1).
 */

const answers: Readonly<Record<number, Answer>> = {
  200: { description: 'The bytes', content: { '*/*': 'bytes' } },
  206: { description: 'The range that was asked for', content: { '*/*': 'bytes' } },
  302: { description: 'The store serves it: a URL that is good for five minutes' },
  304: { description: 'Not modified' },
  400: { description: 'A parameter is missing or wrong' },
  401: { description: 'No credential, or one that is wrong or expired' },
  403: { description: 'The caller may not read this file; 10032: the file is under quarantine' },
  404: { description: 'There is no such file' },
  409: { description: '10033: the file waits for the virus scanner' },
  413: { description: 'What was sent straight to the store is larger than it may be' },
  415: { description: 'What was sent straight to the store is no picture, and was to be an avatar' },
  410: { description: 'The object storage has lost the file' },
  416: { description: 'The range is not within the file' },
  429: { description: 'Too many requests, or conversions in line, of this caller' },
  422: { description: '10009: it cannot be converted' },
  507: { description: 'What was sent straight to the store is beyond a storage quota' },
  503: { description: 'The database or the object storage does not answer: try again' },
}

export const downloadAvatar: Route = {
  id: 'get__file_download_avatar',
  methods: ['GET'],
  path: '/file/download/avatar',
  title: 'Download an avatar',
  description: 'Any user of the app may.',
  tag: 'file',
  who: 'file',
  query: z.object({
    object_name: z.string().describe('which: from the download_url'),
    ...variantParameters,
    ...savingParameters,
    ...credentials,
  }),
  answers,
  handle: exchange =>
    download(exchange, 'object_name', async (app, _, object_name) => {
      if (!avatarName.test(object_name)) return undefined
      const { app_id } = app
      const [object] = await exchange.service
        .executorFor(app_id)
        .read(objectByName({ app_id, object_name }), exchange.session)
      return object
    }),
}

export const downloadChat: Route = {
  id: 'get__file_download_chat',
  methods: ['GET'],
  path: '/file/download/chat',
  title: 'Download a chat file',
  description: 'The sender, the receiver, or a current member of the group it was sent to may.',
  tag: 'file',
  who: 'file',
  query: z.object({
    file_sign: z.string().describe('which: from the download_url'),
    ...variantParameters,
    ...savingParameters,
    ...soundParameters,
    ...credentials,
  }),
  answers,
  handle: exchange =>
    download(exchange, 'file_sign', async (app, caller, file_sign) => {
      const grant_id = grantOf(app, file_sign)
      if (grant_id === undefined) return refuse('file_sign_invalid')
      const { app_id } = app
      const [object] = await exchange.service
        .executorFor(app_id)
        .read(objectByGrant({ app_id, grant_id, user_id: caller.user_id }), exchange.session)
      if (object === undefined || mayRead(caller, object)) return object
      return refuse('no_permission', 'the caller may not read this file')
    }),
}

/** Finds the file of this name for this caller. undefined: there is none. */
type Find = (app: App, caller: Caller, name: string) => Promise<StoredObject | Refusal | undefined>

async function download(exchange: Exchange, parameter: string, find: Find): Promise<Response | Refusal> {
  const { query, service } = exchange
  const app = await exchange.appOf(tokenOf(exchange), query.app_id)
  if (app instanceof Refusal) return app
  const name = query[parameter] ?? ''
  const caller = await readerOf(exchange, app, name)
  if (caller instanceof Refusal) return caller
  if (name === '') return refuse('invalid_parameter', `${parameter} is missing`)
  const asked = variantOf(query)
  if (asked instanceof Refusal) return asked
  const found = await find(app, caller, name)
  if (found === undefined) return gone()
  if (found instanceof Refusal) return found
  const run = exchange.runnerFor(app)
  const { blobs, scanning } = service.files
  const confirmed = await confirm(blobs, app, run, found, scanning !== undefined)
  if (confirmed instanceof Refusal) return confirmed
  if (confirmed.state !== objectState.stored) return gone()
  const scanned = await scannedSoon(scanning, app, run, confirmed)
  const held = refusalOfHeld(caller, scanned)
  if (held !== undefined) return held
  const isQuarantined = scanned.hold !== fileHold.none
  const object = isQuarantined ? await whereItIs(blobs, scanned) : scanned
  const variant = variantFor(asked, object.content_type)
  if (variant.kind === 'original' && variant.format === 'amr' && object.content_type === 'audio/mpeg') {
    return refuse('storage_failed', 'this voice is MP3 and cannot be converted to AMR')
  }
  // A URL that the store signs for GET does not work for HEAD.
  const here = query.source === 'miniprogram' || exchange.request.method === 'HEAD' || isQuarantined
  const save = query.download === '1' || query.download === 'true'
  const url = here ? undefined : await redirectUrl(service.files, object, variant, save)
  if (url !== undefined) return exchange.redirect(url, hostileHeaders)
  const user = caller.user_id === null ? '' : String(caller.user_id)
  const requester: Requester = {
    run,
    turn: { app_id: app.app_id, user },
    // Not a getter: V8 would describe each object anew, and keep all that it refers to for a long time.
    signal: () => exchange.request.signal,
    charge: cost => exchange.charge(cost),
  }
  const response = await exchange.bytes(await representation(service, requester, object, variant, save))
  if (response.status === 410 && scanning !== undefined) await scanAgain(blobs, run, object)
  return response
}

/** A file under quarantine, for a moderator: its bytes may have been moved away from presigned URLs. */
async function whereItIs(blobs: BlobStore, object: StoredObject): Promise<StoredObject> {
  if (blobs.move === undefined || (await blobs.head(object.object_name)) !== undefined) return object
  return { ...object, object_name: keyAside(object.object_name), derived: {} }
}

/** How long a reader waits for the virus scanner, milliseconds. Existing clients do not ask again. */
const maxWaitMs = 20_000

/** Has a file looked at that nobody has looked at yet. After a while it is answered as it is: unscanned. */
async function scannedSoon(
  scanning: Scanning | undefined,
  app: App,
  run: RunTask,
  object: StoredObject,
): Promise<StoredObject> {
  if (object.hold !== fileHold.unscanned) return object
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<StoredObject>(resolve => {
    timer = setTimeout(() => resolve(object), maxWaitMs)
  })
  try {
    return await Promise.race([scanFile(scanning, app, run, object), late])
  } finally {
    clearTimeout(timer)
  }
}

const gone = () => refuse('shared_file_not_found', 'the file does not exist')
