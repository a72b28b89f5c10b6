import { cpSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../src/operations.ts'
import contract from '../contract.json' with { type: 'json' }
import { type Client, callers } from '../support/client.ts'
import { dataOf } from '../support/groups.ts'
import { bytesOf, quarters } from '../support/pictures.ts'
import { freePort, type Running, removeFolder, startServer, temporaryFolder } from '../support/process.ts'
import type { Instance } from '../support/target.ts'
import { download, upload } from '../support/uploads.ts'
import { d1Files, type Prepared, prepareWorker } from '../support/worker-target.ts'
import { inputIn, type Name, newWorld } from '../support/world.ts'

/*
 * What a request costs on D1: round trips are time, rows are the bill (docs/performance.md). The simulator is
 * no measure of time, but its counts are those of D1.
 */

interface Cost {
  /** Round trips. */
  readonly calls: number
  /** Reads of the app: every five seconds, and not among the others. */
  readonly apps: number
  readonly statements: number
  readonly read: number
  readonly written: number
}

const secret = 'a-secret-of-the-demo-app-for-tests'
const config = {
  WRANGLER_CONFIG: 'test/support/counting/counting.toml',
  APP_SECRET: secret,
  LOG_LEVEL: 'warn',
}
const members = 100_000
const firstMember = 7_000_000

let prepared: Prepared
let running: Running
let data: string
let instance: Instance
let picture: Uint8Array<ArrayBuffer>
const bigGroup = 300_000_000_000_000
const firstGroup = 310_000_000_000_000

/** A group of 100 000, and 1 000 groups of one owner with ten applications each. */
function seed(): void {
  const db = new Database(d1Files(data)[0] ?? '')
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count} - 1)`
  const group = (id: string, count: number) => `${id}, 'demo', 0, '', '', '', 1, 1, 1, 200000, ${count}, 0, 0`
  const columns =
    'group_id, app_id, type, name, description, avatar, owner_id, creator_id, apply_approval, capacity, count, created_at, updated_at'
  db.exec(`
    INSERT INTO groups (${columns}) VALUES (${group(String(bigGroup), members)});
    INSERT INTO members (group_id, user_id, app_id, joined_at, role, ban_until) ${numbers(members - 1)}
      SELECT ${bigGroup}, ${firstMember} + i, 'demo', 0, iif(i % 50000 = 5, 2, 1), iif(i % 20000 = 7, -1, 0) FROM n;
    INSERT INTO members (group_id, user_id, app_id, joined_at, role) VALUES (${bigGroup}, 1, 'demo', 0, 3);
    INSERT INTO groups (${columns}) ${numbers(1000)} SELECT ${group(`${firstGroup} + i`, 1)} FROM n;
    INSERT INTO members (group_id, user_id, app_id, joined_at, role) ${numbers(1000)}
      SELECT ${firstGroup} + i, 1, 'demo', 1, 3 FROM n;
    INSERT INTO applications (application_id, group_id, applicant_id, reason, status, expires_at) ${numbers(10_000)}
      SELECT ${firstGroup} + i, ${firstGroup} + i / 10, 10 + i % 10, '', 0, 0 FROM n;`)
  db.close()
}

beforeAll(async () => {
  prepared = await prepareWorker(config)
  data = temporaryFolder()
  cpSync(prepared.folder, data, { recursive: true })
  seed()
  picture = await bytesOf(quarters(400, 300).png())
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  instance = { url, app_id: 'demo', secret } as Instance
  running = await startServer(
    ['node', 'scripts/dev-worker.mjs', '--prepared'],
    { ...config, DATA_DIR: data, PORT: String(port) },
    url,
    { ownGroup: true },
  )
}, 120_000)
afterAll(async () => {
  await running.end('SIGTERM')
  await removeFolder(data)
  await prepared.remove()
})

const countedAt = ({ headers }: Pick<Response, 'headers'>): Cost => JSON.parse(headers.get('x-d1') ?? '{}')

/** What these calls cost, apart from the reads of the app. */
async function costOf<T extends Pick<Response, 'headers'>>(
  client: Client,
  calls: () => Promise<T>,
): Promise<{ readonly answer: T; readonly cost: Cost }> {
  const before = countedAt(await client.get('/group/public_list'))
  const answer = await calls()
  const after = countedAt(answer)
  const cost = {
    calls: after.calls - before.calls,
    apps: after.apps - before.apps,
    statements: after.statements - before.statements,
    read: after.read - before.read,
    written: after.written - before.written,
  }
  return { answer, cost }
}

async function call(client: Client, method: string, path: string, sent: object) {
  const inQuery = method === 'GET' ? { query: sent as Record<string, string> } : { body: sent }
  const called = await costOf(client, () => client.call(method, path, inQuery))
  dataOf(called.answer)
  return called
}

/** At most so many rows, of a group with a few of everything: dissolving it is the most. */
const mostRows = { read: 80, written: 30 }

/** Who calls where the owner cannot. */
const callersOf: Readonly<Record<string, Name>> = {
  '/group/apply': 'outsider',
  '/group/invite/handle': 'invitee',
  '/group/leave': 'member',
  '/group/qrcode/invite': 'outsider',
}
const needsFile = ['/file/upload/forward', '/file/revoke']

/** What the reference has, and its kin: not what administrators and operators ask. */
const ofUsers = operations.filter(({ id }) => contract.operations.some(described => described.id === id))

describe('on D1', () => {
  it.each(ofUsers)('$path takes a round trip to read and another to write', async operation => {
    const world = await newWorld(instance)
    const file = needsFile.includes(operation.path)
      ? await upload(world.owner, '/file/upload/chat', { file_type: 100, to_id: world.member.id }, picture)
      : undefined
    const method = operation.methods.includes('POST') ? 'POST' : (operation.methods[0] ?? 'GET')
    const {
      cost: { calls, read, written },
    } = await call(
      world[callersOf[operation.path] ?? 'owner'],
      method,
      operation.path,
      inputIn({ ...world, file_sign: file?.sign ?? '' }, operation),
    )
    expect(calls).toBe(operation.writes ? 2 : 1)
    expect(read).toBeLessThanOrEqual(mostRows.read)
    expect(written).toBeLessThanOrEqual(operation.writes ? mostRows.written : 0)
  })

  it('a file takes four to store and one to download, also as a thumbnail that was made before', async () => {
    const { owner, member } = await newWorld(instance)
    const to = { file_type: 102, to_id: member.id }
    const slot = await costOf(owner, () => owner.get('/file/upload/chat', to))
    const { upload_url, download_url } = dataOf(slot.answer)
    const put = () => fetch(upload_url, { method: 'PUT', body: picture })
    const stored = await costOf(owner, put)
    expect(stored.answer.status).toBe(200)
    expect(stored.cost.calls).toBeLessThanOrEqual(4)
    expect(slot.cost.written + stored.cost.written).toBeLessThanOrEqual(16)
    const callsFor = async (query: string): Promise<number> => {
      const { answer, cost } = await costOf(owner, () => download(owner, download_url + query))
      expect(answer.status).toBe(200)
      return cost.calls
    }
    expect([await callsFor(''), await callsFor('&image_type=2'), await callsFor('&image_type=2')]).toEqual([
      1, 3, 1,
    ])
  })

  it('a download sees what its caller has seen', async () => {
    const { owner, member } = await newWorld(instance)
    const file = await upload(owner, '/file/upload/chat', { file_type: 102, to_id: member.id }, picture)
    const { headers } = await download(owner, file.target.download_url)
    expect(headers.get('x-cohort-bookmark')).toMatch(/^[\w-]+$/)
  })

  it('many who ask at once have the app read once', async () => {
    const { owner, group_id } = await newWorld(instance)
    const before = countedAt(await owner.get('/group/public_list'))
    await new Promise(resolve => setTimeout(resolve, 5200))
    await Promise.all(Array.from({ length: 20 }, () => owner.get('/group/info', { group_id })))
    const after = countedAt(await owner.get('/group/info', { group_id }))
    expect([after.calls - before.calls, after.apps - before.apps]).toEqual([20 + 1, 1])
  })
})

describe('on D1, of a group of 100 000 and of 1 000 groups', () => {
  const group_id = bigGroup
  const members = (count: number) => Array.from({ length: count }, (_, i) => firstMember + i * 7)
  const groups = Array.from({ length: 1000 }, (_, i) => firstGroup + i)
  it.each([
    { path: '/group/info', sent: { group_id } },
    { path: '/group/member_list', sent: { group_id, limit: 100 } },
    { path: '/group/admin_list', sent: { group_id } },
    { path: '/group/banned_list', sent: { group_id } },
    { path: '/group/blocked_list', sent: { group_id } },
    { path: '/group/members/display_name', post: true, sent: { group_id, user_list: members(100) } },
    { path: '/group/user_joined', sent: {} },
    { path: '/group/info/batch', post: true, sent: { group_list: groups.slice(0, 500) } },
    { path: '/group/invite', post: true, sent: { group_id, user_list: [5] } },
    { path: '/group/kick', post: true, sent: { group_id, user_list: [firstMember] } },
    { path: '/group/admin/add', post: true, sent: { group_id, user_list: [firstMember + 1] } },
  ])('$path reads few rows for each that it answers', async ({ path, sent, post = false }) => {
    const owner = await callers(instance).as(1)
    const { answer, cost } = await call(owner, post ? 'POST' : 'GET', path, sent)
    expect(cost.read).toBeLessThanOrEqual(3 * [answer.data].flat().length + 16)
  })

  it('/group/application_list looks at each group, and at the keys of its applications', async () => {
    const owner = await callers(instance).as(1)
    const sent = { group_list: groups, limit: 100 }
    const { cost } = await call(owner, 'POST', '/group/application_list', sent)
    expect(cost.read).toBeLessThanOrEqual(groups.length * (3 + 2 * 10) + 1000)
  })

  it('the cron trigger deletes a dissolved group in portions, and stays within the 1000 statements of an invocation', async () => {
    const owner = await callers(instance).as(1)
    dataOf(await owner.post('/group/destroy', { group_id }))
    const db = new Database(d1Files(data)[0] ?? '', { readonly: true })
    const left = () => db.prepare('SELECT count(*) FROM members WHERE group_id = ?').pluck().get(group_id)
    const cron = () =>
      costOf(owner, async () => {
        expect((await fetch(`${instance.url}/cdn-cgi/handler/scheduled`)).status).toBe(200)
        return owner.get('/group/public_list')
      })
    const { cost } = await cron()
    expect(cost.statements).toBeLessThan(1000)
    const afterOne = left()
    expect(afterOne).toBeGreaterThan(50_000)
    await cron()
    expect(left()).toBeLessThan(Number(afterOne))
    db.close()
  })
})
