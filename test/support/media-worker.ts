/** Run by workerd: serves the media adapters for Workers. */

import { loadWasm, MAX_PICTURE_BYTES } from '../../src/entry/worker/wasm.ts'
import { inlineVoice } from '../../src/media/voice/inline.ts'
import { wasmImages } from '../../src/media/wasm-images.ts'
import { serveMedia } from './media-http.ts'

const handle = serveMedia({
  images: wasmImages(loadWasm, MAX_PICTURE_BYTES),
  voice: inlineVoice({
    amr: async () => (await import('../../dist/amr.wasm')).default,
    opus: async () => (await import('../../dist/opus.wasm')).default,
    mp3: async () => (await import('../../node_modules/wasm-media-encoders/wasm/mp3.wasm')).default,
  }),
})

export default { fetch: handle }
