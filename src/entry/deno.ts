import process from 'node:process'
import { logThread } from '../db/engines/log-thread.ts'
import { nodeSqlite } from '../db/engines/node-sqlite.ts'
import { ffmpegVideos } from '../media/ffmpeg-videos.ts'
import { sharpImages } from '../media/sharp.ts'
import { serverVoice } from '../media/voice/server-voice.ts'
import { main } from './cli/main.ts'
import type { Runtime } from './runtime.ts'
import { underWay } from './under-way.ts'

interface Remote {
  readonly remoteAddr: { readonly hostname: string }
}
declare const Deno: {
  readonly mainModule: string
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: (request: Request, remote: Remote) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void>; shutdown(): Promise<void> }
}

/**
 * What the command line needs beside the service's own permissions is nothing: the same as in `npm run
 * start:deno`.
 */
const permissions = ['net', 'env', 'read', 'write', 'sys', 'ffi', 'run'].map(name => `--allow-${name}`)

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
        // `shutdown` alone would fail whoever is still sending a body.
        await Promise.race([end().then(() => server.shutdown()), late])
        clearTimeout(deadline)
      },
    }
  },
  images: sharpImages(),
  voice: serverVoice(new URL('./voice-worker.ts', import.meta.url)),
  videos: ffmpegVideos(),
  addressOf: ({ env }) => (env as { remote?: Remote }).remote?.remoteAddr.hostname ?? '',
}

process.exit(await main(runtime, process.argv.slice(2)))
