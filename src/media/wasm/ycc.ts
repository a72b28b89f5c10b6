import type { Raster } from '../picture.ts'
import type { PictureSize } from '../picture-size.ts'

/**
 * A plane of a picture: brightness, or one of the two colour differences, which have half the size each way.
 */
export interface Plane extends PictureSize {
  /** One byte per sample, or two (lower byte first) if there are more than 8 bits. */
  readonly samples: Uint8Array
  /** Bytes from the start of one line to the start of the next. */
  readonly stride: number
  readonly bits: number
}

/**
 * What the samples mean (ITU-T H.273): the shares of red and blue in the brightness, and whether all 256
 * values are used.
 */
export interface CodedColours {
  readonly red: number
  readonly blue: number
  readonly fullRange: boolean
}

/**
 * Converts the planes to red, green and blue. Each pixel is the average of the samples that it replaces. The
 * picture is never enlarged.
 */
export function rgbFrom(planes: readonly Plane[], wanted: PictureSize, colours: CodedColours): Raster {
  const [luma, blueDifference, redDifference] = planes
  if (!luma || !blueDifference || !redDifference) throw new Error('a plane is missing')
  const width = Math.min(wanted.width, luma.width)
  const height = Math.min(wanted.height, luma.height)
  const rgba = new Uint8Array(width * height * 4)
  const { red, blue, fullRange } = colours
  const green = 1 - red - blue
  const scale = 2 ** (luma.bits - 8)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const [coded = 0, b = 0, r = 0] = [luma, blueDifference, redDifference].map(
        plane => average(plane, x, y, width, height) / scale,
      )
      const bright = fullRange ? coded : ((coded - 16) * 255) / 219
      const spread = fullRange ? 1 : 255 / 224
      const reds = bright + (r - 128) * spread * 2 * (1 - red)
      const blues = bright + (b - 128) * spread * 2 * (1 - blue)
      rgba[i] = byte(reds)
      rgba[i + 1] = byte((bright - red * reds - blue * blues) / green)
      rgba[i + 2] = byte(blues)
      rgba[i + 3] = 255
    }
  }
  return { width, height, rgba }
}

/** The average of the samples that are replaced by the pixel at x, y of a picture of columns × rows. */
function average(plane: Plane, x: number, y: number, columns: number, rows: number): number {
  const { samples, stride, bits } = plane
  const left = Math.floor((x * plane.width) / columns)
  const top = Math.floor((y * plane.height) / rows)
  const right = Math.max(left + 1, Math.floor(((x + 1) * plane.width) / columns))
  const bottom = Math.max(top + 1, Math.floor(((y + 1) * plane.height) / rows))
  let sum = 0
  for (let line = top; line < bottom; line++) {
    for (let column = left; column < right; column++) {
      const at = line * stride + (bits > 8 ? column * 2 : column)
      sum += bits > 8 ? (samples[at] ?? 0) | ((samples[at + 1] ?? 0) << 8) : (samples[at] ?? 0)
    }
  }
  return sum / ((right - left) * (bottom - top))
}

const byte = (value: number): number => Math.max(0, Math.min(255, Math.round(value)))
