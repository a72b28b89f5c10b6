/**
 * The part of `@audio/decode-amr` that its entry does not export: opencore-amr as WebAssembly, with the glue
 * that emscripten made.
 */
declare module '*/amr.wasm.js' {
  /** One instance with memory of its own. Pointers count from the start of `HEAPU8`. */
  export interface AmrCodec {
    readonly HEAPU8: Uint8Array
    readonly HEAPF32: Float32Array
    _malloc(bytes: number): number
    _amr_nb_create(): number
    _amr_wb_create(): number
    /**
     * Decodes one frame, including its header byte. Answers how many samples are at `output`: 160 at 8 kHz,
     * or 320 at 16 kHz.
     */
    _amr_nb_decode(decoder: number, frame: number, bytes: number): number
    _amr_wb_decode(decoder: number, frame: number, bytes: number): number
    _amr_nb_output(): number
    _amr_wb_output(): number
  }
  interface Options {
    /** Makes the instance where WebAssembly cannot be compiled at run time, and passes it to `done`. */
    instantiateWasm?(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): void
  }
  export default function createAmr(options?: Options): Promise<AmrCodec>
}
