import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, Client, callers } from '../support/client.ts'
import { expectBytes, expectRefused, read, sendFile, signOf } from '../support/files.ts'
import { someBytes } from '../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, qrOf } from '../support/groups.ts'
import { jwksServer, newKey, signWith } from '../support/jwks.ts'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'

const app_id = 'my-app'
const secrets = { first: 'the-first-secret-of-my-app', second: 'the-second-secret-of-my-app' }

/** What sets the service up and what runs it, at each kind of home: one with a command line, one without. */
const homes: Readonly<Record<string, readonly [string[], string[]?]>> = {
  node: [['node', 'dist/cohort.js', 'serve']],
  worker: [
    ['node', 'scripts/dev-worker.mjs'],
    ['node', 'scripts/dev-worker.mjs', '--prepared'],
  ],
}

describe.each(Object.entries(homes))('APP_SECRET on %s', (home, [first, again = first]) => {
  let data: string
  let running: Running | undefined
  let url: string
  beforeEach(() => {
    data = temporaryFolder()
  })
  afterEach(async () => {
    await running?.end('SIGTERM')
    running = undefined
    await removeFolder(data)
  })

  const startWith = async (secret: string): Promise<void> => {
    const command = running === undefined ? first : again
    await running?.end('SIGTERM')
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const environment = {
      DATA_DIR: data,
      PORT: String(port),
      HOST: '127.0.0.1',
      APP_ID: app_id,
      APP_SECRET: secret,
      LOG_LEVEL: 'warn',
    }
    running = await startServer(command, environment, url, { ownGroup: home === 'worker' })
    // A Worker goes on with what it knows of an app for five seconds.
    if (home === 'worker') await new Promise(resolve => setTimeout(resolve, 5200))
  }
  const ask = async (secret: string): Promise<Answer> =>
    (await callers({ url, app_id, secret }).admin()).get('/group/public_list')

  it('is ended by another, and does not come back', async () => {
    await startWith(secrets.first)
    dataOf(await ask(secrets.first))
    await startWith(secrets.second)
    dataOf(await ask(secrets.second))
    expectRefusal(await ask(secrets.first), 10008)
    await startWith(secrets.first)
    expectRefusal(await ask(secrets.first), 10008)
    dataOf(await ask(secrets.second))
    await running?.printed('app_secret_ended')
    await running?.end('SIGTERM')
    expect(running?.output()).not.toContain(secrets.first)
  })
})

