/**
 * The part of @jsquash/avif that is used here. Its own types need emscripten's types, which it does not
 * include.
 */
declare module '@jsquash/avif/codec/dec/avif_dec.js' {
  interface Options {
    noInitialRun: boolean
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): unknown
  }
  export interface AvifDecoder {
    decode(
      file: Uint8Array,
      bitDepth: 8,
    ): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } | null
  }
  export default function createAvif(options: Options): Promise<AvifDecoder>
}
