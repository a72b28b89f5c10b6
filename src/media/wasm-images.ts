import { type Bytes, CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { isLarge, wasmDecodeCost } from './decode-cost.ts'
import { exifOrientation } from './exif.ts'
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
import { shrinkPng } from './png-shrink.ts'
import { sniff } from './sniff.ts'
import { decodeAvif } from './wasm/avif.ts'
import { inksToSrgb, toSrgb } from './wasm/colour.ts'
import { decodeHeif } from './wasm/heif.ts'
import { decodeJpeg } from './wasm/jpeg.ts'
import type { LoadWasm } from './wasm/load.ts'
import type { Photon } from './wasm/photon.ts'
import { reusedPhoton } from './wasm/reused-photon.ts'
import { turns } from './wasm/turns.ts'
import { webpFirstFrame } from './webp-first-frame.ts'

/** Pixels of the scaled picture that `cover` is cut from: a long narrow one would grow without end. */
const MAX_SCALED_PIXELS = 16_000_000

/**
 * Pictures by codecs that are WebAssembly: all there is on Workers and in the compiled binary, and on Node.js for what
 * sharp does not read. One at a time. `maxBytes` is the memory that one may take, by what its header says.
 */
export function wasmImages(load: LoadWasm, maxBytes: number): Images {
  const inTurn = turns()
  const photons = reusedPhoton(maxBytes)
  return {
    resize: (picture, request) =>
      inTurn(async () => {
        const { mime } = await sniff(picture)
        const size = pictureSize(picture)
        if (!hasThumbnail(mime) || !size) throw brokenPicture()
        refuseHugePicture(size)
        const orientation = exifOrientation(picture)
        const lying = orientation >= 5
        const stored = lying ? { ...request, width: request.height, height: request.width } : request
        const target = targetSize(size, stored)
        // Twice the size that is wanted, each way, and what scaling takes.
        const needed = wasmDecodeCost(mime, picture, size) + target.width * target.height * 40
        if (needed > maxBytes) throw tooLargeHere(size)
        const photon = await photons.open(() => load('photon'), needed)
        try {
          const opened = await open({ load, photon, mime, picture, size }, shown => targetSize(shown, stored))
          const scaled = photon.scale(opened.source, targetSize(opened.size, stored))
          const coloured = opened.profile ? toSrgb(await load('colour'), scaled, opened.profile) : scaled
          const cropped = request.fit === 'cover' ? cropMiddle(coloured, stored) : coloured
          return encode(photon, turnUpright(cropped, orientation), request)
        } catch (error) {
          photons.drop(photon)
          throw error instanceof CannotConvert ? error : brokenPicture()
        }
      }),
  }
}

function targetSize(from: PictureSize, request: PictureRequest): PictureSize {
  const size = scaledSize(from, request)
  if (size.width * size.height > MAX_SCALED_PIXELS)
    throw new CannotConvert('the picture is too long and narrow to fill that size')
  return size
}

interface Input {
  readonly load: LoadWasm
  readonly photon: Photon
  readonly mime: string
  readonly picture: Bytes
  readonly size: PictureSize
}

interface Opened {
  /** Pixels, or a file that photon decodes while it scales. */
  readonly source: Raster | Bytes
  readonly size: PictureSize
  /** What the colours mean, if they are not those of an ordinary screen already. */
  readonly profile?: Uint8Array | undefined
}

async function open(input: Input, sizeFor: (shown: PictureSize) => PictureSize): Promise<Opened> {
  const { load, mime, picture, size } = input
  const profile = await iccProfile(picture)
  if (mime === 'image/heic') {
    const source = await decodeHeif(await load('heif'), picture, sizeFor, codedColours(picture))
    return { source, size: source, profile }
  }
  if (mime === 'image/avif') {
    const source = await decodeAvif(await load('avif'), picture)
    return { source, size: source, profile }
  }
  if (mime === 'image/jpeg') {
    const jpeg = decodeJpeg(await load('jpeg'), picture, sizeFor(size))
    if (!jpeg.inks) return { source: { ...jpeg, rgba: jpeg.pixels }, size, profile }
    return { source: inksToSrgb(await load('colour'), jpeg, profile), size }
  }
  if (mime === 'image/png' && isLarge(size)) {
    const source = await shrinkPng(picture, size, sizeFor(size))
    if (source) return { source, size: source, profile }
  }
  const frame = webpFirstFrame(picture)
  if (!frame) return { source: picture, size, profile }
  return { source: onCanvas(input.photon.decode(frame.file), size, frame), size, profile }
}

function encode(photon: Photon, picture: Raster, { format }: PictureRequest): MadePicture {
  if (!isOpaque(picture.rgba) && format !== 'jpeg')
    return { bytes: photon.png(picture), contentType: 'image/png' }
  return { bytes: photon.jpeg(onWhite(picture), JPEG_QUALITY), contentType: 'image/jpeg' }
}
