import type { Sendable } from '../../http/range.ts'
import type { FilePorts, Service } from '../../http/service.ts'
import { isShown } from '../../media/media-types.ts'
import { NoConverter } from '../../platform.ts'
import { convertedName, savedName, typeOf } from '../file-name.ts'
import { isVoice, type StoredObject } from '../objects.ts'
import type { Requester } from './converter.ts'
import { contentDisposition, hostileHeaders, keepForEver } from './headers.ts'
import { part } from './object-reader.ts'
import type { Variant } from './variant.ts'

/** How long a redirect to the store works, seconds. */
const redirectSeconds = 300

/** The URL to redirect the client to, if the store or an image service serves this file itself. */
export async function redirectUrl(
  { blobs, imageServiceUrl, scanning }: FilePorts,
  object: StoredObject,
  variant: Variant,
  save: boolean,
): Promise<string | undefined> {
  if (blobs.presignDownload === undefined || blobs.uploads !== 'store' || variant.kind === 'mp3') {
    return undefined
  }
  // The store would also send bytes that were put there after the virus scanner had looked.
  if (scanning !== undefined) return undefined
  const presign = () =>
    blobs.presignDownload?.(object.object_name, redirectSeconds, dispositionOf(object, save))
  if (variant.kind === 'original') return presign()
  if (imageServiceUrl === '' || !variant.byImageService || !object.content_type.startsWith('image/')) {
    return undefined
  }
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

/**
 * The file in the form that was asked for. It is made if necessary. Throws `CannotConvert` and
 * `BlobStoreError`.
 */
export async function representation(
  { files }: Service,
  requester: Requester,
  object: StoredObject,
  variant: Variant,
  save: boolean,
): Promise<Sendable> {
  const { object_name, etag, size } = object
  const original: Sendable = {
    size,
    etag,
    headers: headersOf(dispositionOf(object, save)),
    open: range => files.read({ key: object_name, size, etag, isOriginal: true }, range),
  }
  if (variant.kind === 'original') return original
  if (variant.kind === 'mp3' && object.content_type === 'audio/mpeg') return original
  const made = await files.convert(requester, object, variant).catch((error: unknown) => {
    // Existing clients ask for MP3 of every voice file. Where no MP3 can be made, they get the original.
    if (error instanceof NoConverter && variant.kind === 'mp3' && isVoice(object.kind)) return undefined
    throw error
  })
  if (made === undefined) return original
  const key = object_name + variant.suffix
  const { body, content_type } = made
  const name = convertedName(object.name === '' ? idOf(object_name) : object.name, content_type)
  return {
    size: made.size,
    etag: etag + variant.suffix,
    headers: headersOf(dispositionOf({ content_type, object_name, name }, save)),
    open: async range =>
      body === undefined
        ? files.read({ key, size: made.size, etag, isOriginal: false }, range)
        : part(body, range),
  }
}

interface Disposition {
  readonly contentType: string
  readonly contentDisposition: string
}

/**
 * `inline` for a type that clients can show or play; `attachment` for every other type, and always with
 * `save`.
 */
function dispositionOf(
  { content_type, object_name, name }: Pick<StoredObject, 'content_type' | 'object_name' | 'name'>,
  save: boolean,
): Disposition {
  const kind = isShown(content_type) && !save ? 'inline' : 'attachment'
  const contentType = typeOf(content_type, name)
  const saved = savedName(name, idOf(object_name), contentType)
  return { contentType, contentDisposition: contentDisposition(kind, saved) }
}

const idOf = (object_name: string): string => object_name.slice(object_name.lastIndexOf('/') + 1)

const headersOf = ({ contentType, contentDisposition }: Disposition): Record<string, string> =>
  Object.assign({}, hostileHeaders, {
    'cache-control': keepForEver,
    'content-type': contentType,
    'content-disposition': contentDisposition,
  })
