import { type Bytes, CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { isLarge, wasmDecodeCost } from './decode-cost.ts'
import { exifOrientation, type Orientation } from './exif.ts'
import { codedColours, iccProfile } from './icc-profile.ts'
import { hasThumbnail } from './media-types.ts'
import {
  brokenPicture,
  cropMiddle,
  isOpaque,
  JPEG_QUALITY,
  onCanvas,
  onWhite,
  type Raster,
  refuseHugePicture,
  scaledSize,
  tooLargeHere,
  turnUpright,
} from './picture.ts'
import { type PictureSize, pictureSize } from './picture-size.ts'
import { onlyPixels } from './png-chunks.ts'
import { shrinkPng } from './png-shrink.ts'
import { sniff } from './sniff.ts'
import { decodeAvif } from './wasm/avif.ts'
import { type Codecs, openCodecs } from './wasm/codecs.ts'
import { inksToSrgb, toSrgb } from './wasm/colour.ts'
import { decodeHeif } from './wasm/heif.ts'
import { decodeJpeg } from './wasm/jpeg.ts'
import type { LoadWasm } from './wasm/load.ts'
import type { Photon } from './wasm/photon.ts'
import { reusedPhoton } from './wasm/reused-photon.ts'
import { webpFirstFrame } from './webp-first-frame.ts'

/**
 * The most pixels of the scaled picture that a `cover` is cut from. For a long narrow picture there would be
 * no bound.
 */
const MAX_SCALED_PIXELS = 16_000_000

/**
 * What a codec may take at most for a picture whose header says nothing of it, bytes. For others it may take
 * twice what is estimated, too.
 */
const CODEC_BYTES = 40_000_000

/**
 * Makes pictures with codecs in WebAssembly. Workers and the compiled binary have only these. Node.js uses
 * them for what sharp does not read. `maxBytes` is the memory that one picture may take, estimated from its
 * header. Each picture is made within one turn of the event loop, so two are never in memory at once. A lock
 * would not do, because a request of a Worker may not wait for another request.
 */
export function wasmImages(load: LoadWasm, maxBytes: number): Images {
  const photons = reusedPhoton(maxBytes)
  return {
    async resize(picture, request) {
      const { mime } = await sniff(picture)
      const size = pictureSize(picture)
      if (!hasThumbnail(mime) || !size) throw brokenPicture()
      refuseHugePicture(size)
      const orientation = exifOrientation(picture)
      const neededFor = (smaller: PictureRequest) => {
        const target = targetSize(size, lying(orientation, smaller))
        return bytesNeeded(mime, picture, size, target)
      }
      const fitting = fittingRequest(request, size, smaller => neededFor(smaller) <= maxBytes)
      const needed = neededFor(fitting)
      const codecs = await openCodecs(load, mime, CODEC_BYTES + 2 * needed).catch(() =>
        Promise.reject(brokenPicture()),
      )
      await photons.room(needed)
      try {
        return photons.use(codecs.photon, photon => {
          const input = { codecs, photon, mime, picture, size }
          return make(input, lying(orientation, fitting), orientation)
        })
      } catch (error) {
        throw error instanceof CannotConvert ? error : brokenPicture()
      }
    },
  }
}

interface Input {
  readonly codecs: Codecs
  readonly photon: Photon
  readonly mime: string
  readonly picture: Bytes
  readonly size: PictureSize
}

/** `request` is for the picture as it is stored. `orientation` then turns the result. */
function make(input: Input, request: PictureRequest, orientation: Orientation): MadePicture {
  const { codecs, photon } = input
  const { source, size, profile } = open(input, shown => targetSize(shown, request))
  const scaled = photon.scale(source, targetSize(size, request))
  const coloured = profile ? toSrgb(codecs.colour, scaled, profile) : scaled
  const cropped = request.fit === 'cover' ? cropMiddle(coloured, request) : coloured
  return encode(photon, turnUpright(cropped, orientation), request)
}

/** The request for the picture as it is stored: with sides swapped if the picture is stored on its side. */
const lying = (orientation: number, request: PictureRequest): PictureRequest =>
  orientation >= 5 ? { ...request, width: request.height, height: request.width } : request

/**
 * The memory that is needed, bytes: for decoding, for pixels of up to twice the wanted size each way, and for
 * scaling.
 */
const bytesNeeded = (mime: string, picture: Uint8Array, size: PictureSize, target: PictureSize): number =>
  wasmDecodeCost(mime, picture, size) + target.width * target.height * (mime === 'image/heic' ? 24 : 40)

/** The request. If the whole picture is wanted, it is reduced to the largest size that memory allows. */
function fittingRequest(
  request: PictureRequest,
  size: PictureSize,
  fits: (request: PictureRequest) => boolean,
): PictureRequest {
  if (fits(request)) return request
  const { width, height, format } = request
  if (format === undefined || Math.max(width, height) < 512) throw tooLargeHere(size)
  return fittingRequest({ ...request, width: width / 2, height: height / 2 }, size, fits)
}

function targetSize(from: PictureSize, request: PictureRequest): PictureSize {
  const size = scaledSize(from, request)
  if (size.width * size.height > MAX_SCALED_PIXELS)
    throw new CannotConvert('the picture is too long and narrow to fill that size')
  return size
}

interface Opened {
  /** Decoded pixels, or a file that photon decodes when it scales. */
  readonly source: Raster | Bytes
  readonly size: PictureSize
  /** The ICC profile of the colours, if they are not sRGB already. */
  readonly profile?: Uint8Array | undefined
}

function open(input: Input, sizeFor: (shown: PictureSize) => PictureSize): Opened {
  const { codecs, mime, picture, size } = input
  const profile = iccProfile(picture)
  if (codecs.heif) {
    const source = decodeHeif(codecs.heif, picture, sizeFor, codedColours(picture))
    return { source, size: source, profile }
  }
  if (codecs.avif) {
    const source = decodeAvif(codecs.avif, picture)
    return { source, size: source, profile }
  }
  if (codecs.jpeg) {
    const jpeg = decodeJpeg(codecs.jpeg, picture, sizeFor(size))
    if (!jpeg.inks) return { source: { ...jpeg, rgba: jpeg.pixels }, size, profile }
    return { source: inksToSrgb(codecs.colour, jpeg, profile), size }
  }
  if (mime === 'image/png' && isLarge(size)) {
    const source = shrinkPng(picture, size, sizeFor(size))
    if (source) return { source, size: source, profile }
  }
  if (mime === 'image/png') return { source: onlyPixels(picture), size, profile }
  const frame = webpFirstFrame(picture)
  if (!frame) return { source: picture, size, profile }
  return { source: onCanvas(input.photon.decode(frame.file), size, frame), size, profile }
}

function encode(photon: Photon, picture: Raster, { format }: PictureRequest): MadePicture {
  if (!isOpaque(picture.rgba) && format !== 'jpeg')
    return { bytes: photon.png(picture), contentType: 'image/png' }
  return { bytes: photon.jpeg(onWhite(picture), JPEG_QUALITY), contentType: 'image/jpeg' }
}
