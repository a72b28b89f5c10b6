import { createEncoder } from 'wasm-media-encoders'
import type { Voice } from '../../platform.ts'
import { openCompiledAmrCodec } from './amr-codec.ts'
import { voiceToMp3 } from './convert.ts'
import { openCompiledOpusDecoder } from './opus-codec.ts'

/**
 * Compiled modules: the decoders of AMR and Opus, which scripts/extract-wasm.mjs takes out of their packages,
 * and `mp3.wasm` of wasm-media-encoders.
 */
export interface VoiceWasm {
  amr(): Promise<WebAssembly.Module>
  opus(): Promise<WebAssembly.Module>
  mp3(): Promise<WebAssembly.Module>
}

/**
 * Voice conversion where there are no threads (Workers). The modules are loaded for each clip, so that a
 * start costs nothing.
 */
export function inlineVoice(wasm: VoiceWasm): Voice {
  const codecs = {
    openAmr: async () => openCompiledAmrCodec(await wasm.amr()),
    openOpus: async (channels: number) => openCompiledOpusDecoder(await wasm.opus(), channels),
    openMp3: async () => createEncoder('audio/mpeg', await wasm.mp3()),
  }
  return { toMp3: (sound, contentType) => voiceToMp3(sound, contentType, codecs) }
}
