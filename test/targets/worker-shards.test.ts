import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callers, newUsers } from '../support/client.ts'
import { read, sendFile, toUser } from '../support/files.ts'
import { dataOf, expectRefusal, newGroup } from '../support/groups.ts'
import { bytesOf } from '../support/pictures.ts'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'
import { d1Files, type Prepared, prepareWorker } from '../support/worker-target.ts'

/*
 * What only the Worker has: apps on several D1 databases, bookmarks for its replicas, and a cron trigger.
 */

const secret = 'a-secret-of-both-apps-for-tests'
const config = { WRANGLER_CONFIG: 'test/support/shards.toml', APP_SECRET: secret, LOG_LEVEL: 'warn' }

let prepared: Prepared
let running: Running
let url: string
let data: string

async function start(environment: Readonly<Record<string, string>>, expected = 200): Promise<void> {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const command = ['node', 'scripts/dev-worker.mjs', '--prepared']
  running = await startServer(
    command,
    { ...config, DATA_DIR: data, PORT: String(port), ...environment },
    url,
    { ownGroup: true, expected },
  )
}

const appOf = (app_id: string) => callers({ url, app_id, secret } as Parameters<typeof callers>[0])

/** One column of a query, from each of the database files. */
const inFiles = (sql: string): unknown[][] =>
  d1Files(data).map(file => {
    const database = new Database(file, { readonly: true })
    const column = database.prepare(sql).pluck().all()
    database.close()
    return column
  })

/** What `cohort check` says of each database. */
const checks = (): Promise<string[]> =>
  Promise.all(
    d1Files(data).map(async file => {
      const folder = temporaryFolder()
      symlinkSync(file, join(folder, 'cohort.db'))
      const { stdout } = await run(['node', 'dist/cohort.js', 'check'], { DATA_DIR: folder })
      await removeFolder(folder)
      return stdout.trim()
    }),
  )

beforeAll(async () => {
  prepared = await prepareWorker(config)
  data = temporaryFolder()
  cpSync(prepared.folder, data, { recursive: true })
})
afterAll(async () => {
  await removeFolder(data)
  await prepared.remove()
})

