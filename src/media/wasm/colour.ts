import type { Raster } from '../picture.ts'
import { type DecodedJpeg, inksToRgb } from './jpeg.ts'

/** The functions of Little CMS that lcms-wasm exports. Profiles and transforms are pointers; 0 is none. */
interface Lcms {
  readonly memory: WebAssembly.Memory
  __wasm_call_ctors(): void
  emscripten_stack_init(): void
  malloc(bytes: number): number
  cmsOpenProfileFromMem(profile: number, bytes: number): number
  cmsGetColorSpace(profile: number): number
  cmsCreate_sRGBProfile(): number
  cmsCreateTransform(
    from: number,
    format: number,
    to: number,
    toFormat: number,
    intent: number,
    flags: number,
  ): number
  cmsDoTransform(transform: number, from: number, to: number, pixels: number): void
}

/** Little CMS's numbers for pixel formats: four bytes per pixel, and inks in which 255 means no ink. */
const RGBA = 0x40099
const INKS = 0x62021
const RELATIVE_COLORIMETRIC = 1
/** Kinds of profiles: four letters, as a number. */
const RGB_SPACE = 0x52474220
const CMYK_SPACE = 0x434d594b

/**
 * Converts the picture to sRGB. If the ICC profile is not one for such pictures, the picture stays unchanged.
 */
export function toSrgb(wasm: WebAssembly.Module, picture: Raster, profile: Uint8Array): Raster {
  const rgba = converted(wasm, picture.rgba, profile, RGBA, RGB_SPACE)
  if (!rgba) return picture
  for (let i = 3; i < rgba.length; i += 4) rgba[i] = picture.rgba[i] ?? 255
  return { ...picture, rgba }
}

/** Converts inks to sRGB by their ICC profile, or approximately if there is none. */
export function inksToSrgb(
  wasm: WebAssembly.Module,
  picture: DecodedJpeg,
  profile: Uint8Array | undefined,
): Raster {
  const { width, height, pixels } = picture
  const rgba = profile && converted(wasm, pixels, profile, INKS, CMYK_SPACE)
  if (!rgba) return inksToRgb(picture)
  for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255
  return { width, height, rgba }
}

function converted(
  wasm: WebAssembly.Module,
  pixels: Uint8Array,
  profile: Uint8Array,
  format: number,
  space: number,
): Uint8Array<ArrayBuffer> | undefined {
  const lcms = openLcms(wasm)
  const put = (bytes: Uint8Array): number => {
    const pointer = lcms.malloc(bytes.length)
    new Uint8Array(lcms.memory.buffer).set(bytes, pointer)
    return pointer
  }
  const source = lcms.cmsOpenProfileFromMem(put(profile), profile.length)
  if (source === 0 || lcms.cmsGetColorSpace(source) !== space) return undefined
  const screen = lcms.cmsCreate_sRGBProfile()
  const transform = lcms.cmsCreateTransform(source, format, screen, RGBA, RELATIVE_COLORIMETRIC, 0)
  if (transform === 0) return undefined
  const input = put(pixels)
  const output = lcms.malloc(pixels.length)
  lcms.cmsDoTransform(transform, input, output, pixels.length / 4)
  return new Uint8Array(lcms.memory.buffer.slice(output, output + pixels.length))
}

/**
 * Makes a new instance. The package's own glue code is only for Node.js and browsers. The calls here need
 * little of it.
 */
function openLcms(wasm: WebAssembly.Module): Lcms {
  const memory = () => lcms.memory
  const surroundings: Record<string, (...args: number[]) => number> = {
    emscripten_memcpy_js(to = 0, from = 0, length = 0) {
      new Uint8Array(memory().buffer).copyWithin(to, from, from + length)
      return to
    },
    emscripten_resize_heap(bytes = 0) {
      const missing = bytes - memory().buffer.byteLength
      memory().grow(Math.max(0, Math.ceil(missing / PAGE_BYTES)))
      return 1
    },
    // The creation date of new profiles.
    emscripten_date_now: () => 0,
    _tzset_js: () => 0,
    _gmtime_js: () => 0,
  }
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
  for (const { module, name } of WebAssembly.Module.imports(wasm)) {
    const failing = () => {
      throw new Error(`Little CMS called ${name}`)
    }
    imports[module] = { ...imports[module], [name]: surroundings[name] ?? failing }
  }
  const lcms = new WebAssembly.Instance(wasm, imports).exports as unknown as Lcms
  lcms.emscripten_stack_init()
  lcms.__wasm_call_ctors()
  return lcms
}

/** The size of a page of WebAssembly's memory. */
const PAGE_BYTES = 65_536
