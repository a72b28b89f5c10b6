import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, it } from 'vitest'
import * as schema from '../../src/db/schema.ts'
import * as auditSchema from '../../src/db/schema-audit.ts'
import * as erasureSchema from '../../src/db/schema-erasure.ts'
import * as eventsSchema from '../../src/db/schema-events.ts'
import * as webhookSchema from '../../src/db/schema-webhook.ts'
import { exported as everyExported, leftBehind } from '../../src/transfer/export-sql.ts'
import { callers } from '../support/client.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { run } from '../support/process.ts'
import { testFolder } from '../support/test-folder.ts'
import { ask, fullApp, group, member } from '../support/transfer.ts'

const { place, onNode } = testFolder()

describe('an app moves to D1 and back', () => {
  const wrangler = async (cwd: string, ...args: string[]): Promise<string> => {
    const command = ['node', resolve('node_modules/wrangler/bin/wrangler.js'), 'd1', ...args]
    const { code, stdout, stderr } = await run(command, { CI: 'true', WRANGLER_SEND_METRICS: 'false' }, cwd)
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }

  const source = onNode()
  let file: string
  beforeAll(async () => {
    await fullApp(source)
    // So many that one statement could not hold them.
    const members = place('members.ndjson')
    writeFileSync(
      members,
      group(1) +
        Array.from({ length: 1900 }, (_, i) => member(1, 2 + i, { display_name: `Member ${i}` })).join(''),
    )
    await source.done('import', '--app', 'demo', members)
  })
  const exported = async (...options: string[]) => {
    file = place('app.sql')
    await source.done('export', '--app', 'demo', '--sql', ...options, file)
    const sql = readFileSync(file, 'utf8')
    for (const statement of sql.split(/;\n/)) expect(Buffer.byteLength(statement)).toBeLessThan(100_000)
    return sql
  }

  it('with everything, through wrangler', { timeout: 300_000 }, async () => {
    const sql = await exported('--files')
    const worker = place('worker')
    mkdirSync(worker)
    const config = `name = "cohort"
      compatibility_date = "2026-04-01"
      [[d1_databases]]
      binding = "DB"
      database_name = "cohort"
      database_id = "00000000-0000-0000-0000-000000000000"
      migrations_dir = "${resolve('migrations')}"`
    writeFileSync(join(worker, 'wrangler.toml'), config)
    await wrangler(worker, 'migrations', 'apply', 'cohort', '--local')
    for (const _ of ['once', 'and again'])
      await wrangler(worker, 'execute', 'cohort', '--local', '--file', file)
    const rules = await source.done('check', '--d1')
    const found = JSON.parse(
      await wrangler(worker, 'execute', 'cohort', '--local', '--json', '--command', rules),
    )
    expect(found.length).toBeGreaterThan(10)
    for (const { results } of found) expect(results).toEqual([])
    const dump = place('dump.sql')
    await wrangler(worker, 'export', 'cohort', '--local', '--output', dump)

    const back = onNode()
    await back.done('restore', dump)
    expect(await back.done('check')).toBe('ok\n')
    expect(await back.done('export', '--app', 'demo')).toBe(await source.done('export', '--app', 'demo'))
    // A restore signs with a new key, so that cursors, QR codes and upload URLs from before are void.
    const withoutKeys = (text: string) => text.replace(/(\('demo', '\[[^\]]*\]', )'\[[^\]]*\]'/, "$1'keys'")
    expect(withoutKeys(sql)).not.toBe(sql)
    const again = await back.done('export', '--app', 'demo', '--sql', '--files')
    expect(withoutKeys(again)).toBe(withoutKeys(sql))
    const app = JSON.parse(await back.done('app', 'show', 'demo', '--secrets'))
    expect(app).toMatchObject({
      secrets: [{ secret: 'a-secret-of-the-demo-app-for-tests' }],
      usage: { groups: 3, file_bytes: 1234 },
    })
  })

  it('without its files', async () => {
    const sql = await exported()
    const target = onNode()
    // The app is there already, and empty.
    await target.done('app', 'create', 'demo')
    new Database(join(target.data, 'cohort.db')).exec(sql).close()
    expect(await target.done('check')).toBe('ok\n')
    expect(await target.done('export', '--app', 'demo')).toBe(await source.done('export', '--app', 'demo'))
    expect(JSON.parse(await target.done('app', 'show', 'demo')).usage).toEqual({ groups: 3, file_bytes: 0 })
  })

  it('a second time, as it is by then, unless it was used there', async () => {
    const target = onNode()
    // A look at the service before the import has made the app, with keys of its own.
    await (await target.serve()).stop()
    const execute = (sql: string) => new Database(join(target.data, 'cohort.db')).exec(sql).close()
    const same = async () => {
      expect(await target.done('check')).toBe('ok\n')
      expect(await target.done('export', '--app', 'demo', '--sql', '--files')).toBe(
        await source.done('export', '--app', 'demo', '--sql', '--files'),
      )
    }
    execute(await exported('--files'))
    await same()

    const used = await source.serve()
    const { owner, heir, friend } = await people(used, ['owner', 'heir', 'friend'])
    const group_id = await newGroup(owner, { user_list: [heir.id, friend.id] })
    execute(await exported('--files'))
    dataOf(await friend.post('/group/leave', { group_id }))
    dataOf(await owner.post('/group/transfer', { group_id, new_owner: heir.id }))
    dataOf(await owner.post('/group/leave', { group_id }))
    await used.stop()
    execute(await exported('--files'))
    await same()

    const moved = await target.serve()
    dataOf(await (await callers(moved).as(heir.id)).post('/group/info/name', { group_id, value: 'Moved' }))
    await moved.stop()
    const sql = await exported('--files')
    expect(() => execute(sql)).toThrow(/the app demo was used in this database since/)
    expect(await target.done('check')).toBe('ok\n')
    expect(ask(target, `SELECT name FROM groups WHERE group_id = ${group_id}`)).toBe('Moved')
    execute(await exported('--files', '--replace'))
    await same()
  })

  it('with every table, but those that say why not', () => {
    const tables = Object.values({
      ...schema,
      ...auditSchema,
      ...erasureSchema,
      ...eventsSchema,
      ...webhookSchema,
    })
      .filter(value => is(value, SQLiteTable))
      .map(table => getTableName(table))
    expect([...everyExported, ...leftBehind.map(table => getTableName(table))].sort()).toEqual(tables.sort())
  })

  it('from a dump that is one, and no other SQL', async () => {
    const target = onNode()
    const dump = place('dump.sql')
    const refused = async (sql: string, reason: RegExp) => {
      writeFileSync(dump, sql)
      expect(await target.cli('restore', dump)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(reason),
      })
      expect(existsSync(join(target.data, 'cohort.db'))).toBe(false)
    }
    await refused('-- Notes\nCREATE TABLE notes (text TEXT);\n', /is not a database of Cohort/)
    await refused(
      "CREATE TABLE notes (text TEXT);\n\nATTACH 'x.db' AS x;\n",
      /line 3: a dump has no statement such as "ATTACH/,
    )
    await refused(
      "CREATE TABLE notes (text TEXT);\nINSERT INTO notes VALUES ('a;\nb'), (;\n",
      /line 2: incomplete input/,
    )
    await refused("CREATE TABLE notes (text TEXT);\nINSERT INTO notes VALUES ('cut o", /line 2: /)
  })
})
