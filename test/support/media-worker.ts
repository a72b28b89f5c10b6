/** Run by workerd: serves the media adapters for Workers. */
import { photonImages } from '../../src/media/photon.ts'
import { inlineVoice } from '../../src/media/voice/inline.ts'
import { serveMedia } from './media-http.ts'

const handle = serveMedia({
  images: photonImages(async () => (await import('@cf-wasm/photon/photon.wasm')).default),
  voice: inlineVoice({
    amr: async () => (await import('../../dist/amr.wasm')).default,
    mp3: async () => (await import('../../node_modules/wasm-media-encoders/wasm/mp3.wasm')).default,
  }),
})

export default { fetch: handle }
