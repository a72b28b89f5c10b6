/** The codecs that are WebAssembly, by their files in the packages that they come from. */
export const WASM_FILES = {
  photon: '@cf-wasm/photon/photon.wasm',
  jpeg: '@cwasm/jpeg-turbo/jpeg-turbo.wasm',
  heif: 'libheif-js/libheif-wasm/libheif.wasm',
  avif: '@jsquash/avif/codec/dec/avif_dec.wasm',
  colour: 'lcms-wasm/dist/lcms.wasm',
} as const

export type WasmName = keyof typeof WASM_FILES

/** Gives a compiled codec. It is called when the first picture wants it, so that a start pays nothing. */
export type LoadWasm = (name: WasmName) => Promise<WebAssembly.Module>

/** For emscripten's glue, which would otherwise fetch and compile the file itself. */
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
