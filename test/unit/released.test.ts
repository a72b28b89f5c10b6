import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import program from '../../package.json' with { type: 'json' }
import { callers } from '../support/client.ts'
import { administratorOf, toldBy } from '../support/events.ts'
import { read, sendFile, toGroup } from '../support/files.ts'
import { dataOf } from '../support/groups.ts'
import type { Installation } from '../support/programs.ts'
import { testFolder } from '../support/test-folder.ts'
import { newWorld } from '../support/world.ts'

/** A folder for each version, made by scripts/release-fixture.mjs of that version. */
const released = fileURLToPath(new URL('../fixtures/released', import.meta.url))
const versions = readdirSync(released)
const { onNode } = testFolder()

/** A call that was made, and what it was answered. */
interface Call {
  readonly as: number
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly code: number
  readonly data: unknown
}

const linesOf = (version: string): string[] =>
  readFileSync(join(released, version, 'calls.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
const callsOf = (version: string): Call[] => linesOf(version).map(line => JSON.parse(line))

function putInto(data: string, version: string): void {
  mkdirSync(data)
  new Database(join(data, 'cohort.db'))
    .exec(readFileSync(join(released, version, 'database.sql'), 'utf8'))
    .close()
  const files = join(released, version, 'files')
  if (existsSync(files)) cpSync(files, join(data, 'files'), { recursive: true })
}

function schemaOf({ data }: Installation): unknown[] {
  const database = new Database(join(data, 'cohort.db'), { readonly: true })
  try {
    return database
      .prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name")
      .all()
  } finally {
    database.close()
  }
}

it('this version has its database among the released ones: scripts/release-fixture.mjs makes it', () => {
  expect(versions).toContain(program.version)
})

describe.each(versions)('a database of version %s', version => {
  const here = onNode()

  it('is served: what was in it is told and can be changed, and new things go in', async () => {
    putInto(here.data, version)
    const instance = await here.serve()
    const { as } = callers(instance)
    for (const { method, path, body, code, data, ...call } of callsOf(version)) {
      const answer = await (await as(call.as)).call(method, path, { body })
      // Fields may come in, and none may go.
      expect({ code: answer.code, data: answer.data }, `${method} ${path} as ${call.as}`).toMatchObject({
        code,
        data,
      })
    }
    const { owner, member, group_id } = await newWorld(instance)
    const url = await sendFile(owner, toGroup(group_id), Uint8Array.of(0x80, 1, 2))
    expect([...(await read(member, url)).bytes]).toEqual([0x80, 1, 2])
    expect(await instance.check()).toEqual([])
    await instance.stop()
  })

  it('tells as events what happens from then on, in its old groups too', async () => {
    const instance = await here.serve()
    const admin = await administratorOf(instance)
    const old = callsOf(version).find(({ path, code }) => path.startsWith('/group/info?') && code === 200)
    if (old === undefined) throw new Error('no call tells of a group')
    const { group_id, owner_id } = dataOf(await (await callers(instance).as(old.as)).get(old.path))
    const owner = await callers(instance).as(owner_id)
    const { state } = dataOf(await owner.get('/group/sync', { group_id }))
    const told = await toldBy(admin, () => owner.post('/group/info/name', { group_id, value: 'New name' }))
    expect(told).toMatchObject([{ kind: 'group.profile.changed', group_id, by_id: owner_id }])
    const synced = dataOf(await owner.get('/group/sync', { group_id, since: state }))
    expect(synced).toMatchObject({ reset: false, info: { name: 'New name' }, removed: [] })
    await instance.stop()
  })

  it('gets the schema of a new one', async () => {
    const anew = onNode()
    await anew.done('migrate')
    expect(schemaOf(here)).toEqual(schemaOf(anew))
  })

  it('is restored from its dump', async () => {
    const restored = onNode()
    expect(await restored.done('restore', join(released, version, 'database.sql'))).toMatch(/is the database/)
    expect(await restored.done('check')).toBe('ok\n')
    expect(await restored.done('app', 'list')).toBe('demo\n')
  })
})
