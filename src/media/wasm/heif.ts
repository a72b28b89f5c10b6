import createHeif, { type Heif } from 'libheif-js/libheif-wasm/libheif.js'
import type { Raster } from '../picture.ts'
import type { PictureSize } from '../picture-size.ts'
import { instantiateWith } from './load.ts'
import { type CodedColours, rgbFrom } from './ycc.ts'

/** libheif's numbers for colour spaces, chroma formats and planes. */
const YCBCR = 0
const CHROMA_420 = 1
const PLANES = [0, 1, 2] as const

/** Makes an instance for one picture, because a broken picture does not free its memory. */
export async function openHeif(wasm: WebAssembly.Module, maxBytes: number): Promise<Heif> {
  return createHeif({ print() {}, printErr() {}, instantiateWasm: instantiateWith(wasm, maxBytes) })
}

/**
 * Decodes a HEIC picture, turned as its file says. `sizeFor` gets the size at which the picture is shown, and
 * answers the wanted size. The planes are averaged as they are coded. So a picture of 48 megapixels never
 * becomes 200 MB of colours. Throws if it is broken.
 */
export function decodeHeif(
  heif: Heif,
  file: Uint8Array,
  sizeFor: (shown: PictureSize) => PictureSize,
  colours: CodedColours,
): Raster {
  const input = heif._malloc(file.length)
  heif.HEAPU8.set(file, input)
  const error = heif._malloc(16)
  const result = error + 12
  const answered = () => {
    if (heif.HEAP32[error >> 2] !== 0) throw new Error('the HEIC picture is broken')
    return heif.HEAP32[result >> 2] ?? 0
  }
  const context = heif._heif_context_alloc()
  heif._heif_context_read_from_memory(error, context, input, file.length, 0)
  answered()
  heif._heif_context_get_primary_image_handle(error, context, result)
  const handle = answered()
  heif._heif_decode_image(error, handle, result, YCBCR, CHROMA_420, 0)
  const image = answered()
  const planes = PLANES.map(channel => {
    const start = heif._heif_image_get_plane_readonly(image, channel, result)
    const stride = heif.HEAP32[result >> 2] ?? 0
    const height = heif._heif_image_get_height(image, channel)
    return {
      samples: heif.HEAPU8.subarray(start, start + stride * height),
      stride,
      width: heif._heif_image_get_width(image, channel),
      height,
      bits: heif._heif_image_get_bits_per_pixel_range(image, channel),
    }
  })
  const [{ width, height } = { width: 0, height: 0 }] = planes
  return rgbFrom(planes, sizeFor({ width, height }), colours)
}