describe('a Worker with two databases', () => {
  beforeAll(async () => {
    // Each app is made at the first request, in the database that is its own.
    await start({ APP_ID: 'second' })
    expectRefusal(await (await appOf('first').as(1)).get('/group/user_joined'), 40000)
    await running.end('SIGTERM')
    await start({ APP_ID: 'first' })
  })
  afterAll(() => running.end('SIGTERM'))

  it('has Cloudflare Images make what is too large for it to decode', async () => {
    const [id = 0] = newUsers(1)
    const sender = await appOf('first').as(id)
    const large = sharp({ create: { width: 7000, height: 5200, channels: 3, background: '#d02040' } })
    const bytes = await bytesOf(large.jpeg({ progressive: true }))
    const url = await sendFile(sender, { ...toUser({ id }), file_type: 102 }, bytes)
    const {
      status,
      headers,
      bytes: made,
    } = await read(sender, url, { query: { image_type: 2, w: 320, h: 320 } })
    expect([status, headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    const { data, info } = await sharp(made).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([320, 238])
    for (const [i, value] of [0xd0, 0x20, 0x40].entries())
      expect(Math.abs((data[i] ?? 0) - value)).toBeLessThanOrEqual(6)
  })

  it('keeps each app in its own', async () => {
    const [user = 0] = newUsers(1)
    const groups: Record<string, number> = {}
    for (const app_id of ['first', 'second']) {
      groups[app_id] = await newGroup(await appOf(app_id).as(user), { name: app_id })
    }
    expect(inFiles('SELECT app_id FROM apps').sort()).toEqual([['first'], ['second']])
    expect(inFiles('SELECT name FROM groups').sort()).toEqual([['first'], ['second']])
    expect(inFiles('SELECT DISTINCT app_id FROM members').sort()).toEqual([['first'], ['second']])

    for (const [app_id, other] of [
      ['first', 'second'],
      ['second', 'first'],
    ] as const) {
      const caller = await appOf(app_id).as(user)
      expect(dataOf(await caller.get('/group/user_joined'))).toEqual([groups[app_id]])
      for (const client of [caller, await appOf(app_id).admin()]) {
        expectRefusal(await client.get('/group/info', { group_id: groups[other] ?? 0 }), 20001)
        expectRefusal(
          await client.call('DELETE', '/group/destroy', { body: { group_id: groups[other] } }),
          20001,
        )
      }
      expectRefusal(await caller.call('GET', '/group/user_joined', { headers: { app_id: other } }), 10008)
    }
    expect(await checks()).toEqual(['ok', 'ok'])
  })

  it('is ready when both databases answer', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('hands out bookmarks, takes them back, and is not put off by what is none', async () => {
    const [user = 0] = newUsers(1)
    const caller = await appOf('second').as(user)
    const created = await caller.post('/group/create')
    const { group_id } = dataOf(created)
    const bookmark = created.headers.get('x-cohort-bookmark') ?? ''
    expect(bookmark).toMatch(/^[\w-]+$/)
    const info = (sent: string) =>
      caller.call('GET', '/group/info', { query: { group_id }, headers: { 'x-cohort-bookmark': sent } })
    const read = await info(bookmark)
    expect(dataOf(read)).toMatchObject({ group_id })
    expect(String(read.headers.get('x-cohort-bookmark')) >= bookmark).toBe(true)
    for (const hostile of [
      'x',
      'first-primary',
      "' OR 1=1 --",
      '../../etc/passwd',
      '\u00ff',
      'f'.repeat(8000),
      '9-9-9-9',
    ]) {
      expect(dataOf(await info(hostile))).toMatchObject({ group_id })
      const change = {
        body: { group_id, group_name: hostile.slice(0, 60) },
        headers: { 'x-cohort-bookmark': hostile },
      }
      expect((await caller.call('POST', '/group/info/name', change)).status).toBe(200)
    }
  })

  it('sweeps a large dissolved group when its cron trigger says so', async () => {
    const [user = 0] = newUsers(1)
    const owner = await appOf('second').as(user)
    const group_id = await newGroup(owner, { type: 2 })
    const left = () => inFiles(`SELECT count(*) FROM members WHERE group_id = ${group_id}`).flat()
    for (let i = 0; i < 5; i++) {
      const user_list = Array.from({ length: 500 }, (_, n) => 1_000_000 + i * 500 + n)
      expect(dataOf(await owner.post('/group/invite', { group_id, user_list }))).toHaveLength(500)
    }
    expect(left()).toContain(2501)
    dataOf(await owner.post('/group/destroy', { group_id }))
    expect(left()).toContain(1501)
    expect(await checks()).toEqual(['ok', 'ok'])
    expect((await fetch(`${url}/cdn-cgi/handler/scheduled`)).status).toBe(200)
    expect(left()).toEqual([0, 0])
    expect(inFiles('SELECT sum(groups_joined) FROM users WHERE user_id >= 1000000').flat()).toContain(0)
    expect(await checks()).toEqual(['ok', 'ok'])
  })
})

describe.each(['DB_OF_NOBODY', 'FILES', '__proto__'])(
  'a Worker whose shards name %s, which is no database',
  name => {
    beforeAll(() => start({ APP_ID: 'first', APP_SHARDS: JSON.stringify({ second: name }) }, 503))
    afterAll(() => running.end('SIGTERM'))

    it('answers 503 to everything and tells why to its log alone', async () => {
      const caller = await appOf('second').as(1)
      for (const answer of [
        await caller.get('/group/user_joined'),
        await caller.post('/group/create'),
        await caller.get('/readyz'),
      ]) {
        expect(answer).toMatchObject({ status: 503, code: 503, data: null })
        expect(answer.headers.get('retry-after')).toBe('10')
        expect(JSON.stringify(answer.body)).not.toMatch(/DB|FILES|proto|worker\.js|Error/)
      }
      await running.printed(`bound as ${name}`)
    })
  },
)
