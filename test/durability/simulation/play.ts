import Database from 'better-sqlite3'
import { invariants } from '../../../src/db/invariants.ts'
import { migrations } from '../../../src/db/migrations.gen.ts'
import type { BlobStore } from '../../../src/platform.ts'
import type { RunningService } from '../../../src/service.ts'
import { newApp } from '../../../src/tenant/first-app.ts'
import { signToken } from '../../support/client.ts'
import { simulatedBlobs } from './blobs.ts'
import { Chance } from './chance.ts'
import { SimulatedDisk } from './disk.ts'
import { SimulatedLoop } from './loop.ts'
import { footing, newService, type Process, startProcess } from './system.ts'

const secret = 'a-secret-of-the-simulated-app'
const users = [1, 2, 3, 4]
const stepsASeed = 120

/** Lets promises run, as far as they come without the disk or the clock. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** The database that every simulation begins with: an app, and nothing else. */
function emptyDatabase(): Buffer {
  const database = new Database(':memory:')
  for (const { sql } of migrations) database.exec(sql)
  const { app_id, secrets, keys, settings } = newApp('sim', secret)
  database
    .prepare(
      `INSERT INTO apps (app_id, secrets, keys, jwks_url, settings, app_created_at) VALUES (?, ?, ?, '', ?, 0)`,
    )
    .run(app_id, JSON.stringify(secrets), JSON.stringify(keys), JSON.stringify(settings))
  return database.serialize()
}

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Record<string, unknown>
  /** Bytes of an upload. */
  readonly bytes?: string
}

/** One run of the service over a disk that fails as the seed says. */
class Play {
  readonly complaints: string[] = []
  private readonly chance: Chance
  private readonly disk: SimulatedDisk
  private loop = new SimulatedLoop()
  private process: Process
  private service: RunningService
  /** Changes with every end of the process: what it still answers then, nobody hears. */
  private life = 0
  private now: number
  private readonly groups: number[] = []
  private readonly slots: { upload: string; download: string }[] = []
  private readonly files: { group_id: number; file_id: number }[] = []
  private readonly downloads: string[] = []
  private readonly stored = new Map<string, Uint8Array<ArrayBuffer>>()
  private readonly blobs: BlobStore
  private readonly tokens: ReadonlyMap<number, string>
  private collecting = false
  /** Requests of this life that wait for their answer. */
  private open = 0

  constructor(seed: number, start: Buffer, tokens: ReadonlyMap<number, string>) {
    this.chance = new Chance(seed)
    this.now = Date.now()
    this.tokens = tokens
    this.disk = new SimulatedDisk(start, this.chance)
    this.blobs = simulatedBlobs(this.stored, this.disk, what => this.complaints.push(what))
    this.process = this.newProcess()
    this.service = this.newService()
  }

  async run(): Promise<void> {
    await this.beginService()
    const gentle = this.chance.happens(0.5)
    const failing = gentle ? 0.05 : 0.35
    this.disk.faults = { locked: gentle ? 0 : 0.1, full: gentle ? 0 : 0.03 }
    for (let step = 0; step < stepsASeed; step++) {
      await this.step(failing)
      if (this.complaints.length > 0) break
    }
    await this.comeToRest()
    this.disk.close()
  }

  /**
   * Starts the service of a new process. Tokens are verified by threads of the runtime, at a time of their
   * own: so each is known before the play goes on, and a seed plays the same every time.
   */
  private async beginService(): Promise<void> {
    await this.listen()
    this.service = this.newService()
    for (const token of this.tokens.values())
      await this.service.app.request('/group/user_joined', {
        headers: { app_id: 'sim', 'access-token': token },
      })
    this.loop.runTurn()
  }

  private newService(): RunningService {
    return newService(this.process.executor, this.blobs, () => this.now)
  }

  private newProcess(): Process {
    const complain = (what: string) => this.complaints.push(what)
    return startProcess(this.disk.open(), this.loop, writes => this.disk.position(writes), complain)
  }

  /** Waits until a start has done what it must, whatever the disk says. */
  private async listen(): Promise<void> {
    for (;;) {
      const recovered = this.process.recovered.then(
        () => true,
        () => false,
      )
      if (this.chance.happens(0.2)) this.disk.call?.fail()
      else this.disk.call?.succeed()
      if (await recovered) return
      this.process = this.newProcess()
    }
  }

  private async step(failing: number): Promise<void> {
    const { chance } = this
    const dice = chance.number()
    if (dice < 0.45) void this.request(this.nextRequest())
    else if (dice < 0.65) this.loop.runTurn()
    else if (dice < 0.85) {
      if (chance.happens(failing)) this.disk.call?.fail()
      else this.disk.call?.succeed()
    } else if (dice < 0.93) {
      const ms = chance.of([1, 20, 1000, 11_000])
      this.now += ms
      this.loop.advance(ms)
    } else if (dice < 0.97) void this.collect()
    else await this.restart(chance.happens(0.6))
    await settle()
  }

  private async restart(powerCut: boolean): Promise<void> {
    this.life++
    this.open = 0
    this.loop = new SimulatedLoop()
    if (powerCut) this.disk.cutPower()
    else this.disk.kill()
    this.process = this.newProcess()
    this.collecting = false
    await this.beginService()
    this.checkState(powerCut ? 'a power cut' : 'a kill')
  }

