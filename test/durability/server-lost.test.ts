import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Bytes } from '../../src/platform.ts'
import { type Client, callers, newUsers } from '../support/client.ts'
import { times } from '../support/crowds.ts'
import { headOf } from '../support/events.ts'
import { read, sendFile, toGroup } from '../support/files.ts'
import { dataOf, memberIds, newGroup } from '../support/groups.ts'
import {
  type Background,
  background,
  litestreamRestore,
  litestreamVersion,
  newAddresses,
  offsiteEnvironment,
  startLitestream,
} from '../support/litestream.ts'
import { allPages } from '../support/pages.ts'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'
import { buildBinary, programs } from '../support/programs.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'

/*
 * The server is lost, again and again: the service, Litestream and the mirror are killed under load at a
 * random moment, their folder is deleted, and everything comes back in another folder from the bucket alone.
 * Only Cohort and Litestream's own program are used, as docs/off-site.md says.
 */

/** What may be lost, milliseconds before the end of the server. */
const maxLossMs = 2000
const maxLogBytes = 100e6
const secret = 'a-secret-of-the-demo-app-for-tests'

const folder = temporaryFolder()
const binary = join(folder, 'cohort')
const all = programs(binary)
beforeAll(() => buildBinary(binary))
afterAll(() => removeFolder(folder))

type Environment = Readonly<Record<string, string>>

/** Something that was answered with success at `at`, milliseconds since 1970. */
type Fact = { readonly at: number; readonly user: number } & (
  | { readonly group_id: number; readonly members: readonly number[] }
  | { readonly path: string; readonly bytes: Bytes }
)

/** A server with the service, Litestream and the mirror of the files. */
class Server {
  readonly environment: Environment
  readonly program: readonly string[]
  readonly url: string
  #running: Running
  readonly #others: readonly Background[]

