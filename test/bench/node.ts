import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { freePort } from '../support/process.ts'
import { call, headersOf } from './api.ts'
import type { Subject } from './measure.ts'
import { runCommand, type Server, startServer } from './processes.ts'
import { amongCrowd, type Scale, seed, seeded } from './seed.ts'
import type { World } from './world.ts'

const app_id = 'demo'
const secret = 'a-secret-of-the-demo-app-for-the-benchmark'

/** A folder with the service's data. */
export interface Prepared {
  readonly folder: string
  readonly world: World
}

/** Limits that would end the work early; everything else is as a new app has it. */
const settings = [
  'rate_user_per_second=0',
  'max_groups=10000000',
  'max_groups_created=1000000',
  'max_groups_joined=1000000',
  'pending_uploads=100000',
  'upload_max_bytes=2000000000',
]

const environment = (folder: string) => ({
  DATA_DIR: folder,
  HOST: '127.0.0.1',
  LOG_LEVEL: 'info',
  NODE_ENV: 'production',
})

export const databaseIn = (folder: string): string => join(folder, 'cohort.db')

/** Makes a folder with an app and all there is to work on. */
export async function prepare(command: readonly string[], folder: string, scale: Scale): Promise<Prepared> {
  await runCommand([...command, 'app', 'create', app_id, '--secret', secret], environment(folder))
  await runCommand([...command, 'app', 'set', app_id, ...settings], environment(folder))
  seed(databaseIn(folder), app_id, scale)
  const world = seeded(databaseIn(folder), app_id, secret, scale)
  return { folder, world: scale.crowd === 0 ? world : { ...world, groups: amongCrowd(scale) } }
}

/** Starts the service on it; resolves when it listens. Its log goes to a file beside the data. */
export async function startService(
  command: readonly string[],
  folder: string,
  options: readonly string[] = [],
): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  return startServer(
    [...command, 'serve', ...options],
    { ...environment(folder), PORT: String(port) },
    { url, ready: 'is listening on', log: join(folder, 'log') },
  )
}

/** What `cohort check` says of it: throws unless all is well. */
export const check = (command: readonly string[], folder: string): Promise<string> =>
  runCommand([...command, 'check'], environment(folder))

/** The yardstick's server, on a copy of the database and of the files. */
export async function startYardstick(folder: string, database: string, files: string): Promise<Server> {
  mkdirSync(folder, { recursive: true })
  copyFileSync(database, join(folder, 'yardstick.db'))
  const port = await freePort()
  const variables = {
    PORT: String(port),
    DATABASE: join(folder, 'yardstick.db'),
    FILES: files,
    NODE_ENV: 'production',
  }
  return startServer([process.execPath, join(import.meta.dirname, 'yardstick.js')], variables, {
    url: `http://127.0.0.1:${port}`,
    ready: 'ready',
    log: join(folder, 'log'),
  })
}

/**
 * Uploads a file and a picture to the group in the middle, and keeps in `files` what is answered for them.
 */
export async function upload({ server, world }: Subject, files: string): Promise<World> {
  mkdirSync(files, { recursive: true })
  const store = async (
    name: string,
    file_type: number,
    bytes: Uint8Array<ArrayBuffer>,
    query: string,
  ): Promise<string> => {
    const to = `file_type=${file_type}&to_type=2&to_id=${world.middle.group_id}`
    const slot = await call<{ readonly upload_url: string; readonly download_url: string }>(
      server.url,
      world,
      1,
      `/file/upload/chat?${to}`,
    )
    const stored = await fetch(slot.upload_url, { method: 'PUT', body: bytes })
    const path = slot.download_url.slice(server.url.length) + query
    const answer = await fetch(server.url + path, { headers: await headersOf(world, 1) })
    if (answer.status !== 200)
      throw new Error(`${name} cannot be downloaded: ${answer.status}, after ${await stored.text()}`)
    writeFileSync(join(files, name), new Uint8Array(await answer.arrayBuffer()))
    return path
  }
  const noise = sharp({
    create: {
      width: 1200,
      height: 900,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
  const picture = new Uint8Array(await noise.jpeg().toBuffer())
  return {
    ...world,
    download: await store('original', 100, new TextEncoder().encode('0123456789'.repeat(10_000)), ''),
    thumbnail: await store('thumbnail', 102, picture, '&image_type=2&w=200&h=150'),
  }
}
