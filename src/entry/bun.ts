import { lstat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { bunSqlite } from '../db/engines/bun-sqlite.ts'
import { logThread } from '../db/engines/log-thread.ts'
import { failure } from '../http/respond.ts'
import { wasmDecodeCost } from '../media/decode-cost.ts'
import { ffmpegVideos } from '../media/ffmpeg-videos.ts'
import { BUN_CONVERTER_BYTES, processImages } from '../media/process/images.ts'
import { serverVoice } from '../media/voice/server-voice.ts'
import { main } from './cli/main.ts'
import type { Runtime } from './runtime.ts'
import { bunTextBody } from './text-body-bun.ts'

interface BunServer {
  readonly port: number
  requestIP(request: Request): { readonly address: string } | null
  stop(closeActive?: boolean): Promise<void>
}
declare const Bun: {
  readonly main: string
  file(path: string): Blob
  serve(options: {
    hostname: string
    port: number
    maxRequestBodySize: number
    idleTimeout: number
    development: boolean
    error(error: unknown): Response
    fetch(request: Request, server: BunServer): Response | Promise<Response>
  }): BunServer
}

/**
 * The largest request that Bun accepts, bytes. It only has to be larger than the service's own limits for
 * uploads.
 */
const maxRequestBytes = 6 * 1024 ** 3

/**
 * Whether this is the compiled binary. Bun gives a binary a file system of its own, and starts it without a
 * script.
 */
const compiled = /\$bunfs|~BUN/.test(Bun.main)

/**
 * A program beside this one. In a binary with bytecode `import.meta.url` is the path of the source on the
 * machine that built it, so the place is that of the main program.
 */
const besideMain = (name: string): URL => new URL(name, pathToFileURL(Bun.main))

const command = compiled ? [process.execPath] : [process.execPath, Bun.main]

/**
 * The argument that makes this program a converter of pictures. A compiled binary can start no other program
 * than itself.
 */
const PICTURE_PROCESS = 'picture-process'

/**
 * The answer when Bun cannot open the file of an answer. The service answers all its own errors, so nothing
 * else comes here: the file was deleted after the service had looked at it.
 */
const fileVanished = (): Response =>
  new Response(failure(410, 'the file is gone from the object storage'), {
    status: 410,
    headers: { 'content-type': 'application/json' },
  })

const runtime: Runtime = {
  name: 'bun',
  command,
  openDatabase: bunSqlite,
  logThread: file => logThread(besideMain('log-worker.ts'), file),
  async listen(app, hostname, port) {
    const server = Bun.serve({
      hostname,
      port,
      maxRequestBodySize: maxRequestBytes,
      idleTimeout: 65,
      // Otherwise Bun would answer a page with the stack.
      development: false,
      error: fileVanished,
      fetch: (request, self) => app.fetch(request, { server: self }),
    })
    return {
      port: server.port,
      async close(graceMs) {
        const deadline = setTimeout(() => server.stop(true), graceMs)
        await server.stop()
        clearTimeout(deadline)
      },
    }
  },
  memoryBody: bytes => new Blob([bytes]),
  images: processImages([...command, PICTURE_PROCESS], wasmDecodeCost, BUN_CONVERTER_BYTES),
  voice: serverVoice(besideMain('voice-worker.ts')),
  videos: ffmpegVideos(),
  // Bun sends a file by itself, and tells its length. A stream it sends in chunks, whatever the headers say.
  sender: {
    sendsAll: false,
    async send(_, { path, range }, answer) {
      const stats = await lstat(path).catch(() => undefined)
      if (stats?.isFile() !== true) return undefined
      return new Response(Bun.file(path).slice(range.start, range.end + 1), answer)
    },
  },
  texts: { smallBody: bunTextBody },
  addressOf: ({ env, req }) => (env as { server?: BunServer }).server?.requestIP(req.raw)?.address ?? '',
}

if (process.argv[2] === PICTURE_PROCESS)
  void import('./picture-process-bun.ts').then(({ runPictureProcess }) => runPictureProcess())
else void main(runtime, process.argv.slice(2)).then(code => process.exit(code))
