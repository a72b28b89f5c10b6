import { SNIFF_BYTES, sniff } from '../../media/sniff.ts'
import { Refusal, refuse } from '../../operation/errors.ts'
import type { RunTask } from '../../operation/task.ts'
import type { BlobStore } from '../../platform.ts'
import type { App } from '../../tenant/app.ts'
import { objectState, type StoredObject } from '../objects.ts'
import { contentTypeOf, mismatch } from './content.ts'
import { finish } from './object-life.ts'

/**
 * Where clients upload straight to the store, nobody tells this service that bytes have arrived: the first to
 * ask for them makes it look. What is too large, of another kind than promised, or beyond a quota is deleted
 * and was never there.
 */
export async function confirm(
  blobs: BlobStore,
  app: App,
  run: RunTask,
  object: StoredObject,
): Promise<StoredObject | Refusal> {
  if (object.state !== objectState.promised || blobs.uploads !== 'store') return object
  const { object_name, owner_id, kind } = object
  const there = await blobs.head(object_name)
  if (there === undefined) return object
  const head =
    there.size === 0
      ? undefined
      : await blobs.get(object_name, { start: 0, end: Math.min(SNIFF_BYTES, there.size) - 1 })
  const found = await sniff(
    head === undefined ? new Uint8Array() : new Uint8Array(await new Response(head).arrayBuffer()),
  )
  const tooLarge = there.size > app.settings.upload_max_bytes
  const wrong = tooLarge ? 'the file is larger than it may be' : mismatch(kind, found)
  const arrived = {
    object_name,
    owner_id,
    size: there.size,
    content_type: contentTypeOf(kind, found),
    etag: there.etag,
  }
  const result = wrong === undefined ? await run(finish(arrived)) : refuse('shared_file_not_found', wrong)
  if (result instanceof Refusal) await blobs.delete([object_name])
  return result
}
