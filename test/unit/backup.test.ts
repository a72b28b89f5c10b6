import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { s3Store } from '../../src/blobs/s3.ts'
import { readConfig } from '../../src/config.ts'
import { startScheduledBackup } from '../../src/entry/cli/scheduled-backup.ts'
import { type Answer, type Client, callers } from '../support/client.ts'
import { read, sendFile, toGroup } from '../support/files.ts'
import { dataOf, newGroup } from '../support/groups.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'
import { buildBinary, type Installation, installation, programs } from '../support/programs.ts'
import { startS3Server } from '../support/s3-server.ts'
import type { Instance } from '../support/target.ts'
import { newWorld, type World } from '../support/world.ts'

const folder = temporaryFolder()
const binary = join(folder, 'cohort')
const all = programs(binary)
const node = all.node ?? []
let count = 0
/** A new place, under a name that nothing has yet. */
const place = (name: string): string => join(folder, `${++count}-${name}`)
const onNode = (): Installation => installation('node', node, place('data'))

beforeAll(() => buildBinary(binary))
afterAll(() => removeFolder(folder))

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
const leftovers = (directory: string): string[] =>
  readdirSync(directory).filter(name => name.includes('.tmp'))

/** What a member is told about the world, and the bytes of a file in it. */
async function tellAll(instance: Instance, world: World, path: string) {
  const { as, admin } = callers(instance)
  const { group_id } = world
  const readers: Client[] = [await as(world.member.id), await as(world.owner.id), await admin()]
  const answers: Answer['body'][] = []
  for (const client of readers) {
    for (const route of [
      'info',
      'member_list',
      'admin_list',
      'banned_list',
      'blocked_list',
      'announcement/list',
      'file/list',
      'settings',
    ]) {
      answers.push((await client.get(`/group/${route}`, { group_id })).body)
    }
  }
  answers.push((await (await as(world.invitee.id)).get('/group/invitation_list')).body)
  const { status, bytes, headers } = await read(await as(world.member.id), new URL(path, instance.url).href)
  return { answers, file: { status, bytes: Buffer.from(bytes).toString('hex'), etag: headers.get('etag') } }
}

describe.each(Object.entries(all))('backup and restore with %s', (name, program) => {
  const before = installation(name, program, place('data'))
  const after = installation(name, program, place('data'))
  const file = place('backup.db')

  it('bring back a running service as it was, its files too', async () => {
    const original = await before.serve()
    const world = await newWorld(original)
    const bytes = new Uint8Array(300_000).map((_, i) => i % 251)
    const url = await sendFile(world.owner, toGroup(world.group_id), bytes)
    const path = new URL(url).pathname + new URL(url).search
    const told = await tellAll(original, world, path)
    expect(told.file).toMatchObject({ status: 200, bytes: Buffer.from(bytes).toString('hex') })

    expect(await before.done('backup', file, '--files')).toMatch(
      /: 1 files of 300000 bytes, 0 were there already/,
    )
    expect(await before.cli('restore', file, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/a service is running/),
    })
    expect(await before.cli('backup', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/exists: --force/),
    })
    expect(await before.done('backup', file, '--files', '--force')).toMatch(
      /: 0 files of 0 bytes, 1 were there already/,
    )
    expect(await tellAll(original, world, path)).toEqual(told)
    await original.stop()
    expect(existsSync(join(before.data, 'cohort.pid'))).toBe(false)

    expect(await after.done('restore', file)).toMatch(/--files brings them back/)
    expect(await after.done('restore', file, '--files', '--force')).toMatch(/1 files of 300000 bytes/)
    const restored = await after.serve()
    expect(await tellAll(restored, world, path)).toEqual(told)
    expect(await restored.check()).toEqual([])
    await restored.stop()
    expect([...leftovers(folder), ...leftovers(after.data)]).toEqual([])
    // It holds secrets.
    expect(statSync(file).mode & 0o077).toBe(0)
  })
})

