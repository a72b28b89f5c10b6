import * as z from 'zod'
import { hasThumbnail, isShown } from '../../media/media-types.ts'
import { type Refusal, refuse } from '../../operation/errors.ts'
import type { PictureRequest } from '../../platform.ts'

/** The form of a file that is asked for: the original, a picture made from it, or its sound as MP3. */
export type Variant =
  /** `format`: the caller asked for AMR, or for a JPEG instead of a picture that most clients cannot show. */
  | { readonly kind: 'original'; readonly format?: 'amr' | 'jpeg' }
  | {
      readonly kind: 'picture'
      readonly suffix: string
      /** Whether the result is stored for later requests. */
      readonly kept: boolean
      readonly request: PictureRequest
      readonly byImageService: boolean
    }
  | { readonly kind: 'mp3'; readonly suffix: string; readonly kept: true }

const largestSide = 4096
/** The longest side, in pixels, of a JPEG that replaces a picture that most clients cannot show. */
const largestShownSide = 2048
const defaultSide = 200
/**
 * Thumbnails and covers with these sides (pixels) are stored when they are first made. There are so few of
 * them that nobody can fill the store with them, or push others out. A client that asks for one of these gets
 * it fastest. Any other size is made exactly and not stored.
 */
const keptSides: ReadonlySet<number> = new Set([64, 100, 128, 200, 256, 320, 400, 512, 640, 800, 1024, 1280])

/** The parameters that `variantOf` reads, for documentation. */
export const variantParameters = {
  image_type: z
    .literal([1, 2, 3])
    .meta({ type: 'integer' })
    .optional()
    .describe(
      '1 original, 2 thumbnail (fits inside w × h, never enlarged), 3 cover (fills w × h, cropped in the middle)',
    ),
  w: z
    .number()
    .min(1)
    .max(largestSide)
    .optional()
    .describe(
      'pixels; default 200. Squares of 64, 100, 128, 200, 256, 320, 400, 512, 640, 800, 1024 and 1280 are kept',
    ),
  h: z.number().min(1).max(largestSide).optional().describe('pixels; default 200'),
  thumbnail_strategy: z
    .literal([1, 2])
    .meta({ type: 'integer' })
    .optional()
    .describe('1 by the image service, where one is configured; 2 by this service'),
}
/** Parameters of how the file is sent. */
export const savingParameters = {
  download: z.literal([0, 1]).meta({ type: 'integer' }).optional().describe('1: to be saved, whatever it is'),
}
/** Parameters of sound. */
export const soundParameters = {
  format: z
    .enum(['amr', 'mp3', 'jpeg'])
    .optional()
    .describe('`mp3` converts voice; `jpeg` converts pictures that browsers do not show, such as HEIC'),
  source: z.string().optional().describe('`miniprogram`: never redirect'),
}

/**
 * Reads `image_type`, `w`, `h`, `thumbnail_strategy` and `format` of a download (docs/behaviour.md, section
 * 7). An error 10002 names the parameter that is wrong.
 */
export function variantOf(query: Readonly<Record<string, string>>): Variant | Refusal {
  const format = query.format ?? ''
  if (format !== '' && format !== 'amr' && format !== 'mp3' && format !== 'jpeg')
    return refuse('invalid_parameter', 'format must be amr, mp3 or jpeg')
  if (format === 'mp3') return { kind: 'mp3', suffix: '.mp3', kept: true }
  // A client in the field sends the misspelt `imgage_type`.
  const type = query.image_type ?? query.imgage_type ?? '1'
  if (type !== '' && !/^[123]$/.test(type))
    return refuse('invalid_parameter', 'image_type must be 1 (original), 2 (thumbnail) or 3 (cover)')
  const strategy = query.thumbnail_strategy ?? ''
  if (strategy !== '' && strategy !== '1' && strategy !== '2')
    return refuse('invalid_parameter', 'thumbnail_strategy must be 1 or 2')
  const width = side(query.w)
  const height = side(query.h)
  if (width === undefined) return refuse('invalid_parameter', 'w must be a number')
  if (height === undefined) return refuse('invalid_parameter', 'h must be a number')
  if (type !== '2' && type !== '3') return format === '' ? { kind: 'original' } : { kind: 'original', format }
  return {
    kind: 'picture',
    suffix: `.i${type}-${width}x${height}${format === 'jpeg' ? '.jpeg' : ''}`,
    kept: width === height && keptSides.has(width),
    request: {
      fit: type === '2' ? 'inside' : 'cover',
      width,
      height,
      ...(format === 'jpeg' && { format }),
    },
    byImageService: strategy !== '2',
  }
}

/**
 * The variant for a file of this content type. If most clients cannot show the picture, whoever asks for a
 * JPEG gets a JPEG of the whole picture. In all other cases it is the variant that was asked for.
 */
export function variantFor(variant: Variant, contentType: string): Variant {
  const isWanted = variant.kind === 'original' && variant.format === 'jpeg'
  if (!isWanted || isShown(contentType) || !hasThumbnail(contentType)) return variant
  const request = {
    fit: 'inside',
    width: largestShownSide,
    height: largestShownSide,
    format: 'jpeg',
  } as const
  return { kind: 'picture', suffix: '.jpeg', kept: true, request, byImageService: false }
}

/** A side in pixels, clamped to 1…4096. Clients send fractions. */
function side(sent: string | undefined): number | undefined {
  if (sent === undefined || sent === '') return defaultSide
  const pixels = /^-?\d{1,15}(\.\d{1,15})?(e\d{1,2})?$/i.test(sent) ? Number(sent) : Number.NaN
  return Number.isNaN(pixels) ? undefined : Math.min(largestSide, Math.max(1, Math.round(pixels)))
}