  private constructor(program: readonly string[], environment: Environment, url: string, running: Running) {
    this.program = program
    this.environment = environment
    this.url = url
    this.#running = running
    this.#others = [
      startLitestream(environment),
      background([...program, 'files', 'mirror', '--follow'], environment),
    ]
  }

  static async start(program: readonly string[], environment: Environment): Promise<Server> {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const variables = { ...environment, PORT: String(port), LOG_LEVEL: 'warn', APP_SECRET: secret }
    const running = await startServer([...program, 'serve'], variables, url)
    return new Server(program, environment, url, running)
  }

  as(user_id: number): Promise<Client> {
    return callers({ url: this.url, app_id: 'demo', secret }).as(user_id)
  }
  admin(): Promise<Client> {
    return callers({ url: this.url, app_id: 'demo', secret }).admin()
  }

  /** How old the replica and the mirror are, as /metrics says, milliseconds. */
  async ages(): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const found = [...text.matchAll(/^cohort_(?:replica|mirror)_age_seconds (\S+)$/gm)]
    expect(found).toHaveLength(2)
    const log = statSync(join(this.environment.DATA_DIR ?? '', 'cohort.db-wal')).size
    expect(log).toBeLessThan(maxLogBytes)
    return 1000 * Math.max(...found.map(([, seconds]) => Number(seconds)))
  }

  /** Kills all that runs, and deletes the folder. */
  async burn(): Promise<void> {
    await Promise.all([this.#running.end('SIGKILL'), ...this.#others.map(other => other.kill())])
    await removeFolder(this.environment.DATA_DIR ?? '')
  }

  output(): string {
    return [this.#running, ...this.#others].map(one => one.output()).join('\n')
  }
}

/** Users who invite others and send files, one request after the other. */
class Load {
  readonly #facts: Fact[] = []
  readonly #writers: Promise<void>[] = []
  #isOn = true

  constructor(server: Server, users: readonly number[]) {
    for (const user of users) this.#writers.push(this.#write(server, user))
  }

  async #write(server: Server, user: number): Promise<void> {
    const client = await server.as(user)
    try {
      const group_id = await newGroup(client, { type: 2 })
      for (let turn = 0; this.#isOn; turn++) {
        if (turn % 8 === 0) {
          const bytes = new Uint8Array(2000 + turn).map((_, i) => (i * turn + user) % 251)
          const url = new URL(await sendFile(client, toGroup(group_id), bytes))
          this.#facts.push({ at: Date.now(), user, path: url.pathname + url.search, bytes })
        } else {
          const user_list = newUsers(3)
          dataOf(await client.post('/group/invite', { group_id, user_list }))
          this.#facts.push({ at: Date.now(), user, group_id, members: user_list })
        }
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    } catch (error) {
      // The request was cut off. Anything else is an answer that should not be.
      if (!(error instanceof TypeError)) throw error
    }
  }

  /** How much was answered before this moment. */
  before(at: number): number {
    return this.#facts.filter(fact => fact.at < at).length
  }

  async end(): Promise<readonly Fact[]> {
    this.#isOn = false
    await Promise.all(this.#writers)
    return this.#facts
  }
}

/** Which facts the service still knows. Throws if one is there by half. */
async function stillThere(server: Server, facts: readonly Fact[]): Promise<Set<Fact>> {
  const found = new Set<Fact>()
  const members = new Map<number, Promise<Set<number>>>()
  const membersOf = (client: Client, group_id: number): Promise<Set<number>> => {
    const known =
      members.get(group_id) ??
      allPages(cursor => client.get('/group/member_list', { group_id, cursor })).then(
        rows => new Set<number>(rows.map(row => row.user_id)),
        () => new Set<number>(),
      )
    members.set(group_id, known)
    return known
  }
  for (const fact of facts) {
    const client = await server.as(fact.user)
    if ('path' in fact) {
      const { status, bytes } = await read(client, server.url + fact.path)
      if (status !== 200) continue
      expect(Buffer.compare(bytes, fact.bytes)).toBe(0)
      found.add(fact)
    } else {
      const there = await membersOf(client, fact.group_id)
      const count = fact.members.filter(id => there.has(id)).length
      expect([0, fact.members.length]).toContain(count)
      if (count > 0) found.add(fact)
    }
  }
  return found
}

/**
 * Has a member of a group erased. That ends only when its last traces are overwritten, and Litestream reads
 * the log meanwhile. Answers what looks whether the user is still erased.
 */
async function eraseSomebody(server: Server): Promise<(later: Server) => Promise<void>> {
  const [owner = 0, user_id = 0] = newUsers(2)
  const group_id = await newGroup(await server.as(owner), { user_list: [user_id] })
  const admin = await server.admin()
  dataOf(await admin.post('/user/erase', { user_id }))
  const erasure = async (asked: Client) => dataOf(await asked.get('/user/erasure', { user_id }))
  while ((await erasure(admin)).finished_at === 0) await new Promise(resolve => setTimeout(resolve, 50))
  return async later => {
    expect((await erasure(await later.admin())).finished_at).toBeGreaterThan(0)
    expect(await memberIds(await later.as(owner), group_id)).toEqual([owner])
  }
}

/** Brings everything back in a new folder, and starts the service there. */
async function recover(lost: Server, program: readonly string[], data: string): Promise<Server> {
  const restored = `${data}.restored`
  await litestreamRestore(lost.environment, restored)
  const environment = { ...lost.environment, ...(await newAddresses()), DATA_DIR: data }
  const cohort = async (...args: string[]) => {
    const { code, stdout, stderr } = await run([...program, ...args], environment)
    if (code !== 0) throw new Error(`cohort ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  await cohort('restore', restored)
  const server = await Server.start(program, environment)
  await cohort('files', 'fetch', '--forget-lost')
  expect(await cohort('check', '--files')).toBe('ok\n')
  return server
}

async function rounds(s3: S3Server, name: string, names: readonly string[]): Promise<void> {
  const programOf = (round: number) => all[names[round % names.length] ?? ''] ?? []
  const first = await offsiteEnvironment(s3, join(folder, `${name}-0`), name)
  let server = await Server.start(programOf(0), first)
  let facts: readonly Fact[] = []
  try {
    const expectErased = await eraseSomebody(server)
    for (const round of times(names.length)) {
      const admin = await server.admin()
      const load = new Load(server, newUsers(4))
      await new Promise(resolve => setTimeout(resolve, maxLossMs * Math.random()))
      const cursor = await headOf(admin)
      // On a busy machine Litestream or the mirror may be behind. They say so, and then it is waited for.
      let bound = 0
      for (let ageMs = Number.POSITIVE_INFINITY; ageMs > maxLossMs - 300 || load.before(bound) < 20; ) {
        const askedAt = Date.now()
        ageMs = await server.ages()
        bound = Math.min(askedAt - maxLossMs, askedAt - ageMs)
      }
      // Nothing that was answered two seconds before may be missing.
      await server.burn()
      const loaded = await load.end()

      server = await recover(server, programOf(round + 1), join(folder, `${name}-${round + 1}`))
      facts = [...facts, ...loaded]
      const there = await stillThere(server, facts)
      expect(facts.filter(fact => fact.at < bound && !there.has(fact))).toEqual([])
      facts = [...there]
      await expectErased(server)
      expect(await (await server.admin()).get('/events', { after: cursor })).toMatchObject({
        status: 410,
        code: 'reset',
      })
    }
  } catch (error) {
    throw new Error(`${String(error)}\n${server.output()}`, { cause: error })
  } finally {
    await server.burn()
  }
}

it(`a server that is lost ten times comes back from its bucket, with Litestream ${litestreamVersion()}`, async () => {
  const s3 = await startS3Server()
  try {
    await Promise.all([
      rounds(s3, 'one', ['node', 'node', 'node', 'node', 'node']),
      rounds(s3, 'two', ['node', 'bun', 'deno', 'node', 'node']),
    ])
  } finally {
    await s3.stop()
  }
}, 600_000)
