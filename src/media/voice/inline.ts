import { createEncoder } from 'wasm-media-encoders'
import { NoConverter, type Voice } from '../../platform.ts'
import { openCompiledAmrCodec } from './amr-codec.ts'
import { amrToMp3 } from './convert.ts'

/**
 * Compiled modules: the AMR decoder, which scripts/extract-wasm.mjs takes out of its package, and `mp3.wasm`
 * of wasm-media-encoders.
 */
export interface VoiceWasm {
  amr(): Promise<WebAssembly.Module>
  mp3(): Promise<WebAssembly.Module>
}

/**
 * Voice conversion where there are no threads (Workers). The modules are loaded for each clip, so that a
 * start costs nothing.
 */
export function inlineVoice(wasm: VoiceWasm): Voice {
  const codecs = {
    openAmr: async () => openCompiledAmrCodec(await wasm.amr()),
    openMp3: async () => createEncoder('audio/mpeg', await wasm.mp3()),
  }
  return {
    async toMp3(sound, contentType) {
      if (!contentType.startsWith('audio/amr')) throw new NoConverter('this server converts AMR voice alone')
      return amrToMp3(sound, codecs)
    },
  }
}
