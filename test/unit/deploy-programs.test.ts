import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caddy, caddyEnvironment, startCaddy, versionOf } from '../support/caddy.ts'
import { callers, newUsers } from '../support/client.ts'
import { commandTarget } from '../support/command-target.ts'
import { readText } from '../support/deploy-files.ts'
import { toUser } from '../support/files.ts'
import { dataOf } from '../support/groups.ts'
import { freePort, removeFolder, run, temporaryFolder } from '../support/process.ts'
import type { Instance } from '../support/target.ts'
import { download, upload } from '../support/uploads.ts'

/*
 * systemd and Caddy judge their own files, and Caddy runs in front of the service. Neither is a package of
 * this project: where one is missing, its part is left out, and the first test says so by its name.
 */

const systemd = versionOf('systemd-analyze', '--version')
const caddy = versionOf('caddy', 'version')
const folder = temporaryFolder()
afterAll(() => removeFolder(folder))

it(`deploy/ is judged by: ${systemd || 'no systemd-analyze'}, ${caddy === '' ? 'no caddy' : `caddy ${caddy}`}`, () => {
  expect(readText('deploy/cohort.service')).toContain('[Service]')
  expect(readText('deploy/Caddyfile')).toContain('reverse_proxy')
})

if (systemd !== '') {
  describe.each(['cohort', 'litestream', 'cohort-mirror'])('%s.service, by systemd-analyze', name => {
    const file = join(folder, `${name}.service`)
    beforeAll(() => {
      // It looks whether the program is there.
      const program = join(folder, 'program')
      writeFileSync(program, '')
      chmodSync(program, 0o755)
      const text = readText(`deploy/${name}.service`)
      writeFileSync(file, text.replace(/\/usr\/local\/bin\/\w+/, program))
    })

    it('verify finds nothing to say', async () => {
      expect(await run(['systemd-analyze', 'verify', '--man=no', file])).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      })
    })

    it('security finds it as shut in as a service with a network can be: 1.5 of 10 or less', async () => {
      expect(
        await run(['systemd-analyze', 'security', '--offline=true', '--threshold=15', '--no-pager', file]),
      ).toMatchObject({ code: 0 })
    })
  })
}

if (caddy !== '') {
  describe('Caddyfile, by caddy', () => {
    let service: Instance
    let proxy: Caddy
    /** The service as clients reach it. */
    let instance: Instance
    const stops: (() => Promise<void>)[] = []

    beforeAll(async () => {
      const port = await freePort()
      service = await commandTarget('node', ['node', 'dist/cohort.js']).start({
        TRUST_PROXY: 'true',
        PUBLIC_URL: `http://127.0.0.1:${port}`,
      })
      stops.push(service.stop)
      proxy = await startCaddy(port, new URL(service.url).host)
      stops.push(proxy.stop)
      instance = { ...service, url: proxy.url }
    })
    afterAll(async () => {
      for (const stop of stops) await stop()
    })

    it('validate accepts it, for loopback and for a name with TLS, and fmt would not change it', async () => {
      const file = ['--config', 'deploy/Caddyfile', '--adapter', 'caddyfile']
      const environment = caddyEnvironment(folder, await freePort(), await freePort(), '127.0.0.1:8787')
      expect(await run(['caddy', 'validate', ...file], environment)).toMatchObject({ code: 0 })
      expect(
        await run(['caddy', 'validate', ...file], { ...environment, COHORT_SITE: 'chat.example.org' }),
      ).toMatchObject({ code: 0 })
      expect(await run(['caddy', 'fmt', 'deploy/Caddyfile'], environment)).toMatchObject({
        stdout: readText('deploy/Caddyfile'),
      })
    })

    it('lets calls through', async () => {
      const user = await callers(instance).as(newUsers(1)[0] ?? 0)
      const { group_id } = dataOf(await user.post('/group/create', { name: 'Behind a proxy' }))
      expect(dataOf(await user.get('/group/info', { group_id }))).toMatchObject({
        group_id,
        name: 'Behind a proxy',
      })
    })

    it('lets a file of 5 MB in and out, at URLs of its own', async () => {
      const [one = 0, two = 0] = newUsers(2)
      const bytes = new Uint8Array(randomBytes(5_000_000))
      const { target, answer } = await upload(
        await callers(instance).as(one),
        '/file/upload/chat',
        { file_type: 100, ...toUser({ id: two }) },
        bytes,
      )
      expect(answer).toEqual({ code: 200, data: true, message: null })
      expect([target.upload_url, target.download_url].map(url => new URL(url).origin)).toEqual([
        proxy.url,
        proxy.url,
      ])
      const back = await download(await callers(instance).as(two), target.download_url)
      expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
    })

    it('hands on what the service says to a call that is too large', async () => {
      const user = await callers(instance).as(newUsers(1)[0] ?? 0)
      for (let i = 0; i < 20; i++) {
        expect(await user.post('/group/create', { name: 'x'.repeat(3_000_000) })).toMatchObject({
          status: 413,
          code: 413,
        })
      }
    })

    it('keeps /metrics, which the service itself gives to this machine', async () => {
      expect((await fetch(`${proxy.url}/metrics`)).status).toBe(404)
      expect((await fetch(`${service.url}/metrics`)).status).toBe(200)
    })

    it('tells the service who calls, whatever a client says of itself: wrong tokens count against their own address', async () => {
      /** The status that a wrong token gets when it is sent from this address of the machine. */
      const wrongToken = (localAddress: string, url: string, claimed: string): Promise<number | undefined> =>
        new Promise((resolve, reject) => {
          const headers = {
            app_id: instance.app_id,
            'access-token': 'no.such.token',
            'x-forwarded-for': claimed,
          }
          const sent = request(
            `${url}/group/user_joined`,
            { localAddress, headers, agent: false },
            answer => {
              answer.resume()
              answer.on('end', () => resolve(answer.statusCode))
            },
          )
          sent.on('error', reject)
          sent.end()
        })
      const statuses = new Set<number | undefined>()
      for (let i = 0; i < 300 && !statuses.has(429); i++)
        statuses.add(await wrongToken('127.0.0.5', proxy.url, `127.9.9.${i % 250}`))
      expect([...statuses]).toEqual([200, 429])
      expect(await wrongToken('127.0.0.6', proxy.url, '127.0.0.5')).toBe(200)
      // Without the proxy in between, the service would believe it: that is what TRUST_PROXY means.
      expect(await wrongToken('127.0.0.6', service.url, '127.0.0.5')).toBe(429)
    })

    it('answers 502 when the service is gone, and its log says so without tokens', async () => {
      const user = await callers(instance).as(newUsers(1)[0] ?? 0)
      expect(await service.check()).toEqual([])
      await service.stop()
      const { status } = await user.get('/group/user_joined', { cursor: 'a-cursor-in-a-query' })
      expect(status).toBe(502)
      const output = await proxy.printed('connection refused')
      expect(output).not.toContain(user.headers['access-token'])
      expect(output).not.toContain('a-cursor-in-a-query')
    })
  })
}
