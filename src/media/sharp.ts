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
  // Phones write JPEGs with small faults all the time; only a picture that is cut off or broken is refused.
  failOn: 'error',
}

/** libvips' readers of these formats; the others (SVG, PDF, …) stay blocked in this process. */
const READERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map(format => `VipsForeignLoad${format}`)

/** What the prebuilt libvips does not read: HEIC for its patents, the others for their age. */
const NOT_BY_SHARP = new Set(['image/heic', 'image/bmp', 'image/x-icon'])

/** Colours of an ICC profile as an ordinary screen has them. */
type ToSrgb = (picture: Raster, profile: Uint8Array) => Promise<Raster>

/**
 * Pictures by sharp (libvips), in a converter of Node.js or Deno, and by `others` what it does not read. sharp is loaded
 * by the first picture; one thread. See-through pictures become PNG, all others JPEG.
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
  // Inputs are buffers that are never seen twice.
  sharp.cache(false)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: READERS })
  return sharp
}

/** A JPEG without its last bytes is shown everywhere, and would be refused here without the mark of its end. */
function withEnd(jpeg: Bytes): Bytes {
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
  // sharp leaves the colours of 16 bits as another screen has them.
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

/** sharp calls AVIF `heif`; a HEIC picture has another compression. */
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
