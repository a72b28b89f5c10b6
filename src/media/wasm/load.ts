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

/** An option for emscripten's glue code, which would otherwise fetch and compile the file itself. */
export function instantiateWith(
  wasm: WebAssembly.Module,
  onInstance?: (instance: WebAssembly.Instance) => void,
) {
  return (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
    const instance = new WebAssembly.Instance(wasm, imports)
    onInstance?.(instance)
    done(instance)
    return instance.exports
  }
}
