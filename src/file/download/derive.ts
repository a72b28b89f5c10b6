import { joined } from '../../blobs/parts.ts'
import { exifOrientation } from '../../media/exif.ts'
import { hasFrames } from '../../media/media-types.ts'
import { type PictureSize, pictureSize } from '../../media/picture-size.ts'
import {
  type BlobStore,
  type ByteStream,
  type Bytes,
  CannotConvert,
  type Images,
  NoConverter,
  type PictureRequest,
  type Videos,
  type Voice,
} from '../../platform.ts'
import type { StoredObject } from '../objects.ts'
import type { Variant } from './variant.ts'

/** What is needed to make something from a stored file. */
export interface Converters {
  readonly blobs: BlobStore
  readonly images: Images
  readonly videos: Videos
  readonly voice: Voice
  /**
   * Makes a body of bytes that many readers share. Where it is missing, the runtime sends the bytes
   * themselves.
   */
  readonly memoryBody?: (bytes: Bytes) => Blob
  /**
   * Set on Workers: conversions do not wait in line there. Once a request there is answered, it cannot begin
   * the work of others who wait.
   */
  readonly withoutLine?: true
}

const megabyte = 1024 * 1024
/** The largest file that is read into memory to be converted, bytes. */
export const largestPicture = 64 * megabyte
const largestVoice = 16 * megabyte
export interface Derived {
  readonly bytes: Bytes
  readonly contentType: string
}

/**
 * Makes a picture or an MP3 from an object. Throws `CannotConvert` with a sentence for the caller, or
 * `BlobStoreError`.
 */
export async function derive(
  files: Converters,
  object: StoredObject,
  variant: Exclude<Variant, { kind: 'original' }>,
): Promise<Derived> {
  const family = object.content_type.split('/', 1)[0]
  if (variant.kind === 'mp3') {
    if (family !== 'audio' && family !== 'video')
      throw new NoConverter('only sound (AMR voice and the like) can be converted to MP3')
    if (object.size > largestVoice)
      throw new NoConverter(`voice of more than ${largestVoice / megabyte} MiB is not converted`)
    const sound = await whole(files, object, largestVoice)
    return { bytes: await files.voice.toMp3(sound, object.content_type), contentType: 'audio/mpeg' }
  }
  if (hasFrames(object.content_type)) {
    const stream = await opened(files, object)
    return picture(files, await files.videos.frame(stream, object.content_type), variant.request)
  }
  if (family !== 'image') throw new CannotConvert('only a picture or a video has a thumbnail')
  return picture(files, await whole(files, object, largestPicture), variant.request)
}

async function picture(files: Converters, bytes: Bytes, request: PictureRequest): Promise<Derived> {
  const size = pictureSize(bytes)
  return files.images.resize(bytes, size ? within(uprightSize(size, bytes), request) : request)
}

/** The size of the picture as it is shown, after it is turned upright. */
const uprightSize = ({ width, height }: PictureSize, bytes: Bytes): PictureSize =>
  exifOrientation(bytes) >= 5 ? { width: height, height: width } : { width, height }

/**
 * The request, made smaller where it would enlarge the picture. A cover keeps the proportions of the request.
 */
function within(size: PictureSize, request: PictureRequest): PictureRequest {
  const scale = Math.min(1, size.width / request.width, size.height / request.height)
  if (request.fit === 'inside' || scale === 1) return request
  const scaled = (side: number) => Math.max(1, Math.round(side * scale))
  return { ...request, width: scaled(request.width), height: scaled(request.height) }
}

async function opened(files: Converters, object: StoredObject): Promise<ByteStream> {
  const stream = await files.blobs.get(object.object_name, undefined, object.etag)
  if (stream === undefined) throw new CannotConvert('the file does not exist any more')
  return stream
}

async function whole(files: Converters, object: StoredObject, most: number): Promise<Bytes> {
  if (object.size > most)
    throw new CannotConvert(`a file of more than ${most / megabyte} MiB cannot be converted`)
  return bytesOf(await opened(files, object))
}

/**
 * All bytes of a stream. A `Response` would copy them twice, and buffers of some MB cost the collector much.
 */
async function bytesOf(stream: ByteStream): Promise<Bytes> {
  const chunks: Bytes[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.byteLength
  }
  return joined(chunks, size)
}
