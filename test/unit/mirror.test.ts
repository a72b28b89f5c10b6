import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3Store } from '../../src/blobs/s3.ts'
import type { BlobStore, Bytes } from '../../src/platform.ts'
import { crowd, newTenant, times } from '../support/crowds.ts'
import { read, sendFile, toGroup } from '../support/files.ts'
import { newGroup, type User } from '../support/groups.ts'
import { bytesOf, quarters } from '../support/pictures.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'
import { type Installation, installation } from '../support/programs.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import type { Instance } from '../support/target.ts'

const folder = temporaryFolder()
const node = ['node', 'dist/cohort.js']
let s3: S3Server
let count = 0

beforeAll(async () => {
  s3 = await startS3Server()
})
afterAll(async () => {
  await s3.stop()
  await removeFolder(folder)
})

const keys = () => ({
  S3_ENDPOINT: s3.endpoint,
  S3_REGION: s3.region,
  S3_ACCESS_KEY_ID: s3.accessKeyId,
  S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
})

/** A service with files, and the place in the bucket where they are mirrored. */
interface Home extends Installation {
  readonly place: string
  readonly bucket: BlobStore
  readonly environment: Readonly<Record<string, string>>
  files(...args: string[]): ReturnType<typeof run>
}

function newHome(data = join(folder, `data-${++count}`), prefix = `mirror-${count}`): Home {
  const place = `s3://${s3.bucket}/${prefix}`
  const environment = { DATA_DIR: data, ...keys() }
  return {
    ...installation('node', node, data),
    place,
    environment,
    bucket: s3Store({
      ...s3,
      forcePathStyle: true,
      upload: 'through',
      prefix: `${prefix}/`,
    }),
    files: (verb = '', ...options) => run([...node, 'files', verb, place, ...options], environment),
  }
}

const namesIn = async (store: BlobStore): Promise<string[]> => {
  const names: string[] = []
  for await (const key of store.list('')) names.push(key)
  return names
}
const bytesIn = async (store: BlobStore, key: string): Promise<Bytes> =>
  new Uint8Array(await new Response((await store.get(key)) ?? null).arrayBuffer())
const appears = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 20))
}

/** Starts the service with a user who has a group, and answers what sends files to it. */
async function started(home: Home): Promise<{
  readonly instance: Instance
  readonly user: User
  send(bytes: Bytes): Promise<string>
}> {
  const instance = await home.serve()
  const [user] = await crowd(instance, 1, await newTenant(instance, 'pictures'))
  if (user === undefined) throw new Error('no user')
  const group_id = await newGroup(user)
  return { instance, user, send: bytes => sendFile(user, toGroup(group_id), bytes) }
}
const filled = (size: number, value: number): Bytes =>
  new Uint8Array(size).map((_, i) => (i * 7 + value) % 251)

/** Another server, with the database of this one and none of its files. */
async function movedTo(home: Home): Promise<Home> {
  const [backup, data] = [join(folder, `backup-${++count}`), join(folder, `moved-${count}`)]
  await home.done('backup', backup)
  const moved = newHome(data, home.place.split('/').at(-1))
  await moved.done('restore', backup)
  return moved
}

it('what was mirrored comes back elsewhere, thumbnails made anew, and a second run sends nothing', async () => {
  const home = newHome()
  const { instance, user, send } = await started(home)
  const picture = await bytesOf(quarters(300, 200).jpeg())
  const pictureUrl = new URL(await send(picture))
  const sent = [filled(0, 1), filled(10, 2), filled(9 * 1024 * 1024, 3)]
  const urls = await Promise.all(sent.map(send))
  const thumbnail = `${pictureUrl.pathname}${pictureUrl.search}&image_type=2&w=50&h=50`
  const reading = (on: Instance, path: string) => read(user, new URL(path, on.url).href)
  const small = await reading(instance, thumbnail)
  expect(small.status).toBe(200)

  const bytes = sent.reduce((sum, { length }) => sum + length, picture.length)
  expect(await home.files('mirror')).toMatchObject({
    code: 0,
    stdout: `${home.place}: 4 files of ${bytes} bytes uploaded, 0 were there already\n`,
    stderr: '',
  })
  await send(filled(20, 4))
  expect((await home.files('mirror')).stdout).toMatch(/: 1 files of 20 bytes uploaded, 4 were there already/)
  expect(await namesIn(home.bucket)).toHaveLength(5)

  const moved = await movedTo(home)
  await instance.stop()
  expect((await moved.cli('check', '--files')).stdout.match(/lost its bytes/g)).toHaveLength(5)
  expect(await moved.files('fetch')).toMatchObject({
    code: 0,
    stdout: `${home.place}: 5 files of ${bytes + 20} bytes fetched, 0 were here already\n`,
    stderr: '',
  })
  expect((await moved.files('fetch')).stdout).toMatch(/: 0 files of 0 bytes fetched, 5 were here already/)
  expect(await moved.done('check', '--files')).toBe('ok\n')
  const service = await moved.serve()
  for (const [i, url] of urls.entries()) {
    const { pathname, search } = new URL(url)
    const found = await reading(service, pathname + search)
    expect(Buffer.compare(found.bytes, sent[i] ?? new Uint8Array())).toBe(0)
  }
  expect(await reading(service, thumbnail)).toMatchObject({ status: 200, bytes: small.bytes })
  await service.stop()
  expect(await moved.done('check', '--files')).toBe('ok\n')
})

