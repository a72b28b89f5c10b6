import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { betterSqlite3 } from '../db/engines/better-sqlite3.ts'
import { threadedCheckpoints } from '../db/engines/checkpoints.ts'
import { logThread } from '../db/engines/log-thread.ts'
import { sharpDecodeCost } from '../media/decode-cost.ts'
import { ffmpegVideos } from '../media/ffmpeg-videos.ts'
import { processImages, V8_CONVERTER_BYTES } from '../media/process/images.ts'
import { serverVoice } from '../media/voice/server-voice.ts'
import { main } from './cli/main.ts'
import { GatheringMessage } from './gathering-message.ts'
import type { Runtime } from './runtime.ts'
import { nodeSender } from './send-file.ts'
import { nodeTextSender } from './send-text.ts'
import { together } from './together.ts'

const runtime: Runtime = {
  name: 'node',
  command: [process.execPath, fileURLToPath(import.meta.url)],
  openDatabase: betterSqlite3,
  logThread: file => logThread(new URL('./log-worker.js', import.meta.url), file),
  checkpoints: (engine, file, watch) =>
    threadedCheckpoints(new URL('./checkpoint-worker.js', import.meta.url), engine, file, watch),
  async listen(app, hostname, port) {
    const answer = getRequestListener(together(app.fetch), { hostname })
    // A client that sends its headers or its body very slowly must not hold a connection for ever. A slow
    // upload may take an hour.
    const options = {
      IncomingMessage: GatheringMessage,
      headersTimeout: 15_000,
      requestTimeout: 3_600_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    }
    const server = createServer(options, (incoming, outgoing) =>
      incoming.withSmallBody(() => void answer(incoming, outgoing)),
    )
    server.setTimeout(120_000)
    const sockets = new Set<Socket>()
    server.on('connection', socket => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, hostname, resolve)
    })
    return {
      port: (server.address() as AddressInfo).port,
      async close(graceMs) {
        const closed = new Promise<void>(resolve => server.close(() => resolve()))
        // Node counts a connection that never sent anything as busy. It also keeps a connection open if its
        // last request is answered after `close` was called. So both are closed here.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
        const idle = setInterval(() => server.closeIdleConnections(), 20)
        const deadline = setTimeout(() => server.closeAllConnections(), graceMs)
        await closed
        clearInterval(idle)
        clearTimeout(deadline)
      },
    }
  },
  images: processImages(
    [process.execPath, fileURLToPath(new URL('./picture-process.js', import.meta.url))],
    sharpDecodeCost,
    V8_CONVERTER_BYTES,
  ),
  voice: serverVoice(new URL('./voice-worker.js', import.meta.url)),
  videos: ffmpegVideos(),
  sender: nodeSender,
  texts: { sender: nodeTextSender },
  addressOf: ({ env }) => (env as { incoming?: IncomingMessage }).incoming?.socket.remoteAddress ?? '',
  receivedBody: ({ env }) => (env as { incoming?: GatheringMessage }).incoming,
}

// On Node 20 the SDK for S3 warns that its versions of 2027 will need Node 22. Cohort pins the version of the
// SDK and supports Node 20.19. So the warning would be in every log without anything for the operator to do.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

void main(runtime, process.argv.slice(2)).then(code => {
  process.exitCode = code
})
