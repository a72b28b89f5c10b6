import { once } from 'node:events'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { callers, signToken } from '../support/client.ts'
import { dataOf } from '../support/groups.ts'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'

const app = { app_id: 'my-app', secret: 'a-secret-of-my-own-app' }
const builds = temporaryFolder()
const binary = join(builds, 'cohort')
const deno = ['net', 'env', 'read', 'write', 'sys', 'ffi', 'run'].map(name => `--allow-${name}`)

/** What starts the service on an empty machine, and again. */
const commands: Readonly<Record<string, readonly [string[], string[]?]>> = {
  node: [['node', 'dist/cohort.js', 'serve']],
  bun: [[binary, 'serve']],
  deno: [['node_modules/.bin/deno', 'run', ...deno, 'src/entry/deno.ts', 'serve']],
  worker: [
    ['node', 'scripts/dev-worker.mjs'],
    ['node', 'scripts/dev-worker.mjs', '--prepared'],
  ],
}

beforeAll(async () => {
  const { code, stderr } = await run(['npm', 'run', '--silent', 'build:binary', '--', '--outfile', binary])
  if (code !== 0) throw new Error(stderr)
})
afterAll(() => removeFolder(builds))

/** Whether somebody listens there. */
async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host)
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return open
}

/** A request whose last bytes are still to come, and all that is answered to it until the connection ends. */
interface Unfinished {
  finish(): void
  readonly answer: Promise<string>
}

/** Begins to create a group, as user 8, and resolves when the service has had the time to see it. */
async function begin(host: string, port: number): Promise<Unfinished> {
  const token = await signToken(app.secret, { app: app.app_id, sub: '8', role: 1 })
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
  for (let i = 0; i < 3; i++) expect((await fetch(`http://${host}:${port}/healthz`)).status).toBe(200)
  return { finish: () => void socket.write(body.slice(10)), answer: once(socket, 'close').then(() => answer) }
}

describe.each(Object.entries(commands))('%s, started by one command', (name, [first, again = first]) => {
  // Another address than the default, to see that it is heeded.
  const host = '127.0.0.2'
  const folder = temporaryFolder()
  const data = join(folder, 'data')
  let port: number
  let running: Running
  const start = async (command = again) => {
    port = await freePort()
    const url = `http://${host}:${port}`
    const environment = {
      PORT: String(port),
      HOST: host,
      DATA_DIR: data,
      APP_ID: app.app_id,
      APP_SECRET: app.secret,
      LOG_LEVEL: 'warn',
    }
    running = await startServer(command, environment, url, { ownGroup: true })
    return callers({ url, ...app } as Parameters<typeof callers>[0])
  }
  afterEach(() => running.end('SIGKILL'))
  afterAll(() => removeFolder(folder))

  it('runs in the foreground where the environment says, and stops with all its children when told to', async () => {
    const { as } = await start(first)
    expect(await listens('127.0.0.1', port)).toBe(false)
    expect(readdirSync(data).length).toBeGreaterThan(0)
    expect(dataOf(await (await as(7)).post('/group/create', { name: 'Mine' }))).toMatchObject({
      name: 'Mine',
      owner_id: 7,
    })
    expect(running.child.exitCode).toBeNull()
    // A connection that is kept open for another request is not one under way.
    expect(await running.end('SIGTERM')).toBe(0)
    expect(await listens(host, port)).toBe(false)
  })

  it.runIf(name !== 'worker')(
    'keeps what it makes to itself, whatever the umask, and warns of a folder that others can read',
    async () => {
      /** Everything in the folder that others have any right on. */
      const open = (at: string): string[] =>
        readdirSync(at, { withFileTypes: true, recursive: true })
          .map(entry => join(entry.parentPath, entry.name))
          .filter(path => (statSync(path).mode & 0o077) !== 0)
      const { as } = await start(['sh', '-c', 'umask 000; exec "$0" "$@"', ...again])
      const user = await as(7)
      const place = dataOf(await user.get('/file/upload/chat', { file_type: 100, to_id: 8 }))
      expect((await fetch(place.upload_url, { method: 'PUT', body: 'hello' })).status).toBe(200)
      expect([statSync(data).mode & 0o777, open(data)]).toEqual([0o700, []])
      await running.end('SIGTERM')
      expect(running.output()).not.toContain('chmod')
      chmodSync(data, 0o755)
      await start()
      await running.printed(`chmod 700 ${data}`)
      chmodSync(data, 0o700)
    },
  )

  it('answers what was begun before it stops, and has written it', async () => {
    await start()
    const request = await begin(host, port)
    const ended = running.end('SIGTERM')
    // Time to hear it; some stop listening, some go on until all is answered.
    for (let i = 0; i < 20; i++) await listens(host, port)
    const finished = performance.now()
    request.finish()
    const answer = await request.answer
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(await ended).toBe(0)
    // Nothing is left to wait for: it does not sit out the ten seconds that it would give a slow client.
    expect(performance.now() - finished).toBeLessThan(9_000)
    const { as } = await start()
    expect(dataOf(await (await as(8)).get('/group/user_joined'))).toEqual([
      Number(/"group_id":(\d+)/.exec(answer)?.[1]),
    ])
  })

  it('stops at once when told twice', async () => {
    await start()
    const request = await begin(host, port)
    const exited = once(running.child, 'exit')
    // The request keeps it from stopping, so one of these is the second that it hears.
    while (running.child.exitCode === null) {
      running.child.kill('SIGTERM')
      await listens(host, port)
    }
    expect(await exited).toEqual([1, null])
    expect(await request.answer).toBe('')
  })
})
