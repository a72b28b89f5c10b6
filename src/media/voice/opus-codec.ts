import OpusDecoder from '../../../node_modules/opus-decoder/src/OpusDecoder.js'

/** Opens a decoder with its own memory, for one clip. */
export type OpenOpusDecoder = (channels: number) => Promise<OpusDecoder>

/** For servers: the package contains its WebAssembly as text. */
export const openOpusDecoder: OpenOpusDecoder = async channels => {
  // What the encoder put before the sound is cut off with the rest (opus.ts).
  const decoder = new OpusDecoder({ channels, preSkip: 0 })
  await decoder.ready
  return decoder
}

/**
 * For Workers, which cannot compile WebAssembly at run time. scripts/extract-wasm.mjs takes it out of the
 * package.
 */
export function openCompiledOpusDecoder(wasm: WebAssembly.Module, channels: number): Promise<OpusDecoder> {
  OpusDecoder.module = wasm
  return openOpusDecoder(channels)
}
