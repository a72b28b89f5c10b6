import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callers, signToken } from '../support/client.ts'
import { dataOf } from '../support/groups.ts'
import { freePort, type Running, removeFolder, run, startServer, temporaryFolder } from '../support/process.ts'

const app = { app_id: 'my-app', secret: 'a-secret-of-my-own-app' }
const builds = temporaryFolder()
const binary = join(builds, 'cohort')
const deno = ['net', 'env', 'read', 'write', 'sys', 'ffi', 'run'].map(name => `--allow-${name}`)

const commands: Readonly<Record<string, readonly string[]>> = {
  node: ['node', 'dist/cohort.js', 'serve'],
  bun: [binary, 'serve'],
  deno: ['node_modules/.bin/deno', 'run', ...deno, 'src/entry/deno.ts', 'serve'],
  worker: ['node', 'scripts/dev-worker.mjs'],
}

beforeAll(async () => {
  const { code, stderr } = await run(['npm', 'run', '--silent', 'build:binary', '--', '--outfile', binary])
  if (code !== 0) throw new Error(stderr)
})
afterAll(() => removeFolder(builds))

/** Whether somebody listens there. */
async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host)
  const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)])
  socket.destroy()
  return open
}

/** A request whose last bytes are still to come, and all that is answered to it until the connection ends. */
interface Unfinished {
  finish(): void
  readonly answer: Promise<string>
}

async function begin(host: string, port: number, token: string): Promise<Unfinished> {
  const body = '{"name":"Begun before the end"}'
  const socket: Socket = connect(port, host)
  await once(socket, 'connect')
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  socket.on('error', () => {})
  const head = `POST /group/create HTTP/1.1\r\nhost: ${host}\r\napp_id: ${app.app_id}\r\naccess-token: ${token}\r\ncontent-type: application/json`
  socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`)
  return { finish: () => void socket.write(body.slice(10)), answer: once(socket, 'close').then(() => answer) }
}

describe.each(Object.entries(commands))('%s, started by one command', (name, command) => {
  // Another address than the default, to see that it is heeded.
  const host = '127.0.0.2'
  let data: string
  let port: number
  let running: Running
  const start = async () => {
    const url = `http://${host}:${port}`
    const environment = { PORT: String(port), HOST: host, DATA_DIR: data, APP_ID: app.app_id, APP_SECRET: app.secret, LOG_LEVEL: 'warn' }
    running = await startServer(command, environment, url, { ownGroup: true })
    return callers({ url, ...app } as Parameters<typeof callers>[0])
  }
  beforeEach(async () => {
    data = join(temporaryFolder(), 'data')
    port = await freePort()
  })
  afterEach(async () => {
    await running.end('SIGKILL')
    await removeFolder(data)
  })

  it('runs in the foreground where the environment says, and stops with all its children when told to', async () => {
    const { as } = await start()
    expect(await listens('127.0.0.1', port)).toBe(false)
    expect(readdirSync(data).length).toBeGreaterThan(0)
    expect(dataOf(await (await as(7)).post('/group/create', { name: 'Mine' }))).toMatchObject({ name: 'Mine', owner_id: 7 })
    expect(running.child.exitCode).toBeNull()
    // A connection that is kept open for another request is not one under way.
    expect(await running.end('SIGTERM')).toBe(0)
    expect(await listens(host, port)).toBe(false)
  })

  it('answers what was begun before it stops, and has written it', async () => {
    await start()
    const request = await begin(host, port, await signToken(app.secret, { app: app.app_id, sub: '7', role: 1 }))
    await expectReceived(request)
    const ended = running.end('SIGTERM')
    while (await listens(host, port)) {}
    request.finish()
    const answer = await request.answer
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(await ended).toBe(0)
    const { as } = await start()
    expect(dataOf(await (await as(7)).get('/group/user_joined'))).toEqual([Number(/"group_id":(\d+)/.exec(answer)?.[1])])
  })

  it('stops at once when told twice', async () => {
    await start()
    const request = await begin(host, port, await signToken(app.secret, { app: app.app_id, sub: '7', role: 1 }))
    await expectReceived(request)
    const exited = once(running.child, 'exit')
    running.child.kill('SIGTERM')
    while (await listens(host, port)) {}
    running.child.kill('SIGTERM')
    expect(await exited).toEqual([1, null])
    expect(await request.answer).toBe('')
  })

  /** Resolves when the service has read what was sent: it answers other requests in between. */
  async function expectReceived(_: Unfinished): Promise<void> {
    for (let i = 0; i < 3; i++) expect((await fetch(`http://${host}:${port}/healthz`)).status).toBe(200)
  }
})
