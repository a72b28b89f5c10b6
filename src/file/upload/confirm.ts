import { objectState } from '../../db/states.ts'
import { SNIFF_BYTES, type Sniffed, sniff } from '../../media/sniff.ts'
import { tellsLocation, withoutLocation } from '../../media/strip/without-location.ts'
import { Refusal, refuse } from '../../operation/errors.ts'
import type { RunTask } from '../../operation/task.ts'
import type { BlobStore } from '../../platform.ts'
import type { App } from '../../tenant/app.ts'
import { isPicture, type StoredObject } from '../objects.ts'
import { contentTypeOf, mismatch } from './content.ts'
import { finish, rememberRefusal } from './object-life.ts'

/** By HTTP status, why bytes are refused that a client has sent straight to the store. */
const reasons: Readonly<Record<number, string>> = {
  413: 'the file that was sent is larger than it may be, and was deleted',
  415: 'an avatar must be a picture: what was sent is none, and was deleted',
  507: 'a storage quota has no room for the file that was sent, and it was deleted',
}

/**
 * Records an upload that a client has sent straight to the store. The store does not report arrivals, so the
 * first download asks the store whether the object is there. An object that is too large or over a quota is
 * deleted, and so is an avatar that is not a picture. The object's row then keeps the reason, for everybody
 * who asks for the object. Any other file stays, whatever it is. `scans`: a virus scanner has to look at it
 * before anybody sees it.
 */
export async function confirm(
  blobs: BlobStore,
  app: App,
  run: RunTask,
  object: StoredObject,
  scans: boolean,
): Promise<StoredObject | Refusal> {
  if (object.state !== objectState.promised || blobs.uploads !== 'store') return object
  const { object_name, owner_id, kind, refused_status } = object
  const there = await blobs.head(object_name)
  if (there === undefined) return refused_status === 0 ? object : refused(refused_status)
  const found = await sniffStored(blobs, object_name, there.size)
  const content_type = contentTypeOf(kind, found)
  const result =
    there.size > app.settings.upload_max_bytes
      ? refused(413)
      : mismatch(kind, found) !== undefined
        ? refused(415)
        : await run(
            finish({
              object_name,
              owner_id,
              size: there.size,
              content_type,
              etag: (await strippedEtag(blobs, app, object, content_type, there.size)) ?? there.etag,
              name: '',
              unscanned: scans,
            }),
          )
  if (!(result instanceof Refusal)) return result
  // The reason is saved first, and the bytes are deleted second. After a crash in between, the bytes are
  // judged again.
  if (result.status !== undefined && reasons[result.status] !== undefined)
    await run(rememberRefusal(object_name, result.status))
  await blobs.delete([object_name])
  return result
}

/**
 * Takes the location out of a picture that came straight to the store, before anybody can read it. Answers
 * the ETag of what is there now; undefined if nothing had to be changed.
 */
async function strippedEtag(
  blobs: BlobStore,
  app: App,
  { object_name, kind }: StoredObject,
  contentType: string,
  size: number,
): Promise<string | undefined> {
  if (!app.settings.strip_location || !isPicture(kind) || blobs.replace === undefined) return undefined
  const sent = await blobs.get(object_name)
  if (sent === undefined || !(await tellsLocation(sent, contentType))) return undefined
  const again = await blobs.get(object_name)
  if (again === undefined) return undefined
  const stripped = withoutLocation(again, contentType)
  return (await blobs.replace(object_name, stripped, { size, contentType })).etag
}

const refused = (status: number): Refusal => refuse('storage_failed', reasons[status], status)

/** Detects the content type of a stored object from its first bytes. */
async function sniffStored(blobs: BlobStore, key: string, size: number): Promise<Sniffed> {
  const range = { start: 0, end: Math.min(SNIFF_BYTES, size) - 1 }
  const head = size === 0 ? undefined : await blobs.get(key, range)
  const bytes = head === undefined ? new ArrayBuffer(0) : await new Response(head).arrayBuffer()
  return sniff(new Uint8Array(bytes))
}
