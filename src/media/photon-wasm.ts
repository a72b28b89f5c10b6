import type { Bytes } from '../platform.ts'
import type { Raster } from './picture.ts'
import type { PictureSize } from './picture-size.ts'

/** One instance of photon. Its methods throw when it panics; an instance that threw is to be dropped. */
export interface Photon {
  scale(file: Uint8Array, to: PictureSize): Raster
  jpeg(picture: { rgba: Uint8Array; width: number; height: number }, quality: number): Bytes
  png(picture: { rgba: Uint8Array; width: number; height: number }): Bytes
}

/** The part of @cf-wasm/photon 0.4's WebAssembly that is used here; pairs are a pointer and a length. */
interface Exports {
  readonly memory: WebAssembly.Memory
  readonly __wbindgen_externrefs: WebAssembly.Table
  __wbindgen_start(): void
  __wbindgen_malloc(size: number, align: number): number
  photonimage_new(pointer: number, length: number, width: number, height: number): number
  photonimage_new_from_byteslice(pointer: number, length: number): number
  photonimage_get_width(image: number): number
  photonimage_get_height(image: number): number
  photonimage_get_raw_pixels(image: number): [number, number]
  photonimage_get_bytes(image: number): [number, number]
  photonimage_get_bytes_jpeg(image: number, quality: number): [number, number]
  resize(image: number, width: number, height: number, filter: number): number
}

/** photon's name for the filter that averages all pixels under the new one. */
const TRIANGLE = 2

/**
 * A fresh instance, with memory of its own that goes when it goes. The package's own binding keeps one instance for ever, which a
 * panic leaves leaking megabytes; hence these few calls, which use neither the DOM nor anything else the module imports.
 */
export function openPhoton(wasm: WebAssembly.Module): Photon {
  const instance = new WebAssembly.Instance(
    wasm,
    unusedImports(wasm, () => photon.__wbindgen_externrefs),
  )
  const photon = instance.exports as unknown as Exports
  photon.__wbindgen_start()

  const put = (bytes: Uint8Array): [number, number] => {
    const pointer = photon.__wbindgen_malloc(bytes.length, 1) >>> 0
    new Uint8Array(photon.memory.buffer).set(bytes, pointer)
    return [pointer, bytes.length]
  }
  const take = ([pointer, length]: [number, number]): Bytes =>
    new Uint8Array(photon.memory.buffer.slice(pointer >>> 0, (pointer >>> 0) + length))
  const fromPixels = (picture: { rgba: Uint8Array; width: number; height: number }): number =>
    photon.photonimage_new(...put(picture.rgba), picture.width, picture.height)

  return {
    scale(file, to) {
      const decoded = photon.photonimage_new_from_byteslice(...put(file))
      const same = photon.photonimage_get_width(decoded) === to.width && photon.photonimage_get_height(decoded) === to.height
      const scaled = same ? decoded : photon.resize(decoded, to.width, to.height, TRIANGLE)
      return {
        width: photon.photonimage_get_width(scaled),
        height: photon.photonimage_get_height(scaled),
        rgba: take(photon.photonimage_get_raw_pixels(scaled)),
      }
    },
    jpeg: (picture, quality) => take(photon.photonimage_get_bytes_jpeg(fromPixels(picture), quality)),
    png: picture => take(photon.photonimage_get_bytes(fromPixels(picture))),
  }
}

/** Everything the module wants from JavaScript is for browsers; only the table of references must be prepared. */
function unusedImports(wasm: WebAssembly.Module, table: () => WebAssembly.Table): WebAssembly.Imports {
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
