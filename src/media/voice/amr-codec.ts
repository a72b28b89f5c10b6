import createAmr, { type AmrCodec } from '../../../node_modules/@audio/decode-amr/src/amr.wasm.js'

/** Opens a codec with its own memory, for one clip. */
export type OpenAmrCodec = () => Promise<AmrCodec>

/** For servers: the package contains its WebAssembly as text. */
export const openAmrCodec: OpenAmrCodec = () => createAmr()

/**
 * For Workers, which cannot compile WebAssembly at run time. scripts/extract-wasm.mjs takes `wasm` out of the
 * package.
 */
export const openCompiledAmrCodec = (wasm: WebAssembly.Module): Promise<AmrCodec> =>
  createAmr({ instantiateWasm: (imports, done) => done(new WebAssembly.Instance(wasm, imports)) })
