import { type Bytes, CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { limiter } from './limiter.ts'
import {
  brokenPicture,
  cropMiddle,
  isOpaque,
  JPEG_QUALITY,
  MAX_PIXELS,
  refuseHugePicture,
  scaledSize,
} from './picture.ts'
import { type PictureSize, pictureSize } from './picture-size.ts'
import { readRgbaPng, writeRgbaPng } from './rgba-png.ts'
import { webpFirstFrame } from './webp-first-frame.ts'

/** The part of Bun 1.4's `Bun.Image` used here; its types are not installed. */
interface BunImage {
  metadata(): Promise<{ width: number; height: number; format: string }>
  resize(width: number, height: number, options: { fit: 'fill' }): BunImage
  jpeg(options: { quality: number }): BunImage
  png(options?: { compressionLevel: number }): BunImage
  bytes(): Promise<Bytes>
}
type BunImageClass = new (
  picture: Uint8Array,
  options: { maxPixels: number; autoOrient: boolean },
) => BunImage

/** Pixels of the scaled picture that `cover` is cut from: a long narrow one would grow without end. */
const MAX_SCALED_PIXELS = 16_000_000

/**
 * Pictures by Bun itself, for the compiled binary, where sharp cannot be loaded. Three at a time, off the event
 * loop. AVIF is not decoded on Linux; the rest is as with sharp.
 */
export function bunImages(): Images {
  const inTurn = limiter(3, 64)
  return {
    resize: (picture, request) =>
      inTurn(async () => {
        refuseHugePicture(pictureSize(picture))
        try {
          return await resize(webpFirstFrame(picture), request)
        } catch (error) {
          if (error instanceof CannotConvert) throw error
          if (error instanceof Error && 'code' in error && error.code === 'ERR_IMAGE_FORMAT_UNSUPPORTED') {
            throw new CannotConvert(
              'AVIF pictures cannot be converted by this server; upload a JPEG, PNG, GIF or WebP',
            )
          }
          throw brokenPicture()
        }
      }),
  }
}

async function resize(picture: Bytes, request: PictureRequest): Promise<MadePicture> {
  const source = open(picture)
  const { width, height, format } = await source.metadata()
  const size = scaledSize({ width, height }, request)
  if (size.width * size.height > MAX_SCALED_PIXELS)
    throw new CannotConvert('the picture is too long and narrow to fill that size')
  const scaled = source.resize(size.width, size.height, { fit: 'fill' })
  if (format === 'jpeg' && sameSize(size, request)) return jpeg(scaled)
  // Bun neither crops nor tells whether a picture is see-through, so the pixels are taken out as a PNG, the
  // only lossless way.
  const pixels = readRgbaPng(await scaled.png({ compressionLevel: 1 }).bytes())
  const cropped = request.fit === 'cover' ? cropMiddle(pixels, request) : pixels
  const image = open(writeRgbaPng(cropped))
  return isOpaque(cropped.rgba) ? jpeg(image) : { bytes: await image.png().bytes(), contentType: 'image/png' }
}

function sameSize(size: PictureSize, request: PictureRequest): boolean {
  return request.fit === 'inside' || (size.width === request.width && size.height === request.height)
}

async function jpeg(image: BunImage): Promise<MadePicture> {
  return { bytes: await image.jpeg({ quality: JPEG_QUALITY }).bytes(), contentType: 'image/jpeg' }
}

function open(picture: Uint8Array): BunImage {
  const { Bun: bun } = globalThis as unknown as { Bun?: { Image?: BunImageClass } }
  if (!bun?.Image)
    throw new CannotConvert('pictures are converted by Bun 1.4 or newer, which does not run here')
  return new bun.Image(picture, { maxPixels: MAX_PIXELS, autoOrient: true })
}
