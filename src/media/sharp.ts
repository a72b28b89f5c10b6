import type { Metadata, Sharp, SharpOptions } from 'sharp'
import { type Bytes, CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { startsWithPart } from './gif.ts'
import {
  brokenPicture,
  isOpaque,
  JPEG_QUALITY,
  MAX_PIXELS,
  type Raster,
  refuseHugePicture,
} from './picture.ts'
import { pictureSize } from './picture-size.ts'
import { sniff } from './sniff.ts'

type SharpModule = typeof import('sharp').default

const TIMEOUT_SECONDS = 20

const INPUT: SharpOptions = {
  limitInputPixels: MAX_PIXELS,
  sequentialRead: true,
  autoOrient: true,
  pages: 1,
  // Phones often write JPEGs with small faults. So only a picture that is cut off or broken is refused.
  failOn: 'error',
}

/** libvips' readers of the formats that are used. All others (SVG, PDF, …) stay blocked in this process. */
const READERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map(format => `VipsForeignLoad${format}`)

/**
 * Types that the prebuilt libvips does not read: HEIC because of its patents, the others because they are
 * old.
 */
const NOT_BY_SHARP = new Set(['image/heic', 'image/bmp', 'image/x-icon'])

/** Converts the colours of an ICC profile to sRGB. */
type ToSrgb = (picture: Raster, profile: Uint8Array) => Promise<Raster>

/**
 * Makes pictures with sharp (libvips), in a converter of Node.js or Deno. `others` makes pictures of the
 * types that sharp does not read. The first picture loads sharp, which uses one thread. Transparent pictures
 * become PNG, all others JPEG.
 */
export function sharpImages(others: Images, toSrgb: ToSrgb): Images {
  let loading: Promise<SharpModule> | undefined
  return {
    async resize(picture, request) {
      const { mime } = await sniff(picture)
      if (NOT_BY_SHARP.has(mime) || startsWithPart(picture)) return others.resize(picture, request)
      refuseHugePicture(pictureSize(picture))
      loading ??= loadSharp()
      const sharp = await loading
      try {
        return await resizeWith(sharp, mime === 'image/jpeg' ? withEnd(picture) : picture, request, toSrgb)
      } catch (error) {
        if (error instanceof CannotConvert) throw error
        throw brokenPicture()
      }
    },
  }
}

async function loadSharp(): Promise<SharpModule> {
  const { default: sharp } = await import('sharp')
  sharp.concurrency(1)
  // The cache would never be hit: no input comes twice.
  sharp.cache(false)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: READERS })
  return sharp
}

/**
 * Adds the end marker to a JPEG. Every viewer shows a JPEG whose last bytes are missing, but libvips would
 * refuse it without that marker.
 */
function withEnd(jpeg: Bytes): Bytes {
  if (jpeg.at(-2) === 0xff && jpeg.at(-1) === 0xd9) return jpeg
  const ended = new Uint8Array(jpeg.length + 2)
  ended.set(jpeg)
  ended.set([0xff, 0xd9], jpeg.length)
  return ended
}

async function resizeWith(
  sharp: SharpModule,
  picture: Uint8Array,
  request: PictureRequest,
  toSrgb: ToSrgb,
): Promise<MadePicture> {
  const { hasAlpha, icc, depth, ...metadata } = await sharp(picture, INPUT).metadata()
  if (!isKnownFormat(metadata)) throw brokenPicture()
  // sharp does not convert the colours of 16-bit samples to sRGB. So `toSrgb` does that.
  const profile = depth === 'ushort' ? icc : undefined
  const scaled = sharp(picture, { ...INPUT, ignoreIcc: profile !== undefined })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .resize(request.width, request.height, {
      fit: request.fit,
      position: 'centre',
      withoutEnlargement: request.fit === 'inside',
    })
  if (!hasAlpha && !profile) return jpeg(scaled)
  const { data, info } = await scaled
    .ensureAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const raster = { width, height, rgba: new Uint8Array(data) }
  const { rgba } = profile ? await toSrgb(raster, profile) : raster
  const pixels = sharp(rgba, { raw: { width, height, channels: 4 } })
  if (isOpaque(rgba)) return jpeg(pixels.removeAlpha())
  if (request.format === 'jpeg') return jpeg(pixels.flatten({ background: '#fff' }))
  return { bytes: new Uint8Array(await pixels.png().toBuffer()), contentType: 'image/png' }
}

/** sharp calls AVIF `heif`. A HEIC picture is `heif` too, but has another compression. */
function isKnownFormat({ format, compression }: Pick<Metadata, 'format' | 'compression'>): boolean {
  if (format === 'heif') return compression === 'av1'
  return ['jpeg', 'png', 'webp', 'gif', 'tiff'].includes(format)
}

async function jpeg(pixels: Sharp): Promise<MadePicture> {
  return {
    bytes: new Uint8Array(await pixels.jpeg({ quality: JPEG_QUALITY }).toBuffer()),
    contentType: 'image/jpeg',
  }
}
