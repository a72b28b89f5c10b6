import type { Bytes } from '../../platform.ts'
import type { Raster } from '../picture.ts'
import type { PictureSize } from '../picture-size.ts'

/**
 * The functions of libjpeg-turbo that @cwasm/jpeg-turbo exports. Zero is success, −1 a warning or an error.
 */
interface Turbo {
  readonly memory: WebAssembly.Memory
  malloc(bytes: number): number
  tjInitDecompress(): number
  tjDecompressHeader3(
    decoder: number,
    jpeg: number,
    bytes: number,
    width: number,
    height: number,
    sampling: number,
    colours: number,
  ): number
  tjDecompress2(
    decoder: number,
    jpeg: number,
    bytes: number,
    pixels: number,
    width: number,
    pitch: number,
    height: number,
    format: number,
    flags: number,
  ): number
}

const RGBA = 7
const CMYK = 11
/** libjpeg's numbers for colour spaces of four inks: CMYK and YCCK, which Adobe's programs write. */
const FOUR_INKS = new Set([3, 4])
const EIGHTHS = [8, 7, 6, 5, 4, 3, 2, 1]

export interface DecodedJpeg extends PictureSize {
  /** Four bytes per pixel: RGBA, or inks in which 255 means no ink, as nearly all programs write them. */
  readonly pixels: Bytes
  readonly inks: boolean
}

/**
 * Decodes a JPEG at the smallest of eight scales that is not smaller than `atLeast`. At an eighth, a picture
 * of 50 megapixels takes a few megabytes. Each picture has its own instance, because a broken one does not
 * free its memory. A JPEG that ends too early is grey from there on, as in browsers. Throws if it is not a
 * JPEG.
 */
export function decodeJpeg(wasm: WebAssembly.Module, jpeg: Uint8Array, atLeast: PictureSize): DecodedJpeg {
  const turbo = openTurbo(wasm)
  const input = turbo.malloc(jpeg.length)
  const header = turbo.malloc(16)
  new Uint8Array(turbo.memory.buffer).set(jpeg, input)
  const decoder = turbo.tjInitDecompress()
  turbo.tjDecompressHeader3(decoder, input, jpeg.length, header, header + 4, header + 8, header + 12)
  const [fullWidth = 0, fullHeight = 0, , colours = 0] = new Int32Array(turbo.memory.buffer, header, 4)
  if (fullWidth === 0 || fullHeight === 0) throw new Error('not a JPEG')
  const scaled = EIGHTHS.map(n => ({
    width: Math.ceil((fullWidth * n) / 8),
    height: Math.ceil((fullHeight * n) / 8),
  }))
  const { width, height } =
    scaled.findLast(size => size.width >= atLeast.width && size.height >= atLeast.height) ??
    scaled[0] ??
    atLeast
  const inks = FOUR_INKS.has(colours)
  const bytes = width * height * 4
  const output = turbo.malloc(bytes)
  const format = inks ? CMYK : RGBA
  turbo.tjDecompress2(decoder, input, jpeg.length, output, width, width * 4, height, format, 0)
  return { width, height, pixels: new Uint8Array(turbo.memory.buffer.slice(output, output + bytes)), inks }
}

/** Converts inks to colours approximately, if there is no profile. Changes the pixels in place. */
export function inksToRgb({ width, height, pixels }: DecodedJpeg): Raster {
  for (let i = 0; i < pixels.length; i += 4) {
    const black = (pixels[i + 3] ?? 0) / 255
    for (let c = 0; c < 3; c++) pixels[i + c] = Math.round((pixels[i + c] ?? 0) * black)
    pixels[i + 3] = 255
  }
  return { width, height, rgba: pixels }
}

function openTurbo(wasm: WebAssembly.Module): Turbo {
  const nothing = () => 0
  const broken = () => {
    throw new Error('the JPEG is broken')
  }
  const instance = new WebAssembly.Instance(wasm, {
    // libjpeg reports an error by longjmp, which here throws and so ends the call.
    env: { setjmp: nothing, longjmp: broken },
    wasi_snapshot_preview1: {
      environ_sizes_get: nothing,
      environ_get: nothing,
      proc_exit: broken,
      fd_close: nothing,
      fd_seek: nothing,
      fd_write: nothing,
    },
  })
  return instance.exports as unknown as Turbo
}