describe('a restore', () => {
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => removeFolder(folder))

  const environment = (data: string, port = 0) => ({
    DATA_DIR: join(folder, data),
    PORT: String(port),
    HOST: '127.0.0.1',
    APP_ID: app_id,
    APP_SECRET: secrets.first,
    LOG_LEVEL: 'warn',
  })
  const cohort = async (data: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(['node', 'dist/cohort.js', ...args], environment(data))
    if (code !== 0) throw new Error(stderr)
    return stdout
  }
  const at = (url: string) => ({ url, app_id, secret: secrets.first })
  /** Runs the service on this data folder while `use` is at it. */
  const serving = async <T>(data: string, use: (url: string) => Promise<T>): Promise<T> => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const running = await startServer(['node', 'dist/cohort.js', 'serve'], environment(data, port), url)
    try {
      return await use(url)
    } finally {
      await running.end('SIGTERM')
    }
  }

  it('brings no secret, key, QR code or cursor back that was ended since', async () => {
    const backup = join(folder, 'backup.db')
    const before = await serving('data', async url => {
      const owner = await callers(at(url)).as(7)
      const group_id = await newGroup(owner, { user_list: [8, 9] })
      const { cursor } = await owner.get('/group/member_list', { group_id, limit: 1 })
      return { group_id, qr_info: await qrOf(owner, group_id), cursor }
    })
    await cohort('data', 'backup', backup)
    const secret = (await cohort('data', 'app', 'rotate-secret', app_id, '--drop-old')).trim()
    await cohort('data', 'app', 'rotate-keys', app_id, '--drop-old')
    const told = await cohort('data', 'restore', backup, '--force')
    expect(told).toMatch(/stays ended/)
    await serving('data', async url => {
      const { as } = callers({ url, app_id, secret })
      expectRefusal(await (await callers(at(url)).admin()).get('/group/public_list'), 10008)
      const owner = await as(7)
      const { group_id, qr_info, cursor } = before
      expectRefusal(await (await as(10)).post('/group/qrcode/invite', { qr_info }), 20024)
      expectRefusal(await owner.get('/group/member_list', { group_id, limit: 1, cursor }), 10002, 'cursor')
      dataOf(await (await as(10)).post('/group/qrcode/invite', { qr_info: await qrOf(owner, group_id) }))
    })
  })

  it('opens no group by an invitation that was declined since', async () => {
    const backup = join(folder, 'backup.db')
    const group_id = await serving('data', async url => {
      const { as } = callers(at(url))
      const owner = await as(7)
      const group_id = await newGroup(owner)
      for (const invitee of [8, 9]) {
        dataOf(await (await as(invitee)).post('/user/settings', { group_confirm: true }))
        await owner.post('/group/invite', { group_id, user_list: [invitee] })
      }
      return group_id
    })
    await cohort('data', 'backup', backup)
    const handle = async (url: string, id: number, approval: boolean) =>
      (await callers(at(url)).as(id)).post('/group/invite/handle', {
        group_id,
        user_id: 7,
        approval,
      })
    await serving('data', async url => dataOf(await handle(url, 8, false)))
    await cohort('data', 'restore', backup, '--force')
    await serving('data', async url => {
      expect((await handle(url, 8, true)).code).not.toBe(200)
      dataOf(await handle(url, 9, true))
    })
  })

  it('shows no file that was put under quarantine since', async () => {
    const backup = join(folder, 'backup.db')
    const bytes = [someBytes(10), someBytes(20)] as const
    /** On a service at another port, as everything here. */
    const pathOf = (url: string) => url.slice(new URL(url).origin.length)
    const paths = await serving('data', async url => {
      const sender = await callers(at(url)).as(7)
      const urls = [
        await sendFile(sender, { to_id: 8 }, bytes[0]),
        await sendFile(sender, { to_id: 8 }, bytes[1]),
      ]
      return urls.map(pathOf)
    })
    await cohort('data', 'backup', backup)
    const [kept = '', hidden = ''] = paths
    await serving('data', async url => {
      const server = await callers(at(url)).admin()
      const reason = "it's not for children"
      dataOf(await server.post('/moderation/quarantine', { file_sign: signOf(hidden), reason }))
    })
    await cohort('data', 'restore', backup, '--force')
    await serving('data', async url => {
      const [sender, friend] = [await callers(at(url)).as(7), await callers(at(url)).as(8)]
      expectBytes(await read(friend, url + kept), bytes[0])
      expectRefused(await read(friend, url + hidden), 403, 10032)
      expectRefused(await read(sender, url + hidden), 403, 10032, "it's not for children")
    })
  })

  it('opens no session of the console again, and neither does a restart', async () => {
    const backup = join(folder, 'backup.db')
    const linkOf = async () => (await cohort('data', 'console')).trim().split('#')[1] ?? ''
    await cohort('data', 'app', 'create', 'another')
    const unused = await linkOf()
    const open = (url: string, link: string) =>
      new Client(at(url), {}).call('POST', '/operator/session', { body: { link } })
    const cookies = await serving('data', async url => {
      const [kept, ended] = await Promise.all(
        [await linkOf(), await linkOf()].map(async link => {
          const { headers } = await open(url, link)
          return { cookie: headers.get('set-cookie')?.split(';')[0] ?? '', 'x-cohort-session': '1' }
        }),
      )
      return { kept, ended }
    })
    await cohort('data', 'backup', backup)
    const codeOf = async (url: string, headers: Record<string, string> | undefined) =>
      (await new Client(at(url), { ...headers }).get('/operator/session')).code
    await serving('data', async url => {
      expect(await codeOf(url, cookies.ended)).toBe(200)
      await new Client(at(url), { ...cookies.ended }).post('/operator/session/end')
    })
    await serving('data', async url => {
      expect(await codeOf(url, cookies.ended)).toBe(10008)
      expect(await codeOf(url, cookies.kept)).toBe(200)
    })
    await cohort('data', 'restore', backup, '--force')
    await serving('data', async url => {
      expect(await codeOf(url, cookies.ended)).toBe(10008)
      expect(await codeOf(url, cookies.kept)).toBe(10008)
      expect((await open(url, unused)).code).toBe(10008)
    })
  })

  it('and a restart take no key that has left the JWKS of the app', async () => {
    const backup = join(folder, 'backup.db')
    const [leaked, good] = await Promise.all([newKey('RS256', 'leaked'), newKey('RS256', 'good')])
    const server = await jwksServer([leaked, good])
    try {
      await serving('data', async () => {})
      await cohort('data', 'app', 'set', app_id, `jwks_url=${server.url}`)
      const codes = (data: string) =>
        serving(data, async url =>
          Promise.all(
            [leaked, good].map(async key => {
              const token = await signWith(key, {
                app: app_id,
                role: 2,
                exp: Math.floor(Date.now() / 1000) + 600,
              })
              const admin = new Client(at(url), { app_id, 'access-token': token })
              return (await admin.get('/group/public_list')).code
            }),
          ),
        )
      expect(await codes('data')).toEqual([200, 200])
      await cohort('data', 'backup', backup)
      server.publish([good])
      expect(await codes('data')).toEqual([10008, 200])
      await cohort('data', 'restore', backup, '--force')
      expect(await codes('data')).toEqual([10008, 200])
      await cohort('other', 'restore', backup)
      expect(await codes('other')).toEqual([10008, 200])
    } finally {
      await server.close()
    }
  })

  it('sends nothing to a webhook that was deleted since, and keeps the secrets of the others', async () => {
    const backup = join(folder, 'backup.db')
    const administrator = async (url: string) => callers(at(url)).admin()
    const ids = await serving('data', async url => {
      const admin = await administrator(url)
      const create = async () =>
        dataOf(await admin.post('/webhooks', { url: 'https://example.org/hook' })).webhook_id as string
      return { kept: await create(), deleted: await create() }
    })
    await cohort('data', 'backup', backup)
    const rotated = await serving('data', async url => {
      const admin = await administrator(url)
      dataOf(await admin.call('DELETE', `/webhooks/${ids.deleted}`))
      return dataOf(await admin.post(`/webhooks/${ids.kept}/rotate`, {})).secret as string
    })
    await cohort('data', 'restore', backup, '--force')
    const database = readFileSync(join(folder, 'data', 'cohort.db'))
    expect(database.includes(rotated)).toBe(true)
    await serving('data', async url => {
      const admin = await administrator(url)
      expect(dataOf(await admin.get(`/webhooks/${ids.kept}`))).toMatchObject({ state: 'active' })
      expect(dataOf(await admin.get(`/webhooks/${ids.deleted}`))).toMatchObject({
        state: 'disabled',
        reason: 'restored',
      })
      dataOf(await admin.post(`/webhooks/${ids.deleted}/resume`, {}))
      expect(dataOf(await admin.get(`/webhooks/${ids.deleted}`))).toMatchObject({
        state: 'active',
        reason: '',
      })
    })
  })

  it('into an empty folder says what it cannot know and how to end it, and ends all QR codes', async () => {
    const backup = join(folder, 'backup.db')
    const qr_info = await serving('data', async url => {
      const owner = await callers(at(url)).as(7)
      return qrOf(owner, await newGroup(owner))
    })
    await cohort('data', 'backup', backup)
    const told = await cohort('other', 'restore', backup)
    expect(told).toMatch(/rotate-secret ID\n?--drop-old/)
    await serving('other', async url => {
      const { as } = callers(at(url))
      expectRefusal(await (await as(8)).post('/group/qrcode/invite', { qr_info }), 20024)
    })
    const secret = (await cohort('other', 'app', 'rotate-secret', app_id, '--drop-old')).trim()
    await serving('other', async url => {
      expectRefusal(await (await callers(at(url)).admin()).get('/group/public_list'), 10008)
      dataOf(await (await callers({ url, app_id, secret }).admin()).get('/group/public_list'))
    })
  })

  it('a secret that was ended is not taken again', async () => {
    await cohort('data', 'app', 'create', 'another', '--secret', secrets.first)
    await cohort('data', 'app', 'rotate-secret', 'another', '--drop-old')
    await expect(
      cohort('data', 'app', 'rotate-secret', 'another', '--secret', secrets.first),
    ).rejects.toThrow(/was ended/)
    await expect(cohort('data', 'app', 'rotate-secret', 'another', '--secret', secrets.second)).resolves.toBe(
      `${secrets.second}\n`,
    )
  })
})