it('a mirror and a fetch that are killed go on where they were, and leave nothing by half', async () => {
  const home = newHome()
  const { instance, send } = await started(home)
  const sizes = times(80).map(i => (i % 40 === 0 ? 9 * 1024 * 1024 : 20_000 + i))
  for (let i = 0; i < sizes.length; i += 8)
    await Promise.all(sizes.slice(i, i + 8).map((size, j) => send(filled(size, i + j))))
  const killedWhen = async (verb: string, at: Home, condition: () => Promise<boolean>) => {
    const child = spawn(node[0] ?? '', [...node.slice(1), 'files', verb, at.place], {
      env: { ...process.env, ...at.environment },
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    await Promise.race([appears(condition), exited])
    child.kill('SIGKILL')
    await exited
  }
  for (const many of [1, 40])
    await killedWhen('mirror', home, async () => (await namesIn(home.bucket)).length >= many)
  const sizesThere = new Set(sizes)
  for (const key of await namesIn(home.bucket))
    expect(sizesThere).toContain((await home.bucket.head(key))?.size)
  expect(await home.files('mirror', '--verify')).toMatchObject({ code: 0 })
  expect(await namesIn(home.bucket)).toHaveLength(sizes.length)

  const moved = await movedTo(home)
  await instance.stop()
  const objects = join(moved.data, 'files', 'objects')
  const filesHere = () => {
    try {
      return readdirSync(objects, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
        .length
    } catch {
      return 0
    }
  }
  await killedWhen('fetch', moved, async () => filesHere() >= 20)
  expect(await moved.files('fetch')).toMatchObject({ code: 0 })
  expect(await moved.done('check', '--files')).toBe('ok\n')
})

it('copies of deleted files stay, or go with --delete, but never many at once', async () => {
  const home = newHome()
  const { instance, user, send } = await started(home)
  const urls = await Promise.all(times(3).map(i => send(filled(100, i))))
  await home.files('mirror')
  // Something else in the same place.
  await home.bucket.put('database/generations/1/wal/1.lz4', new Blob(['x']).stream(), { contentType: '' })
  const sign = new URL(urls[0] ?? '').searchParams.get('file_sign')
  expect((await user.post('/file/revoke', { file_sign: sign })).code).toBe(200)
  await home.done('gc')

  expect((await home.files('mirror')).stdout).toMatch(
    /: 0 files of 0 bytes uploaded, 2 were there already\n$/,
  )
  expect(await namesIn(home.bucket)).toHaveLength(4)
  const patient = () => home.files('mirror', '--delete-after', '1s')
  expect((await patient()).stdout).toMatch(/2 were there already, 0 deleted\n$/)
  await new Promise(resolve => setTimeout(resolve, 1000))
  expect((await patient()).stdout).toMatch(/2 were there already, 1 deleted\n$/)
  expect(await namesIn(home.bucket)).toHaveLength(3)
  await instance.stop()

  // A new database knows none of the files: it must not empty the mirror of the old one.
  const wrong = newHome(undefined, home.place.split('/').at(-1))
  await wrong.done('app', 'create', 'pictures')
  expect(await wrong.files('mirror', '--delete')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^cohort: 2 files in the bucket are unknown to this database, which has 0: nothing was deleted/,
    ),
  })
  expect(await namesIn(home.bucket)).toHaveLength(3)
  expect(await wrong.files('mirror', '--delete', '--force')).toMatchObject({ code: 0 })
  expect(await namesIn(home.bucket)).toEqual(['database/generations/1/wal/1.lz4'])
})

describe('what is wrong is said', () => {
  let home: Home
  let lost = ''
  beforeAll(async () => {
    home = newHome()
    const { instance, send } = await started(home)
    await Promise.all(times(3).map(i => send(filled(50, i))))
    await home.files('mirror')
    await instance.stop()
    lost = (await namesIn(home.bucket))[0] ?? ''
  })

  it('a copy with other bytes is replaced by --verify', async () => {
    const right = await bytesIn(home.bucket, lost)
    await home.bucket.delete([lost])
    await home.bucket.put(lost, new Blob([filled(50, 99)]).stream(), { contentType: '' })
    expect(await home.files('mirror')).toMatchObject({ code: 0, stderr: '' })
    expect(await home.files('mirror', '--verify')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /1 files of 50 bytes uploaded, 2 were there and have the right bytes, 1 were damaged/,
      ),
      stderr: `cohort: was damaged in the bucket: ${lost}\n`,
    })
    expect(await bytesIn(home.bucket, lost)).toEqual(right)
  })

  it('a file whose bytes are missing here keeps its copy, and a file that is nowhere is forgotten on demand', async () => {
    const moved = await movedTo(home)
    expect(await moved.files('mirror', '--delete')).toMatchObject({ code: 0 })
    expect(await namesIn(home.bucket)).toHaveLength(3)
    await home.bucket.delete([lost])
    expect(await moved.files('mirror')).toMatchObject({
      code: 1,
      stderr: `cohort: stored, but without bytes here: ${lost}\n`,
    })

    const elsewhere = await run(
      [...node, 'files', 'fetch', `${home.place}-other`, '--forget-lost'],
      moved.environment,
    )
    expect(elsewhere).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none of the 3 files is in s3:.*right place/),
    })
    expect(await moved.files('fetch')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/2 files of 100 bytes fetched/),
      stderr: expect.stringMatching(
        new RegExp(`in the bucket: ${lost}\\n.*1 files have no bytes: .*--forget-lost`),
      ),
    })
    expect(await moved.files('fetch', '--forget-lost')).toMatchObject({ code: 0 })
    await moved.done('gc')
    expect(await moved.done('check', '--files')).toBe('ok\n')
  })

  it('a bucket that fails, wrong keys, wrong words', async () => {
    const sentence = async (environment: Record<string, string>, ...args: string[]) => {
      const { code, stderr } = await run([...node, 'files', ...args], { DATA_DIR: home.data, ...environment })
      expect(stderr).not.toMatch(/^\s+at |hunter2/m)
      return `${code} ${stderr.split('\n')[0]}`
    }
    expect(await sentence({ ...keys(), S3_SECRET_ACCESS_KEY: 'hunter2' }, 'mirror', home.place)).toMatch(
      /^1 cohort: the bucket .* S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID/,
    )
    expect(await sentence({ ...keys(), S3_ENDPOINT: 'http://127.0.0.1:1' }, 'fetch', home.place)).toMatch(
      /^1 cohort: .*S3_ENDPOINT cannot be reached/,
    )
    expect(await sentence({}, 'mirror', home.place)).toMatch(/^2 cohort: S3_ACCESS_KEY_ID and .* must be set/)
    expect(await sentence(keys(), 'mirror', 'somewhere')).toMatch(
      /^2 cohort: "somewhere" must be s3:\/\/BUCKET/,
    )
    expect(await sentence({ ...keys(), OFFSITE_TO: 's3://x/y' }, 'copy')).toMatch(
      /^2 cohort: there is no "cohort files copy"/,
    )
    expect(await sentence(keys(), 'mirror')).toMatch(/^2 cohort: s3:\/\/BUCKET\/PREFIX is missing/)
    expect(await sentence({ ...keys(), S3_BUCKET: s3.bucket }, 'mirror', home.place)).toMatch(
      /^1 cohort: the files are in the bucket/,
    )
  })
})

it('--follow mirrors what is sent meanwhile, also after the bucket was out of reach, and ends at SIGTERM', async () => {
  const home = newHome()
  const { instance, send } = await started(home)
  await send(filled(10, 0))
  const child = spawn(node[0] ?? '', [...node.slice(1), 'files', 'mirror', '--follow'], {
    env: { ...process.env, ...home.environment, OFFSITE_TO: home.place },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += chunk
    })
  const bucket = s3Store({
    ...s3,
    forcePathStyle: true,
    upload: 'through',
    prefix: `${home.place.split('/').at(-1)}/files/`,
  })
  const mirrored = (many: number) => appears(async () => (await namesIn(bucket)).length === many)
  await mirrored(1)
  await Promise.all(times(5).map(i => send(filled(1000, i))))
  await mirrored(6)
  s3.setFault('down')
  await send(filled(77, 1))
  await appears(() => /next try in/.test(output))
  s3.setFault('none')
  await mirrored(7)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
  await instance.stop()
})
