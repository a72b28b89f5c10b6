/** Run by Bun or Deno: serves the media adapters of that runtime and prints the port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bunImages } from '../../src/media/bun-image.ts'
import { sharpImages } from '../../src/media/sharp.ts'
import { serverVoice } from '../../src/media/voice/server-voice.ts'
import { serveMedia } from './media-http.ts'

const handle = serveMedia({
  images: 'Bun' in globalThis ? bunImages() : sharpImages(),
  voice: serverVoice(new URL('../../src/entry/voice-worker.ts', import.meta.url)),
})

const server = createServer(async (incoming, outgoing) => {
  const parts: Uint8Array[] = []
  for await (const part of incoming) parts.push(part)
  const answer = await handle(
    new Request(`http://localhost${incoming.url}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.concat(parts)),
    }),
  )
  outgoing.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
  outgoing.end(Buffer.from(await answer.arrayBuffer()))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
