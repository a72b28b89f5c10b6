/** The part of opus-decoder 0.7 that is used here. The package's own types name its Web Worker, too. */
declare module '*/opus-decoder/src/OpusDecoder.js' {
  export default class OpusDecoder {
    /** A compiled module for all decoders; without it the first one compiles the text in the package. */
    static module?: WebAssembly.Module
    constructor(options: { readonly channels: number; readonly preSkip: number })
    readonly ready: Promise<void>
    /** Samples of 48 000 a second. A frame that is broken has none. */
    decodeFrame(frame: Uint8Array): {
      readonly channelData: readonly Float32Array[]
      readonly samplesDecoded: number
    }
    free(): void
  }
}
