import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { is, SQL } from 'drizzle-orm'
import { getTableConfig, SQLiteSyncDialect, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { betterSqlite3 } from '../../src/db/engines/better-sqlite3.ts'
import { migrate } from '../../src/db/migrate.ts'
import * as schema from '../../src/db/schema.ts'
import * as auditSchema from '../../src/db/schema-audit.ts'
import * as erasureSchema from '../../src/db/schema-erasure.ts'
import * as eventsSchema from '../../src/db/schema-events.ts'
import * as operatorSchema from '../../src/db/schema-operator.ts'
import * as webhookSchema from '../../src/db/schema-webhook.ts'
import { run } from '../support/process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tables = Object.values({
  ...schema,
  ...auditSchema,
  ...erasureSchema,
  ...eventsSchema,
  ...operatorSchema,
  ...webhookSchema,
})
  .filter(value => is(value, SQLiteTable))
  .map(table => getTableConfig(table as SQLiteTable))

/**
 * Tables whose rows are larger than a page, or large for a random key. SQLite says that such tables should
 * have row ids (https://sqlite.org/withoutrowid.html).
 */
const hasLargeRows = ['audit_chain', 'idempotency']

describe('the migrations', () => {
  let folder: string
  let database: Database.Database
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cohort-migrations-'))
    const file = join(folder, 'cohort.db')
    const engine = betterSqlite3(file)
    migrate(engine)
    engine.close()
    database = new Database(file, { readonly: true })
  })
  afterAll(() => {
    database.close()
    rmSync(folder, { recursive: true })
  })

  it('are in the program as they are in the folder', async () => {
    const script = new URL('../../scripts/generate-migrations.mjs', import.meta.url)
    const { migrationsModule } = (await import(script.href)) as { migrationsModule(): string }
    expect(readFileSync(join(root, 'src/db/migrations.gen.ts'), 'utf8')).toBe(migrationsModule())
  })

  it('lack nothing of the schema: drizzle-kit has none to add', async () => {
    const out = join(folder, 'migrations')
    cpSync(join(root, 'migrations'), out, { recursive: true })
    const files = () => readdirSync(out, { recursive: true, encoding: 'utf8' }).sort()
    const before = files()
    // Its output folder is relative to where it runs.
    const { code, stdout, stderr } = await run(
      [
        'node',
        join(root, 'node_modules/drizzle-kit/bin.cjs'),
        'generate',
        '--dialect',
        'sqlite',
        '--schema',
        join(root, 'src/db/schema*.ts'),
        '--out',
        './migrations',
      ],
      {},
      folder,
    )
    expect({ code, stdout, stderr }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('No schema changes'),
    })
    expect(files()).toEqual(before)
  })

  it('are separated statement by statement, for engines that run one at a time', () => {
    for (const name of readdirSync(join(root, 'migrations')).filter(file => file.endsWith('.sql'))) {
      for (const statement of readFileSync(join(root, 'migrations', name), 'utf8').split(
        '--> statement-breakpoint',
      )) {
        expect.soft(statement.trim().replace(/;$/, ''), name).not.toContain(';')
      }
    }
  })

  it('make just the tables of the schema', () => {
    const made = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'd1_migrations' ORDER BY name",
      )
      .pluck()
      .all()
    expect(made).toEqual(tables.map(({ name }) => name).sort())
  })

  describe.each(tables)('make the table $name', ({ name, columns, indexes, checks, primaryKeys }) => {
    const sqlOf = (type: string, item: string) =>
      database.prepare('SELECT sql FROM sqlite_schema WHERE type = ? AND name = ?').pluck().get(type, item) as
        | string
        | undefined
    const key =
      primaryKeys[0]?.columns.map(column => column.name) ??
      columns.filter(column => column.primary).map(column => column.name)

    it('with its columns', () => {
      const made = database
        .prepare(
          'SELECT name, lower(type) AS type, "notnull" AS required, pk, dflt_value FROM pragma_table_info(?) ORDER BY name',
        )
        .all(name)
      const declared = columns.map(column => ({
        name: column.name,
        type: column.getSQLType(),
        required: column.notNull ? 1 : 0,
        pk: key.indexOf(column.name) + 1,
        dflt_value:
          column.default === undefined
            ? null
            : typeof column.default === 'string'
              ? `'${column.default}'`
              : typeof column.default === 'object'
                ? `'${JSON.stringify(column.default)}'`
                : String(column.default),
      }))
      expect(made).toEqual(declared.sort((a, b) => (a.name < b.name ? -1 : 1)))
    })

    it('with its indexes', () => {
      const made = database
        .prepare(`SELECT name, "unique", partial FROM pragma_index_list(?) WHERE origin = 'c' ORDER BY name`)
        .all(name)
      const declared = indexes.map(({ config }) => ({
        name: config.name,
        unique: config.unique ? 1 : 0,
        partial: config.where === undefined ? 0 : 1,
      }))
      expect(made).toEqual(declared.sort((a, b) => (a.name < b.name ? -1 : 1)))
      for (const { config } of indexes) {
        const inIndex = database
          .prepare('SELECT name FROM pragma_index_info(?) ORDER BY seqno')
          .pluck()
          .all(config.name)
        // An expression here is a column with its collation.
        const named = config.columns.map(column =>
          is(column, SQL)
            ? (new SQLiteSyncDialect().sqlToQuery(column).sql.split(' ')[0] ?? '')
            : column.name,
        )
        expect(inIndex).toEqual(named)
      }
    })

    it('with its checks, and without row ids where the key is made of several columns', () => {
      const sql = sqlOf('table', name) ?? ''
      const declared = checks.map(check => check.name)
      expect([...sql.matchAll(/CONSTRAINT "(\w+)" CHECK/g)].map(([, check]) => check)).toEqual(declared)
      expect(/WITHOUT ROWID/.test(sql)).toBe(key.length > 1 && !hasLargeRows.includes(name))
    })
  })
})