it('a backup under load ends, has all that was answered before it began, and is whole', async () => {
  const loaded = onNode()
  await loaded.done('app', 'create', 'many')
  const lines = place('many.ndjson')
  const members = (group_id: number) =>
    Array.from({ length: 1500 }, (_, i) =>
      JSON.stringify({ type: 'member', group_id, user_id: 10 + i }),
    ).join('\n')
  const groups = Array.from(
    { length: 60 },
    (_, i) => `{"type":"group","group_id":${i + 1},"owner_id":1}\n${members(i + 1)}`,
  )
  writeFileSync(lines, groups.join('\n'))
  await loaded.done('import', '--app', 'many', lines)
  // More than one step of a backup.
  expect(statSync(join(loaded.data, 'cohort.db')).size / 4096).toBeGreaterThan(1000)

  const original = await loaded.serve()
  const { as } = callers(original)
  const answered: number[] = []
  let writing = true
  const writers = Array.from({ length: 8 }, async (_, i) => {
    const client = await as(100 + i)
    while (writing) answered.push(await newGroup(client, { name: 'Under load' }))
  })
  while (answered.length < 200) await new Promise(resolve => setImmediate(resolve))
  const earlier = [...answered]
  const file = place('loaded.db')
  await loaded.done('backup', file)
  const meanwhile = answered.length - earlier.length
  writing = false
  await Promise.all(writers)
  await original.stop()
  expect(meanwhile).toBeGreaterThan(0)

  const copy = onNode()
  await copy.done('restore', file)
  const restored = await copy.serve()
  const reader = await callers(restored).as(1)
  for (let i = 0; i < earlier.length; i += 500) {
    const group_list = earlier.slice(i, i + 500)
    const infos: { group_id: number }[] = dataOf(await reader.post('/group/info/batch', { group_list }))
    expect(infos.map(({ group_id }) => group_id)).toEqual(group_list)
  }
  expect(await restored.check()).toEqual([])
  await restored.stop()
})

describe('restore', () => {
  let target: Installation
  let database: string
  const good = place('good.db')
  beforeAll(async () => {
    const source = onNode()
    await source.done('app', 'create', 'first')
    await source.done('backup', good)
  })
  beforeEach(async () => {
    target = onNode()
    database = join(target.data, 'cohort.db')
    await target.done('app', 'create', 'second')
  })
  const refused = async (file: string, reason: RegExp) => {
    const before = hashOf(database)
    expect(await target.cli('restore', file, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(reason),
    })
    expect(hashOf(database)).toBe(before)
    expect(readdirSync(target.data)).toEqual(['cohort.db'])
  }

  it('replaces a database only when it is told to', async () => {
    expect(await target.cli('restore', good)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/exists: --force replaces it/),
    })
    expect(await target.done('app', 'list')).toBe('second\n')
    await target.done('restore', good, '--force')
    expect(await target.done('app', 'list')).toBe('first\n')
  })

  it('says what is wrong with a file, and leaves all as it was', async () => {
    await refused(place('nowhere.db'), /there is no /)
    const bad = place('bad.db')
    writeFileSync(bad, '')
    await refused(bad, /is empty/)
    writeFileSync(bad, 'Dear diary, today I made a backup.')
    await refused(bad, /neither a SQLite database nor a dump/)
    writeFileSync(bad, readFileSync(good).subarray(0, 100))
    await refused(bad, /is damaged/)
    copyFileSync(good, bad)
    truncateSync(bad, statSync(good).size / 2)
    await refused(bad, /is damaged/)
    copyFileSync(good, bad)
    writeSync(openSync(bad, 'r+'), Buffer.alloc(4096, 7), 0, 4096, 8192)
    await refused(bad, /is damaged/)
  })

  it('refuses a backup in which one bit has changed, wherever it is', async () => {
    const bytes = readFileSync(good)
    const bad = place('bit.db')
    // In SQLite's header, in the middle of pages, in what no page uses, and in the checksum itself.
    for (const at of [
      40,
      100,
      5000,
      bytes.length >> 1,
      bytes.length - 200,
      bytes.length - 80,
      bytes.length - 10,
    ]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 4
      writeFileSync(bad, changed)
      await refused(bad, /is damaged/)
    }
    writeFileSync(bad, bytes.subarray(0, bytes.length - 1))
    await refused(bad, /is damaged/)
    writeFileSync(bad, Buffer.concat([bytes, Buffer.alloc(1)]))
    await refused(bad, /is damaged/)
  })

  it('takes what has no checksum: a copied database, a backup of 0.1.0', async () => {
    const source = onNode()
    await source.done('app', 'create', 'unsealed')
    await target.done('restore', join(source.data, 'cohort.db'), '--force')
    expect(await target.done('app', 'list')).toBe('unsealed\n')
  })

  it('refuses databases of other programs and of a newer version', async () => {
    const other = place('other.db')
    new Database(other).exec('CREATE TABLE photos (name TEXT)').close()
    await refused(other, /is not a database of Cohort/)
    const newer = place('newer.db')
    copyFileSync(database, newer)
    new Database(newer).exec("INSERT INTO d1_migrations (name) VALUES ('9999_flying_cars.sql')").close()
    await refused(newer, /newer Cohort.*9999_flying_cars/)
    const partial = place('partial.db')
    copyFileSync(database, partial)
    new Database(partial).exec('DROP TABLE members').close()
    await refused(partial, /lacks .*members/)
  })

  it('refuses while anything has the database open', async () => {
    const reader = new Database(database)
    reader.prepare('SELECT count(*) FROM apps').get()
    expect(await target.cli('restore', good, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is in use/),
    })
    reader.close()
    await target.done('restore', good, '--force')
  })

  it('is not kept by a service that died', async () => {
    const dead = await run(['bash', '-c', 'echo $$'])
    writeFileSync(join(target.data, 'cohort.pid'), dead.stdout)
    await target.done('restore', good, '--force')
    writeFileSync(join(target.data, 'cohort.pid'), String(process.pid))
    expect(await target.cli('restore', good, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/a service is running/),
    })
  })

  it('does not mix in what a crash left of the old database, and takes in what it left of a copied one', async () => {
    const copied = place('copied.db')
    const crashing = new Database(database)
    crashing.exec("UPDATE apps SET app_id = 'third'")
    for (const suffix of ['', '-wal']) copyFileSync(database + suffix, copied + suffix)
    crashing.close()
    // As after a crash: the log is there, and nobody has it open.
    for (const suffix of ['', '-wal']) copyFileSync(copied + suffix, database + suffix)
    expect(statSync(`${database}-wal`).size).toBeGreaterThan(0)
    await target.done('restore', good, '--force')
    expect(await target.done('app', 'list')).toBe('first\n')
    expect(await target.done('check')).toBe('ok\n')
    await target.done('restore', copied, '--force')
    expect(await target.done('app', 'list')).toBe('third\n')
  })
})

