import { CannotConvert, type PictureRequest } from '../platform.ts'
import type { Orientation } from './exif.ts'
import type { PictureSize } from './picture-size.ts'

/** Pixels (width × height) beyond which no adapter decodes a picture. */
export const MAX_PIXELS = 50_000_000

/** JPEG quality, of 100. */
export const JPEG_QUALITY = 80

/** A picture as pixels of four bytes each: red, green, blue, alpha. */
export interface Raster extends PictureSize {
  readonly rgba: Uint8Array<ArrayBuffer>
}

/**
 * Throws `CannotConvert` for a picture of more than `MAX_PIXELS`. If the size is unknown, the decoder has to
 * judge.
 */
export function refuseHugePicture(size: PictureSize | undefined): void {
  if (size && size.width * size.height > MAX_PIXELS) {
    throw new CannotConvert(
      `the picture has ${size.width} × ${size.height} pixels; at most ${MAX_PIXELS / 1e6} megapixels are converted`,
    )
  }
}

/** Decoding the picture takes more memory than this home has. */
export class TooLargeHere extends CannotConvert {}

export function tooLargeHere({ width, height }: PictureSize): TooLargeHere {
  return new TooLargeHere(
    `a picture of ${width} × ${height} pixels in this format is too large for this server: upload it smaller or as a JPEG`,
  )
}

export function brokenPicture(): CannotConvert {
  return new CannotConvert('the file is not a readable picture; upload it again as a JPEG, PNG, GIF or WebP')
}

/**
 * The size to scale a picture to. For `inside` it is the final size, never larger than the picture. For
 * `cover` it is the smallest size that fills the request, and `cropMiddle` cuts the rest off.
 */
export function scaledSize(from: PictureSize, request: PictureRequest): PictureSize {
  const across = request.width / from.width
  const down = request.height / from.height
  if (request.fit === 'inside') {
    const scale = Math.min(1, across, down)
    return {
      width: Math.max(1, Math.round(from.width * scale)),
      height: Math.max(1, Math.round(from.height * scale)),
    }
  }
  const scale = Math.max(across, down)
  return {
    width: Math.max(request.width, Math.round(from.width * scale)),
    height: Math.max(request.height, Math.round(from.height * scale)),
  }
}

/** Cuts out the middle of a picture. A picture that already has the size is returned unchanged. */
export function cropMiddle(picture: Raster, to: PictureSize): Raster {
  const left = Math.max(0, (picture.width - to.width) >> 1)
  const top = Math.max(0, (picture.height - to.height) >> 1)
  const width = Math.min(picture.width, to.width)
  const height = Math.min(picture.height, to.height)
  if (width === picture.width && height === picture.height) return picture
  const rgba = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * 4
    rgba.set(picture.rgba.subarray(start, start + width * 4), y * width * 4)
  }
  return { width, height, rgba }
}

/** Turns a picture upright. */
export function turnUpright(picture: Raster, orientation: Orientation): Raster {
  if (orientation === 1) return picture
  const { width, height } = picture
  const onSide = orientation >= 5
  const from = new Uint32Array(picture.rgba.buffer, picture.rgba.byteOffset, width * height)
  const to = new Uint32Array(width * height)
  const mirrored = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8
  const flipped = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sourceX = mirrored ? width - 1 - x : x
      const sourceY = flipped ? height - 1 - y : y
      to[onSide ? x * height + y : y * width + x] = from[sourceY * width + sourceX] ?? 0
    }
  }
  const rgba = new Uint8Array(to.buffer)
  return onSide ? { width: height, height: width, rgba } : { width, height, rgba }
}

/** Puts a picture at a position on a transparent canvas. What lies outside of the canvas is cut off. */
export function onCanvas(
  picture: Raster,
  canvas: PictureSize,
  { left, top }: { left: number; top: number },
): Raster {
  const { width, height } = canvas
  const rgba = new Uint8Array(width * height * 4)
  const visible = Math.max(0, Math.min(picture.width, width - left)) * 4
  for (let y = 0; y < picture.height && top + y < height; y++) {
    const line = picture.rgba.subarray(y * picture.width * 4, y * picture.width * 4 + visible)
    rgba.set(line, ((top + y) * width + left) * 4)
  }
  return { width, height, rgba }
}

/** Puts the picture on white, because JPEG has no transparency. Changes the pixels in place. */
export function onWhite({ rgba, ...size }: Raster): Raster {
  for (let i = 0; i < rgba.length; i += 4) {
    const share = (rgba[i + 3] ?? 255) / 255
    for (let c = i; c < i + 3; c++) rgba[c] = Math.round((rgba[c] ?? 0) * share + 255 * (1 - share))
    rgba[i + 3] = 255
  }
  return { ...size, rgba }
}

/** Whether no pixel is transparent. Such a picture is smaller as a JPEG. */
export function isOpaque(rgba: Uint8Array): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false
  return true
}
