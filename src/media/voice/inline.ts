import { createEncoder } from 'wasm-media-encoders'
import type { Voice } from '../../platform.ts'
import { amrToMp3 } from './convert.ts'

/**
 * Voice where there are no threads (Workers). `loadWasm` gives the compiled `mp3.wasm` of
 * wasm-media-encoders; it is called for each clip, so that a start pays nothing. Wide-band AMR is refused.
 */
export function inlineVoice(loadWasm: () => Promise<WebAssembly.Module>): Voice {
  return { toMp3: amr => amrToMp3(amr, async () => createEncoder('audio/mpeg', await loadWasm())) }
}
