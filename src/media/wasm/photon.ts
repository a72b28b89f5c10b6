import type { Bytes } from '../../platform.ts'
import type { Raster } from '../picture.ts'
import type { PictureSize } from '../picture-size.ts'

/**
 * One instance of photon. If it panics, its methods throw and its memory is never freed. Such an instance
 * must be dropped.
 */
export interface Photon {
  /** Bytes of memory that the instance has. It never shrinks. */
  size(): number
  /** Decodes a PNG, GIF, WebP, BMP, TIFF or ICO at its own size. */
  decode(file: Uint8Array): Raster
  scale(picture: Raster | Uint8Array, to: PictureSize): Raster
  jpeg(picture: Raster, quality: number): Bytes
  png(picture: Raster): Bytes
}

/** A pointer and a length. */
type Slice = [pointer: number, length: number]

/** The part of @cf-wasm/photon 0.4's WebAssembly that is used here. Images are pointers. */
interface Exports {
  readonly memory: WebAssembly.Memory
  readonly __wbindgen_externrefs: WebAssembly.Table
  __wbindgen_start(): void
  __wbindgen_malloc(bytes: number, align: number): number
  __wbindgen_free(pointer: number, bytes: number, align: number): void
  /** Takes ownership of the bytes. */
  photonimage_new(pointer: number, length: number, width: number, height: number): number
  /** Takes ownership of the bytes. */
  photonimage_new_from_byteslice(pointer: number, length: number): number
  photonimage_get_width(image: number): number
  photonimage_get_height(image: number): number
  photonimage_get_raw_pixels(image: number): Slice
  photonimage_get_bytes(image: number): Slice
  photonimage_get_bytes_jpeg(image: number, quality: number): Slice
  __wbg_photonimage_free(image: number, dropped: 1): void
  resize(image: number, width: number, height: number, filter: number): number
}

/** photon's number of the filter that averages all old pixels under a new one. */
const TRIANGLE = 2

/**
 * Makes a new instance with its own memory. The package's own binding has one instance for ever, in which
 * every broken picture leaves megabytes behind. So these few calls are made directly. They need nothing of
 * what the module imports from browsers.
 */
export function openPhoton(wasm: WebAssembly.Module): Photon {
  const instance = new WebAssembly.Instance(
    wasm,
    importsOf(wasm, () => photon.__wbindgen_externrefs),
  )
  const photon = instance.exports as unknown as Exports
  photon.__wbindgen_start()

  const put = (bytes: Uint8Array): Slice => {
    const pointer = photon.__wbindgen_malloc(bytes.length, 1) >>> 0
    new Uint8Array(photon.memory.buffer).set(bytes, pointer)
    return [pointer, bytes.length]
  }
  const take = ([pointer, length]: Slice): Bytes => {
    const start = pointer >>> 0
    const bytes = new Uint8Array(photon.memory.buffer.slice(start, start + length))
    photon.__wbindgen_free(pointer, length, 1)
    return bytes
  }
  /** Takes the pixels out of an image, and frees the image. */
  const raster = (image: number): Raster => {
    const width = photon.photonimage_get_width(image)
    const height = photon.photonimage_get_height(image)
    const rgba = take(photon.photonimage_get_raw_pixels(image))
    photon.__wbg_photonimage_free(image, 1)
    return { width, height, rgba }
  }
  const encode = ({ rgba, width, height }: Raster, encoder: (image: number) => Slice): Bytes => {
    const image = photon.photonimage_new(...put(rgba), width, height)
    const file = take(encoder(image))
    photon.__wbg_photonimage_free(image, 1)
    return file
  }

  return {
    size: () => photon.memory.buffer.byteLength,
    decode(file) {
      const image = photon.photonimage_new_from_byteslice(...put(file))
      return raster(image)
    },
    scale(picture, to) {
      const source =
        picture instanceof Uint8Array
          ? photon.photonimage_new_from_byteslice(...put(picture))
          : photon.photonimage_new(...put(picture.rgba), picture.width, picture.height)
      const width = photon.photonimage_get_width(source)
      const height = photon.photonimage_get_height(source)
      if (width === to.width && height === to.height) return raster(source)
      const scaled = photon.resize(source, to.width, to.height, TRIANGLE)
      photon.__wbg_photonimage_free(source, 1)
      return raster(scaled)
    },
    jpeg: (picture, quality) => encode(picture, image => photon.photonimage_get_bytes_jpeg(image, quality)),
    png: picture => encode(picture, image => photon.photonimage_get_bytes(image)),
  }
}

/** The imports of the module. They are all for browsers; only its table of references has to be prepared. */
function importsOf(wasm: WebAssembly.Module, table: () => WebAssembly.Table): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
  for (const { module, name } of WebAssembly.Module.imports(wasm)) {
    const group = imports[module] ?? {}
    imports[module] = group
    group[name] = () => {
      if (name !== '__wbindgen_init_externref_table') throw new Error(`photon called ${name}`)
      const references = table()
      const first = references.grow(4)
      references.set(0, undefined)
      for (const [i, value] of [undefined, null, true, false].entries()) references.set(first + i, value)
    }
  }
  return imports
}
