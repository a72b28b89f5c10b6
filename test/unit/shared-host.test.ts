import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caddyEnvironment } from '../support/caddy.ts'
import { callers, newUsers, signToken } from '../support/client.ts'
import { commandTarget } from '../support/command-target.ts'
import { readText } from '../support/deploy-files.ts'
import { read, replyOf, toUser } from '../support/files.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { installed } from '../support/installed.ts'
import { freePort, removeFolder, run, startServer, temporaryFolder } from '../support/process.ts'
import type { Instance } from '../support/target.ts'
import { upload } from '../support/uploads.ts'

/*
 * One host name for Cohort and the other half of an IM system, as deploy/ sets it up, with the real proxies.
 * Neither is a package of this project: where one is missing, its part is left out, and the first test says
 * so by its name.
 */

const programs = { nginx: installed('nginx'), caddy: installed('caddy') }

it(`a shared host is tested with: ${Object.entries(programs)
  .map(([name, there]) => (there ? name : `no ${name}`))
  .join(', ')}`, () => {
  expect(readText('deploy/nginx.conf')).toContain('underscores_in_headers on;')
  expect(readText('deploy/shared-host.Caddyfile')).toContain('flush_interval -1')
})

/** What an answer says of a file, whoever sends the bytes. */
const ofTheFile = new Set([
  'content-type',
  'content-disposition',
  'cache-control',
  'x-content-type-options',
  'content-security-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'access-control-allow-origin',
  'access-control-expose-headers',
])

let service: Instance
let messages: ReturnType<typeof createServer>
const folder = temporaryFolder()
/** Of the service. Its files are the proxy's to send. */
const data = join(folder, 'data')
const objects = join(data, 'files', 'objects')
const upstream = () => `127.0.0.1:${(messages.address() as AddressInfo).port}`

beforeAll(async () => {
  service = await commandTarget('node', ['node', 'dist/cohort.js']).start({
    TRUST_PROXY: 'true',
    SENDFILE: 'x-accel-redirect',
    DATA_DIR: data,
  })
  messages = createServer((request, response) => response.end(`messages ${request.url}`))
  messages.listen(0, '127.0.0.1')
  await once(messages, 'listening')
})
afterAll(async () => {
  messages.close()
  await service.stop()
  await removeFolder(folder)
})

async function nginx(port: number) {
  const site = readText('deploy/nginx.conf')
    .replace('127.0.0.1:8787', new URL(service.url).host)
    .replace('127.0.0.1:8790', upstream())
    .replace('/var/lib/cohort/files/objects', objects)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('/var/log/nginx/cohort.log', join(folder, 'access.log'))
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${join(folder, name)};`)
    .join('\n')
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `${process.getuid?.() === 0 ? 'user root;\n' : ''}pid ${join(folder, 'nginx.pid')};\nerror_log ${join(folder, 'error.log')};\nevents {}\nhttp {\n${paths}\n${site}\n}\n`,
  )
  expect(await run(['nginx', '-t', '-q', '-c', file])).toMatchObject({ code: 0 })
  return startServer(['nginx', '-c', file, '-g', 'daemon off;'], {}, `http://127.0.0.1:${port}`)
}

async function caddy(port: number) {
  const environment = {
    ...caddyEnvironment(folder, port, await freePort(), new URL(service.url).host),
    MESSAGES_UPSTREAM: upstream(),
    COHORT_FILES: objects,
  }
  const file = ['--config', 'deploy/shared-host.Caddyfile', '--adapter', 'caddyfile']
  expect(await run(['caddy', 'validate', ...file], environment)).toMatchObject({ code: 0 })
  return startServer(['caddy', 'run', ...file], environment, `http://127.0.0.1:${port}`)
}

