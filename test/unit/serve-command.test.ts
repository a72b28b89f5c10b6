import { createServer } from 'node:http'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { commandLine, expectFailure, listedBy, userOf } from '../support/command-line.ts'
import { dataOf } from '../support/groups.ts'
import { run } from '../support/process.ts'

const secret = 'the-secret-of-the-first-app'

/** The service as the program starts it. */
describe('cohort', () => {
  const { cohort, succeed, serving } = commandLine()

  describe('serve', () => {
    it('makes a first app on an empty database, and tells no secret to who is not at a terminal', async () => {
      const output = await serving({ LOG_LEVEL: 'info' })
      expect(output).toContain('App: demo')
      const [, hint = ''] = /^For a token: (.+)$/m.exec(output) ?? []
      expect((await run(['sh', '-c', hint])).stdout).toMatch(/^eyJ[\w.-]+\n$/)
      expect(output).not.toMatch(/eyJ[\w-]+\./)
      const [{ secret: made }] = JSON.parse(await succeed('app show demo --secrets')).secrets
      expect(output).not.toContain(made)
    })

    it('prints a token that works with SHOW_SECRETS=true, and still no secret', async () => {
      let token = ''
      const output = await serving({ SHOW_SECRETS: 'true', APP_SECRET: secret }, async () => {})
      token = /access-token: ([\w.-]+)/.exec(output)?.[1] ?? ''
      expect(decodeJwt(token)).toMatchObject({ app: 'demo', role: 1, sub: '1' })
      expect(output).not.toContain(secret)
      await serving({}, async url => {
        expect(dataOf(await userOf('demo', url, token).get('/group/user_joined'))).toEqual([])
      })
    })

    it('gives APP_ID its APP_SECRET on a database that has others, once', async () => {
      const other = (await succeed('app create other')).trim()
      await serving({ APP_ID: 'mine', APP_SECRET: secret }, async url => {
        dataOf(await listedBy('mine', url, secret))
        dataOf(await listedBy('other', url, other))
      })
      expect(await succeed('app list')).toBe('mine\nother\n')
      const secretsOf = async () =>
        JSON.parse(await succeed('app show mine --secrets')).secrets.map(
          (one: { secret: string }) => one.secret,
        )
      await serving({ APP_ID: 'mine', APP_SECRET: secret })
      expect(await secretsOf()).toEqual([secret])
      const newer = 'a-newer-secret-of-the-same-app'
      await serving({ APP_ID: 'mine', APP_SECRET: newer }, async url => {
        dataOf(await listedBy('mine', url, newer))
        // Another APP_SECRET ends the one before it (docs/revocation.md).
        expect((await listedBy('mine', url, secret)).code).toBe(10008)
      })
      expect(await secretsOf()).toEqual([newer])
      await serving({ APP_ID: 'mine' })
      expect(await secretsOf()).toEqual([newer])
    })

    it('never prints APP_SECRET, whatever is asked of it', async () => {
      const environment = { APP_ID: 'demo', APP_SECRET: secret, LOG_LEVEL: 'info' }
      const output = await serving({ ...environment, SHOW_SECRETS: 'true' }, async url => {
        dataOf(await listedBy('demo', url, secret))
        await fetch(`${url}/group/info?access-token=${secret}&app_id=demo`, {
          headers: { 'access-token': secret, app_id: 'demo' },
        })
        const pages = await Promise.all(
          ['/openapi.json', '/docs', '/metrics', '/healthz', '/nowhere'].map(path => fetch(url + path)),
        )
        for (const page of pages) expect(await page.text()).not.toContain(secret)
      })
      const others = await Promise.all(
        [
          'app show demo',
          'app list',
          'token --app demo --user 1',
          'check',
          'migrate',
          'app set demo x=1',
        ].map(args => cohort(args, environment)),
      )
      expect([output, ...others.flatMap(({ stdout, stderr }) => [stdout, stderr])].join('\n')).not.toContain(
        secret,
      )
    })

    it('gives /metrics to its own machine, and not to whom a proxy on it hands on', async () => {
      const statuses = (url: string, calls: readonly Record<string, string>[]) =>
        Promise.all(calls.map(async headers => (await fetch(`${url}/metrics`, { headers })).status))
      const handedOn = [
        { 'x-forwarded-for': '203.0.113.7' },
        { forwarded: 'for=203.0.113.7' },
        { 'x-real-ip': '203.0.113.7' },
        { via: '1.1 a' },
      ]
      const forLocal = { 'x-forwarded-for': '127.0.0.1' }
      await serving({}, async url => {
        expect(await statuses(url, [{}, ...handedOn, forLocal])).toEqual([200, 403, 403, 403, 403, 403])
      })
      await serving({ TRUST_PROXY: 'true' }, async url => {
        expect(await statuses(url, [{}, ...handedOn, forLocal])).toEqual([200, 403, 403, 403, 403, 200])
      })
    })

    it('says that its port is taken', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise(resolve => server.once('listening', resolve))
      const address = server.address()
      const port = typeof address === 'object' ? String(address?.port) : ''
      try {
        const finished = await cohort('serve', { PORT: port, LOG_LEVEL: 'silent' })
        expectFailure(finished, 1, /port|address/i)
        expect(finished.stderr).toContain(port)
      } finally {
        server.close()
      }
    })

    it('says that it cannot listen there', async () => {
      expectFailure(
        await cohort('serve', { HOST: '203.0.113.1', PORT: '0', LOG_LEVEL: 'silent' }),
        1,
        /203\.0\.113\.1/,
      )
    })
  })
})
