import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/process.ts'
import { call } from './api.ts'
import type { Subject } from './measure.ts'
import { startServer } from './processes.ts'
import type { World } from './world.ts'

const app_id = 'demo'
const secret = 'a-secret-of-the-demo-app-for-the-benchmark'

const users = 100
const groups = 10
const rooms = 40

/** The Worker in local workerd on a fresh folder, filled by its API: a smaller world. */
export async function startWorker(folder: string): Promise<Subject> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startServer(
    [process.execPath, 'scripts/dev-worker.mjs'],
    { DATA_DIR: folder, PORT: String(port), APP_ID: app_id, APP_SECRET: secret, LOG_LEVEL: 'warn' },
    { url, ready: 'is listening on', log: join(folder, 'log') },
  )
  const create = async (owner: number, body: Readonly<Record<string, unknown>>): Promise<number> =>
    (await call<{ readonly group_id: number }>(url, { app_id, secret }, owner, '/group/create', body))
      .group_id
  const everybody = Array.from({ length: users }, (_, i) => i + 1)
  const ofMany: number[] = []
  for (let i = 0; i < groups; i++)
    ofMany.push(await create(i + 1, { name: `Group ${i}`, user_list: everybody }))
  const open: number[] = []
  for (let i = 0; i < rooms; i++) open.push(await create(users + 1, { name: `Room ${i}`, type: 2 }))
  const none = { group_id: 0, members: 0, cursors: [''] }
  const world: World = {
    app_id,
    secret,
    callers: users,
    groups: ofMany,
    membersOfEach: users,
    middle: none,
    large: none,
    open,
    hot: [],
    crowded: [],
    victims: [],
    download: '',
    thumbnail: '',
  }
  return { server, world }
}
