import { createHash } from 'node:crypto'
import {
  copyFileSync,
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
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../support/process.ts'
import type { Installation } from '../support/programs.ts'
import { testFolder } from '../support/test-folder.ts'

const { place, onNode } = testFolder()

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

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
