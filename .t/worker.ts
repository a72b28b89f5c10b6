import { photonImages } from '../src/media/photon.ts'
import { inlineVoice } from '../src/media/voice/inline.ts'
import { pictureSize } from '../src/media/picture-size.ts'
import { sniff } from '../src/media/sniff.ts'
const images = photonImages(async () => (await import('@cf-wasm/photon/photon.wasm')).default)
const voice = inlineVoice(async () => (await import('../node_modules/wasm-media-encoders/wasm/mp3.wasm')).default)
export default { async fetch(request: Request) {
  const url = new URL(request.url)
  if (url.pathname === '/') return new Response('ok')
  const body = new Uint8Array(await request.arrayBuffer())
  try {
    if (url.pathname === '/sniff') return Response.json({ ...(await sniff(body)), size: pictureSize(body) })
    if (url.pathname === '/mp3') return new Response(await voice.toMp3(body))
    const p = await images.resize(body, { fit: url.pathname === '/cover' ? 'cover' : 'inside', width: 200, height: 200 })
    return new Response(p.bytes, { headers: { 'content-type': p.contentType } })
  } catch (e) { return new Response(String(e), { status: 409 }) }
} }
