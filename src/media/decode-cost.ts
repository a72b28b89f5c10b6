import { jpegSegments } from './jpeg-segments.ts'
import type { PictureSize } from './picture-size.ts'

/**
 * The most memory that decoding a picture takes, in bytes, judged by its header. The figures were measured
 * with pictures of 12 to 50 megapixels.
 */
export type DecodeCost = (contentType: string, picture: Uint8Array, size: PictureSize) => number

/**
 * The cost with the codecs of wasm-images.ts. They decode JPEGs at the scale that is wanted, and large PNGs
 * line by line.
 */
export const wasmDecodeCost: DecodeCost = (contentType, picture, size) => {
  const pixels = size.width * size.height
  if (contentType === 'image/jpeg') return picture.length * 2 + progressiveBytes(picture)
  if (isPng(picture) && isLarge(size) && !isInterlacedPng(picture)) return picture.length * 2 + LINES
  return (
    picture.length * 2 + pixels * (WASM_BYTES_PER_PIXEL[contentType] ?? 12) * (isDeepPng(picture) ? 1.5 : 1)
  )
}

/** Whether a PNG is decoded line by line. This takes more time and hardly any memory. */
export const isLarge = ({ width, height }: PictureSize): boolean => width * height > 3_000_000

const WASM_BYTES_PER_PIXEL: Readonly<Record<string, number>> = {
  'image/heic': 4.5,
  'image/avif': 14,
  'image/webp': 20,
  'image/gif': 14,
}

/** The cost with sharp, which reads most formats line by line. */
export const sharpDecodeCost: DecodeCost = (contentType, picture, size) => {
  if (BY_WASM.has(contentType)) return wasmDecodeCost(contentType, picture, size)
  const pixels = size.width * size.height
  const lines = LINES + picture.length * 3
  if (contentType === 'image/jpeg') return lines + progressiveBytes(picture)
  if (contentType === 'image/png')
    return isInterlacedPng(picture) ? pixels * (isDeepPng(picture) ? 10 : 5) : lines
  return lines + pixels * (SHARP_BYTES_PER_PIXEL[contentType] ?? 1)
}

/** Types that sharp.ts leaves to the WebAssembly codecs. */
const BY_WASM = new Set(['image/heic', 'image/bmp', 'image/x-icon'])
const LINES = 24_000_000
const SHARP_BYTES_PER_PIXEL: Readonly<Record<string, number>> = { 'image/avif': 20, 'image/gif': 6 }

/** A progressive JPEG comes in passes. All its coefficients, two bytes each, are kept until the last pass. */
function progressiveBytes(jpeg: Uint8Array): number {
  for (const { marker, start, end } of jpegSegments(jpeg)) {
    if (marker !== 0xc2) continue
    const height = ((jpeg[start + 1] ?? 0) << 8) | (jpeg[start + 2] ?? 0)
    const width = ((jpeg[start + 3] ?? 0) << 8) | (jpeg[start + 4] ?? 0)
    const samplings = []
    for (let at = start + 7; at < end; at += 3)
      samplings.push(((jpeg[at] ?? 0) >> 4) * ((jpeg[at] ?? 0) & 15))
    const share = samplings.reduce((sum, sampling) => sum + sampling, 0) / Math.max(1, ...samplings)
    return Math.ceil(width * height * 2 * share)
  }
  return 0
}

const isPng = (picture: Uint8Array): boolean => picture[0] === 0x89
const isDeepPng = (picture: Uint8Array): boolean => isPng(picture) && picture[24] === 16
const isInterlacedPng = (picture: Uint8Array): boolean => isPng(picture) && picture[28] === 1