describe.each(Object.entries({ nginx, caddy }).filter(([name]) => programs[name as keyof typeof programs]))(
  '%s',
  (_, start) => {
    let instance: Instance
    let proxy: Awaited<ReturnType<typeof startServer>>
    beforeAll(async () => {
      const port = await freePort()
      proxy = await start(port)
      instance = { ...service, url: `http://127.0.0.1:${port}` }
    })
    afterAll(() => proxy.end('SIGKILL'))

    it('hands on headers with underscores, and acting headers act', async () => {
      const { owner } = await people(instance, ['owner'])
      const group_id = await newGroup(owner, { name: 'Behind' })
      expect(dataOf(await owner.get('/group/info', { group_id }))).toMatchObject({ group_id })
      const acting = await callers(instance).admin({ user_id: owner.id })
      expect(dataOf(await acting.get('/group/user_joined'))).toEqual([group_id])
    })

    it('sends each path to the half that it belongs to', async () => {
      const text = async (path: string) => (await fetch(instance.url + path)).text()
      for (const path of ['/', '/user/profile', '/messages', '/groups', '/user/settings/more'])
        expect(await text(path)).toBe(`messages ${path}`)
      for (const path of [
        '/group/info',
        '//group/info',
        '/user/settings',
        '/webhooks',
        '/authz/check',
        '/events',
      ])
        expect(await text(path)).toMatch(/^\{"code":/)
      expect((await fetch(`${instance.url}/metrics`)).status).toBe(404)
      expect(await text('/healthz')).toBe('ok')
    })

    it.each([{ size: 100 }, { size: 3_000_000 }])('sends a file of $size bytes itself', async ({ size }) => {
      const { owner, member } = await people(service, ['owner', 'member'])
      const bytes = new Uint8Array(randomBytes(size))
      const { target } = await upload(
        owner,
        '/file/upload/chat',
        { file_type: 100, ...toUser(member) },
        bytes,
      )
      const own = await read(member, target.download_url)
      expect([own.status, own.bytes.length]).toEqual([200, 0])
      expect(own.headers.get('x-accel-redirect')).toMatch(/^\/cohort-files\/\w\w\/\w\w\//)

      const url = target.download_url.replace(service.url, instance.url)
      const whole = await read(member, url)
      expect([whole.status, Buffer.compare(whole.bytes, bytes)]).toEqual([200, 0])
      const get = (name: string) => whole.headers.get(name)
      expect(Object.fromEntries([...own.headers].filter(([name]) => ofTheFile.has(name)))).toEqual(
        Object.fromEntries([...ofTheFile].map(name => [name, get(name)])),
      )
      expect([get('content-length'), get('accept-ranges'), get('x-accel-redirect')]).toEqual([
        String(size),
        'bytes',
        null,
      ])
      const etag = get('etag') ?? ''
      expect(etag).toMatch(/^"[^"]+"$/)

      const part = await read(member, url, { headers: { range: 'bytes=10-19', 'if-range': etag } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${size}`])
      expect(part.bytes).toEqual(bytes.slice(10, 20))
      const end = await read(member, url, { headers: { range: 'bytes=-5' } })
      expect([end.status, end.bytes]).toEqual([206, bytes.slice(-5)])
      expect((await read(member, url, { headers: { range: `bytes=${size}-` } })).status).toBe(416)
      expect((await read(member, url, { headers: { 'if-none-match': etag } })).status).toBe(304)
      const head = await read(member, url, { method: 'HEAD' })
      expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
        200,
        String(size),
        etag,
      ])
    })

    it('sends a file to nobody whom the service refuses, and by no other way', async () => {
      const { owner, member, outsider } = await people(service, ['owner', 'member', 'outsider'])
      const bytes = new Uint8Array(randomBytes(1000))
      const { target } = await upload(
        owner,
        '/file/upload/chat',
        { file_type: 100, ...toUser(member) },
        bytes,
      )
      const url = target.download_url.replace(service.url, instance.url)
      expect(await read(outsider, url)).toMatchObject({ status: 403, code: 10010 })
      const path = (await read(member, target.download_url)).headers.get('x-accel-redirect') ?? ''
      const direct = await replyOf(await fetch(instance.url + path))
      expect(Buffer.from(direct.bytes).includes(Buffer.from(bytes))).toBe(false)
    })

    it('lets events through as they come', async () => {
      const token = await signToken(instance.secret, { app: instance.app_id, role: 2 })
      const response = await fetch(`${instance.url}/events/stream`, {
        headers: { app_id: instance.app_id, 'access-token': token },
      })
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const decoder = new TextDecoder()
      let seen = ''
      const until = async (text: string) => {
        while (!seen.includes(text)) seen += decoder.decode((await reader.read()).value, { stream: true })
      }
      await until('event: hello')
      const owner = await callers(instance).as(newUsers(1)[0] ?? 0)
      const group_id = await newGroup(owner)
      await until(`"group_id":${group_id}`)
      await reader.cancel()
    })
  },
)
