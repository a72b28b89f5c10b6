/** Run by Bun or Deno: serves the media adapters of that runtime and prints the port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { sharpDecodeCost, wasmDecodeCost } from '../../src/media/decode-cost.ts'
import { BUN_CONVERTER_BYTES, processImages, V8_CONVERTER_BYTES } from '../../src/media/process/images.ts'
import { serverVoice } from '../../src/media/voice/server-voice.ts'
import { serveMedia } from './media-http.ts'

const entry = (name: string) => fileURLToPath(new URL(`../../src/entry/${name}`, import.meta.url))

const handle = serveMedia({
  images:
    'Bun' in globalThis
      ? processImages(
          [process.execPath, entry('bun.ts'), 'picture-process'],
          wasmDecodeCost,
          BUN_CONVERTER_BYTES,
        )
      : processImages(
          [process.execPath, 'run', '--allow-all', entry('picture-process.ts')],
          sharpDecodeCost,
          V8_CONVERTER_BYTES,
        ),
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
