/** The WebAssembly codecs, by the paths of their files in their packages. */
export const WASM_FILES = {
  photon: '@cf-wasm/photon/photon.wasm',
  jpeg: '@cwasm/jpeg-turbo/jpeg-turbo.wasm',
  heif: 'libheif-js/libheif-wasm/libheif.wasm',
  avif: '@jsquash/avif/codec/dec/avif_dec.wasm',
  colour: 'lcms-wasm/dist/lcms.wasm',
} as const

export type WasmName = keyof typeof WASM_FILES

/**
 * Loads a compiled codec. It is called when the first picture needs the codec, so that a start costs nothing.
 */
export type LoadWasm = (name: WasmName) => Promise<WebAssembly.Module>

/**
 * An option for emscripten's glue code, which would otherwise fetch and compile the file itself. The codec's
 * memory grows to at most `maxBytes`. So a picture that is larger than its header says fails, and does not
 * fill the memory.
 */
export function instantiateWith(wasm: WebAssembly.Module, maxBytes = Number.POSITIVE_INFINITY) {
  return (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
    const instance = new WebAssembly.Instance(wasm, imports)
    for (const memory of Object.values(instance.exports)) {
      if (!(memory instanceof WebAssembly.Memory)) continue
      const grow = memory.grow.bind(memory)
      memory.grow = pages => {
        if (memory.buffer.byteLength + pages * PAGE_BYTES > maxBytes) throw new RangeError('too much memory')
        return grow(pages)
      }
    }
    done(instance)
    return instance.exports
  }
}

/** The unit in which the memory of WebAssembly grows. */
const PAGE_BYTES = 65_536
