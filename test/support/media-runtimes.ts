import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { sharpDecodeCost } from '../../src/media/decode-cost.ts'
import { processImages, V8_CONVERTER_BYTES } from '../../src/media/process/images.ts'
import { serverVoice } from '../../src/media/voice/server-voice.ts'
import { type Media, remoteMedia } from './media-http.ts'
import { removeFolder, run, temporaryFolder } from './process.ts'

export interface RunningMedia extends Media {
  stop(): Promise<unknown>
}

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The adapters for servers, in this process; the thread as the build makes it. */
export async function nodeMedia(): Promise<RunningMedia> {
  const folder = temporaryFolder()
  const worker = await buildVoiceWorker(folder)
  return {
    images: processImages([process.execPath, 'dist/picture-process.js'], sharpDecodeCost, V8_CONVERTER_BYTES),
    voice: serverVoice(worker),
    stop: () => removeFolder(folder),
  }
}

export async function buildVoiceWorker(folder: string): Promise<URL> {
  const outfile = join(folder, 'voice-worker.mjs')
  const entryPoints = [pathOf('../../src/entry/voice-worker.ts')]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  })
  return pathToFileURL(outfile)
}

export const bunMedia = (): Promise<RunningMedia> => childMedia('bun', [])

export const denoMedia = (): Promise<RunningMedia> => childMedia('deno', ['run', '--allow-all'])

async function childMedia(runtime: string, args: string[]): Promise<RunningMedia> {
  const command = pathOf(`../../node_modules/.bin/${runtime}`)
  const child = spawn(command, [...args, pathOf('media-server.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${runtime} did not start`))),
  ])
  const media = remoteMedia(async (path, body) => {
    const answer = await fetch(`http://127.0.0.1:${String(port).trim()}${path}`, { method: 'POST', body })
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      bytes: new Uint8Array(await answer.arrayBuffer()),
    }
  })
  return {
    ...media,
    async stop() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}

/** The adapters for Workers in a real workerd. */
export async function workerMedia(): Promise<RunningMedia> {
  const folder = temporaryFolder()
  await run(['node', 'scripts/extract-wasm.mjs'])
  await build({
    entryPoints: { worker: pathOf('media-worker.ts') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    alias: {
      fs: pathOf('../../src/entry/worker/nothing.ts'),
      path: pathOf('../../src/entry/worker/nothing.ts'),
    },
    logLevel: 'warning',
  })
  const wasm = readdirSync(folder).filter(name => name.endsWith('.wasm'))
  const miniflare = new Miniflare({
    compatibilityDate: '2026-04-01',
    modulesRoot: folder,
    modules: [
      { type: 'ESModule', path: join(folder, 'worker.js') },
      ...wasm.map(name => ({ type: 'CompiledWasm' as const, path: join(folder, name) })),
    ],
  })
  const media = remoteMedia(async (path, body) => {
    const answer = await miniflare.dispatchFetch(`http://localhost${path}`, { method: 'POST', body })
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      bytes: new Uint8Array(await answer.arrayBuffer()),
    }
  })
  return {
    ...media,
    async stop() {
      await miniflare.dispose()
      await removeFolder(folder)
    },
  }
}
