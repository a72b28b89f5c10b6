import type { Raster } from '../picture.ts'
import type { PictureSize } from '../picture-size.ts'

/** Brightness, or one of the two colour differences, at half the size each way. */
export interface Plane extends PictureSize {
  /** One byte a sample; two, the lower first, if there are more than 8 bits. */
  readonly samples: Uint8Array
  /** Bytes from one line to the next. */
  readonly stride: number
  readonly bits: number
}

/** What the samples mean (ITU-T H.273): the share of red and blue in brightness, and whether all 256 steps are used. */
export interface CodedColours {
  readonly red: number
  readonly blue: number
  readonly fullRange: boolean
}

/** The picture in red, green and blue, each pixel the average of a square, not smaller than `atLeast` where it can be. */
export function rgbFrom(planes: readonly Plane[], atLeast: PictureSize, colours: CodedColours): Raster {
  const [luma, blueDifference, redDifference] = planes
  if (!luma || !blueDifference || !redDifference) throw new Error('a plane is missing')
  const side = Math.max(1, Math.floor(Math.min(luma.width / atLeast.width, luma.height / atLeast.height)))
  const width = Math.ceil(luma.width / side)
  const height = Math.ceil(luma.height / side)
  const rgba = new Uint8Array(width * height * 4)
  const { red, blue, fullRange } = colours
  const green = 1 - red - blue
  const scale = 2 ** (luma.bits - 8)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const coded = average(luma, x * side, y * side, side) / scale
      const half = Math.max(1, side >> 1)
      const b = average(blueDifference, (x * side) >> 1, (y * side) >> 1, half) / scale - 128
      const r = average(redDifference, (x * side) >> 1, (y * side) >> 1, half) / scale - 128
      const bright = fullRange ? coded : ((coded - 16) * 255) / 219
      const spread = fullRange ? 1 : 255 / 224
      const reds = bright + r * spread * 2 * (1 - red)
      const blues = bright + b * spread * 2 * (1 - blue)
      rgba[i] = byte(reds)
      rgba[i + 1] = byte((bright - red * reds - blue * blues) / green)
      rgba[i + 2] = byte(blues)
      rgba[i + 3] = 255
    }
  }
  return { width, height, rgba }
}

function average(
  { samples, stride, width, height, bits }: Plane,
  left: number,
  top: number,
  side: number,
): number {
  const right = Math.min(left + side, width)
  const bottom = Math.min(top + side, height)
  let sum = 0
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      sum +=
        bits > 8
          ? (samples[y * stride + x * 2] ?? 0) | ((samples[y * stride + x * 2 + 1] ?? 0) << 8)
          : (samples[y * stride + x] ?? 0)
    }
  }
  const count = (right - left) * (bottom - top)
  return count > 0 ? sum / count : (samples[Math.min(top, height - 1) * stride] ?? 0)
}

const byte = (value: number): number => Math.max(0, Math.min(255, Math.round(value)))
