import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { openFile, readFile } from '../blobs/folder.ts'
import { logThread } from '../db/engines/log-thread.ts'
import { nodeSqlite } from '../db/engines/node-sqlite.ts'
import { sharpDecodeCost } from '../media/decode-cost.ts'
import { ffmpegVideos } from '../media/ffmpeg-videos.ts'
import { processImages, V8_CONVERTER_BYTES } from '../media/process/images.ts'
import { serverVoice } from '../media/voice/server-voice.ts'
import type { ByteStream } from '../platform.ts'
import { main } from './cli/main.ts'
import type { Runtime } from './runtime.ts'
import { underWay } from './under-way.ts'

interface Remote {
  readonly remoteAddr: { readonly hostname: string }
}
declare const Deno: {
  open(
    path: string,
  ): Promise<{ seek(offset: number, whence: 0): Promise<number>; readonly readable: ByteStream }>
  readonly mainModule: string
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: (request: Request, remote: Remote) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void>; shutdown(): Promise<void> }
}

/**
 * The permissions of the command line. They are the same as in `npm run start:deno`: no command needs more
 * than the service.
 */
const permissions = ['net', 'env', 'read', 'write', 'sys', 'ffi', 'run'].map(name => `--allow-${name}`)

/**
 * A converter of pictures may only read its own program and its libraries. It cannot reach the network or
 * write files.
 */
const pictureProcess = [
  process.execPath,
  'run',
  '--no-prompt',
  ...['read', 'env', 'sys', 'ffi'].map(name => `--allow-${name}`),
  fileURLToPath(new URL('./picture-process.ts', import.meta.url)),
]

const runtime: Runtime = {
  name: 'deno',
  command: [process.execPath, 'run', '--no-prompt', ...permissions, Deno.mainModule],
  openDatabase: nodeSqlite,
  logThread: file => logThread(new URL('./log-worker.ts', import.meta.url), file),
  async listen(app, hostname, port) {
    const { fetch, end } = underWay(app)
    const server = Deno.serve({ hostname, port, onListen() {} }, (request, remote) =>
      fetch(request, { remote }),
    )
    return {
      port: server.addr.port,
      async close(graceMs) {
        let deadline: ReturnType<typeof setTimeout> | undefined
        const late = new Promise<void>(resolve => {
          deadline = setTimeout(resolve, graceMs)
        })
        // `shutdown` alone would break requests whose body is still being sent.
        await Promise.race([end().then(() => server.shutdown()), late])
        clearTimeout(deadline)
      },
    }
  },
  images: processImages(pictureProcess, sharpDecodeCost, V8_CONVERTER_BYTES),
  voice: serverVoice(new URL('./voice-worker.ts', import.meta.url)),
  videos: ffmpegVideos(),
  sender: {
    sendsAll: false,
    async send(_, { path, range }, answer) {
      const opened = await openFile(path)
      if (opened === undefined) return undefined
      if (range.end < opened.stats.size - 1) return new Response(readFile(opened.file, range), answer)
      await opened.file.close()
      // Deno itself sends what is the body of a file to its end.
      const file = await Deno.open(path)
      await file.seek(range.start, 0)
      return new Response(file.readable, answer)
    },
  },
  addressOf: ({ env }) => (env as { remote?: Remote }).remote?.remoteAddr.hostname ?? '',
}

process.exit(await main(runtime, process.argv.slice(2)))