it('a backup of nothing, or of an unknown place, is refused', async () => {
  const nothing = onNode()
  expect(await nothing.cli('backup', place('x.db'))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no database/),
  })
  expect(existsSync(nothing.data)).toBe(false)
  expect(await nothing.cli('backup')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/FILE is missing/),
  })
  expect(await nothing.cli('backup', 's3:x.db')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/S3_BUCKET must be set/),
  })
})

describe('scheduled backups', () => {
  const open: Scheduled[] = []
  afterEach(async () => {
    for (const { stop } of open.splice(0)) await stop()
  })

  interface Scheduled {
    readonly lines: {
      readonly event?: unknown
      readonly error?: unknown
      readonly removed?: unknown
      readonly bytes?: unknown
    }[]
    /** Resolves when so many lines are in the log. */
    logged(lines: number): Promise<void>
    stop(): Promise<void>
  }

  /** One after the other, without a pause worth mentioning. */
  function schedule(environment: Readonly<Record<string, string>>, command = node): Scheduled {
    const lines: Scheduled['lines'] = []
    const waiting = new Set<() => void>()
    const add = (line: Scheduled['lines'][number]) => {
      lines.push(line)
      for (const wake of waiting) wake()
    }
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const running = startScheduledBackup(
      { command: ['env', ...variables, ...command] },
      readConfig(environment),
      { info: add, warn: add, error: add },
      10,
    )
    const scheduled = {
      lines,
      stop: running.stop,
      logged: (many: number) =>
        new Promise<void>(resolve => {
          const look = () => void (lines.length >= many && waiting.delete(look) && resolve())
          waiting.add(look)
          look()
        }),
    }
    open.push(scheduled)
    return scheduled
  }

  it('go to a folder, where the latest are kept and other files left alone', async () => {
    const source = onNode()
    await source.done('app', 'create', 'kept')
    const target = join(source.data, 'backups')
    mkdirSync(target)
    writeFileSync(join(target, 'notes.txt'), '')
    const { lines, logged, stop } = schedule({ DATA_DIR: source.data, BACKUP_KEEP: '2' })
    await logged(4)
    await stop()
    const kept = readdirSync(target).sort()
    expect(kept).toEqual([
      expect.stringMatching(/^cohort-\d{8}T\d{9}Z\.db$/),
      expect.stringMatching(/^cohort-.*\.db$/),
      'notes.txt',
    ])
    expect(lines.slice(0, 4)).toEqual(
      [0, 0, 1, 1].map(removed => expect.objectContaining({ event: 'backup', removed })),
    )
    expect(lines[0]?.bytes).toBeGreaterThan(4096)
    const copy = onNode()
    await copy.done('restore', join(target, kept[1] ?? ''))
    expect(await copy.done('app', 'list')).toBe('kept\n')
  })

  it('go to the bucket, from which restore takes them', async () => {
    const s3 = await startS3Server()
    const source = onNode()
    await source.done('app', 'create', 'kept')
    const bucket = {
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    const { lines, logged, stop } = schedule({
      DATA_DIR: source.data,
      BACKUP_KEEP: '2',
      BACKUP_TO: 's3',
      ...bucket,
    })
    await logged(3)
    await stop()
    expect(lines.map(line => line.error).filter(error => error !== undefined)).toEqual([])
    const { files } = readConfig(bucket)
    if (files.store !== 's3') throw new Error('no bucket')
    const names: string[] = []
    for await (const key of s3Store(files.s3).list('')) names.push(key)
    expect(names).toEqual([
      expect.stringMatching(/^cohort\.backups\/cohort-\d{8}T\d{9}Z\.db$/),
      expect.any(String),
    ])
    expect(readdirSync(source.data)).toEqual(['cohort.db'])

    const copy = onNode()
    const restore = (name: string) =>
      run([...node, 'restore', `s3:${name}`], { DATA_DIR: copy.data, ...bucket })
    const name = names[0]?.slice('cohort.backups/'.length) ?? ''
    expect(await restore('never')).toMatchObject({ code: 1, stderr: expect.stringContaining(name) })
    expect(await restore(name)).toMatchObject({ code: 0 })
    expect(await copy.done('app', 'list')).toBe('kept\n')
    await s3.stop()
  })

  it('that fail are lines in the log, and the next one is tried', async () => {
    const { lines, logged } = schedule({ DATA_DIR: onNode().data, BACKUP_TO: place('backups') })
    await logged(2)
    expect(lines[1]).toMatchObject({ event: 'backup', error: expect.stringMatching(/there is no database/) })
  })

  it('end with the service, and leave nothing half done', async () => {
    const target = place('backups')
    // Takes for ever.
    const slow = [
      'node',
      '-e',
      'fs.writeFileSync(process.argv[2] + "." + process.pid + ".tmp", ""); setInterval(() => {}, 1000)',
      '--',
    ]
    const { lines, stop } = schedule({ DATA_DIR: onNode().data, BACKUP_TO: target }, slow)
    while (!existsSync(target) || readdirSync(target).length === 0)
      await new Promise(resolve => setTimeout(resolve, 5))
    await stop()
    expect(readdirSync(target)).toEqual([])
    expect(lines).toEqual([])
  })

  it('are started by serve, which refuses a bucket that is not there', async () => {
    const service = onNode()
    const instance = await service.serve({ BACKUP_EVERY: '1' })
    const metrics = await (await fetch(`${instance.url}/metrics`)).text()
    expect(metrics).toMatch(/^cohort_backup_age_seconds \d/m)
    // Neither Litestream nor a mirror was asked for.
    expect(metrics).not.toMatch(/cohort_(replica|mirror)_age_seconds/)
    await instance.stop()
    const { code, stderr } = await run([...node, 'serve'], {
      DATA_DIR: service.data,
      PORT: '0',
      BACKUP_EVERY: '1',
      BACKUP_TO: 's3',
    })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/BACKUP_TO is s3, but S3_BUCKET is not set/),
    })
  })
})