  /** At the end the disk is sound: all that waits is answered, and what is stored has its bytes. */
  private async comeToRest(): Promise<void> {
    this.disk.faults = { locked: 0, full: 0 }
    for (let turn = 0; turn < 30 || (this.open > 0 && turn < 3000); turn++) {
      this.loop.runTurn()
      this.disk.call?.succeed()
      this.loop.advance(2000)
      await settle()
    }
    if (this.open > 0) this.complaints.push(`${this.open} requests were never answered`)
    this.checkState('the end')
  }

  private checkState(when: string): void {
    for (const { rule, sql } of invariants)
      if (this.disk.rows(sql).length > 0) this.complaints.push(`after ${when} it is not true that ${rule}`)
    for (const [name] of this.disk.rows('SELECT object_name FROM objects WHERE state = 1'))
      if (!this.stored.has(String(name))) this.complaints.push(`after ${when} ${name} has lost its bytes`)
  }

  private async collect(): Promise<void> {
    if (this.collecting) return
    this.collecting = true
    const { life } = this
    await this.service.jobs.runAll()
    if (life === this.life) this.collecting = false
  }

  private nextRequest(): Request {
    const { chance, groups, slots, files, downloads } = this
    const post = (path: string, body: Record<string, unknown>): Request => ({ method: 'POST', path, body })
    const get = (path: string): Request => ({ method: 'GET', path })
    if (groups.length === 0 || chance.happens(0.1)) return post('/group/create', { name: 'Simulated' })
    const group_id = chance.of(groups)
    const url = downloads.length > 0 ? chance.of(downloads) : 'http://elsewhere/'
    const candidates: (() => Request)[] = [
      () => post('/group/invite', { group_id, user_list: [10 + chance.below(1000)] }),
      () => post('/group/kick', { group_id, user_list: [10 + chance.below(1000)] }),
      () => post('/group/info/name', { group_id, value: `Name ${chance.below(1000)}` }),
      () => get(`/group/info?group_id=${group_id}`),
      () => get(`/group/member_list?group_id=${group_id}`),
      () => get('/group/user_joined'),
      () => get(`/group/file/list?group_id=${group_id}`),
      () => get(`/file/upload/chat?file_type=200&to_type=2&to_id=${group_id}`),
      () => post('/group/file/upload', { group_id, name: 'A file', size: 1, url }),
      () => get(url),
    ]
    if (slots.length > 0) {
      const [slot] = slots.splice(chance.below(slots.length), 1)
      if (slot !== undefined && chance.happens(0.7)) {
        downloads.push(slot.download)
        return { method: 'POST', path: slot.upload, bytes: 'bytes of a file '.repeat(1 + chance.below(20)) }
      }
    }
    if (files.length > 0 && chance.happens(0.2)) {
      const [file] = files.splice(chance.below(files.length), 1)
      if (file !== undefined)
        return post('/group/file/delete', { group_id: file.group_id, file_list: [file.file_id] })
    }
    if (chance.happens(0.03)) return post('/group/destroy', { group_id })
    return chance.of(candidates)()
  }

  private async request({ method, path, body, bytes }: Request): Promise<void> {
    const { life } = this
    const user = this.chance.of(users)
    const headers: Record<string, string> = { app_id: 'sim', 'access-token': this.tokens.get(user) ?? '' }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body))
    const on = { seen: 0 }
    this.open++
    const response = await footing.run(on, async () =>
      this.service.app.request(path, { method, headers, ...(sent !== undefined && { body: sent }) }),
    )
    if (life !== this.life) return
    this.open--
    const beyond = on.seen > this.disk.durable
    const text = await response.text()
    if (life !== this.life) return
    const code = text.startsWith('{') ? JSON.parse(text).code : response.status
    const says = `${method} ${path.split('?')[0]} was answered ${response.status} ${code}`
    if (response.status >= 500 && response.status !== 503) this.complaints.push(says)
    if (beyond && response.status !== 503 && code !== 20000 && !(await this.allowedBeyond(method)))
      this.complaints.push(`${says} before what it rests on was on disk`)
    if (code === 200) this.learn(path, text)
  }

  /** While the service says that nothing can be saved, readers are told what is there. */
  private async allowedBeyond(method: string): Promise<boolean> {
    const failing = await this.process.executor.durable().then(
      () => false,
      () => true,
    )
    return failing && method === 'GET'
  }

  private learn(path: string, text: string): void {
    if (!text.startsWith('{')) return
    const { data } = JSON.parse(text)
    if (path === '/group/create') this.groups.push(data.group_id)
    if (path === '/group/file/upload') this.files.push({ group_id: data.group_id, file_id: data.file_id })
    if (path.startsWith('/file/upload/chat'))
      this.slots.push({ upload: data.upload_url, download: data.download_url })
  }
}

let start: Buffer | undefined
let tokens: ReadonlyMap<number, string> | undefined

/** Plays one seed; answers what went wrong. */
export async function playSeed(seed: number): Promise<readonly string[]> {
  start ??= emptyDatabase()
  if (tokens === undefined) {
    const [iat, exp] = [Math.floor(Date.now() / 1000) - 60, Math.floor(Date.now() / 1000) + 86_400]
    const signed = users.map(
      async user =>
        [user, await signToken(secret, { app: 'sim', sub: String(user), role: 1, iat, exp })] as const,
    )
    tokens = new Map(await Promise.all(signed))
  }
  const play = new Play(seed, start, tokens)
  await play.run()
  return play.complaints
}
