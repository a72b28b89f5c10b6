import type { Metadata, Sharp, SharpOptions } from 'sharp'
import { CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { limiter } from './limiter.ts'
import { brokenPicture, isOpaque, JPEG_QUALITY, MAX_PIXELS, refuseHugePicture } from './picture.ts'
import { pictureSize } from './picture-size.ts'

type SharpModule = typeof import('sharp').default

const TIMEOUT_SECONDS = 20

const INPUT: SharpOptions = {
  limitInputPixels: MAX_PIXELS,
  sequentialRead: true,
  autoOrient: true,
  pages: 1,
  // Phones write JPEGs with small faults all the time; only a picture that is cut off or broken is refused.
  failOn: 'error',
}

/** libvips' readers of the five formats; the others (SVG, PDF, TIFF, …) stay blocked in this process. */
const READERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map(format => `VipsForeignLoad${format}`)

/**
 * Pictures by sharp (libvips), on Node.js, Bun and Deno but not in a compiled binary. sharp is loaded by the
 * first call; three pictures at a time, one thread each. See-through pictures become PNG, all others JPEG.
 */
export function sharpImages(): Images {
  const inTurn = limiter(3, 64)
  let loading: Promise<SharpModule> | undefined
  return {
    resize: (picture, request) =>
      inTurn(async () => {
        refuseHugePicture(pictureSize(picture))
        loading ??= loadSharp()
        const sharp = await loading
        try {
          return await resizeWith(sharp, picture, request)
        } catch (error) {
          if (error instanceof CannotConvert) throw error
          throw brokenPicture()
        }
      }),
  }
}

async function loadSharp(): Promise<SharpModule> {
  const { default: sharp } = await import('sharp')
  sharp.concurrency(1)
  // Inputs are buffers that are never seen twice.
  sharp.cache(false)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: READERS })
  return sharp
}

async function resizeWith(
  sharp: SharpModule,
  picture: Uint8Array,
  request: PictureRequest,
): Promise<MadePicture> {
  const metadata = await sharp(picture, INPUT).metadata()
  if (!isKnownFormat(metadata)) throw brokenPicture()
  const scaled = sharp(picture, INPUT)
    .timeout({ seconds: TIMEOUT_SECONDS })
    .resize(request.width, request.height, {
      fit: request.fit,
      position: 'centre',
      withoutEnlargement: request.fit === 'inside',
    })
  if (!metadata.hasAlpha) return jpeg(scaled)
  const { data, info } = await scaled
    .ensureAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const pixels = sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } })
  if (isOpaque(data)) return jpeg(pixels.removeAlpha())
  return { bytes: new Uint8Array(await pixels.png().toBuffer()), contentType: 'image/png' }
}

/** sharp calls AVIF `heif`; a HEIC picture has another compression. */
function isKnownFormat({ format, compression }: Metadata): boolean {
  if (format === 'heif') return compression === 'av1'
  return format === 'jpeg' || format === 'png' || format === 'webp' || format === 'gif'
}

async function jpeg(pixels: Sharp): Promise<MadePicture> {
  return {
    bytes: new Uint8Array(await pixels.jpeg({ quality: JPEG_QUALITY }).toBuffer()),
    contentType: 'image/jpeg',
  }
}
