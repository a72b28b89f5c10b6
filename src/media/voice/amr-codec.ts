import createAmr, { type AmrCodec } from '../../../node_modules/@audio/decode-amr/src/amr.wasm.js'

/** Opens a codec with memory of its own, for one clip. */
export type OpenAmrCodec = () => Promise<AmrCodec>

/** For servers: the package carries its WebAssembly as text. */
export const openAmrCodec: OpenAmrCodec = () => createAmr()

/**
 * For Workers, which may not compile at run time: `wasm` was taken out of the package by scripts/extract-
 * wasm.mjs.
 */
export const openCompiledAmrCodec = (wasm: WebAssembly.Module): Promise<AmrCodec> =>
  createAmr({ instantiateWasm: (imports, done) => done(new WebAssembly.Instance(wasm, imports)) })
