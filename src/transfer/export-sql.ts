import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { SerialEngine } from '../db/engine.ts'
import { type Args, command, type Query } from '../db/query.ts'
import * as schema from '../db/schema.ts'

/*
 * An app as SQL for `wrangler d1 execute`: its rows as they are, in statements that D1 takes, which are at
 * most 100 000 bytes long. Events are not among them: where the app is there already, their numbers would be
 * taken. Readers of events begin anew in the new place, which the new epoch tells them.
 */

/** Bytes. No row alone is as long: the largest, an announcement spelled in bytes, has 70 000. */
const longestStatement = 90_000
const pageSize = 500

interface TableOfApp {
  readonly name: string
  readonly columns: readonly string[]
  /** Which columns are the key, in whose order rows are read. */
  readonly key: readonly number[]
  /** Comes before every key. */
  readonly first: string | number
  readonly page: Query<Args, never>
}

/** Which rows of a table belong to the app. */
type OfApp = (table: SQLiteTable, app_id: unknown) => SQL
const ownColumn: OfApp = (_, app_id) => sql`app_id = ${app_id}`
/** The plus keeps SQLite from the index by app and user, which is in another order than the pages. */
const byPlace: OfApp = (_, app_id) => sql`+app_id = ${app_id}`
const byGroup: OfApp = (table, app_id) =>
  sql`(SELECT g.app_id FROM groups AS g WHERE g.group_id = ${table}.group_id) = ${app_id}`
const byObject: OfApp = (table, app_id) =>
  sql`(SELECT o.app_id FROM objects AS o WHERE o.object_name = ${table}.object_name) = ${app_id}`

/** `nothing`: columns that are 0 in the export. */
function tableOfApp(
  table: SQLiteTable,
  keyNames: readonly string[],
  ofApp: OfApp,
  nothing: readonly string[] = [],
): TableOfApp {
  const all = Object.values(getTableColumns(table))
  const columns = all.map(column => column.name)
  const list = (items: SQL[]) => sql.join(items, sql`, `)
  const outputs = list(
    columns.map(name =>
      nothing.includes(name) ? sql`0 AS ${sql.identifier(name)}` : sql`${sql.identifier(name)}`,
    ),
  )
  const keys = list(keyNames.map(name => sql`${sql.identifier(name)}`))
  return {
    name: getTableName(table),
    columns,
    key: keyNames.map(name => columns.indexOf(name)),
    first: all.find(({ name }) => name === keyNames[0])?.dataType === 'string' ? '' : 0,
    page: command<Args>()(
      p => sql`SELECT ${outputs} FROM ${table} WHERE ${ofApp(table, p.app_id)} AND (${keys}) > (${list(keyNames.map((_, i) => sql`${p[i]}`))})
        ORDER BY ${keys} LIMIT ${sql.raw(String(pageSize))}`,
    ),
  }
}

const app = ['app_id']
const groupAndUser = ['group_id', 'user_id']
const ofGroups: readonly TableOfApp[] = [
  tableOfApp(schema.groups, ['group_id'], ownColumn),
  tableOfApp(schema.members, groupAndUser, byPlace),
  tableOfApp(schema.blacklist, groupAndUser, byGroup),
  tableOfApp(schema.kicks, groupAndUser, byGroup),
  tableOfApp(schema.applications, ['application_id'], byGroup),
  tableOfApp(schema.invitations, ['invitation_id'], byPlace),
  tableOfApp(schema.announcements, ['announcement_id'], byGroup),
]
const withFiles: readonly TableOfApp[] = [
  tableOfApp(schema.apps, app, ownColumn),
  tableOfApp(schema.users, ['user_id'], ownColumn),
  ...ofGroups,
  tableOfApp(schema.sharedFiles, ['file_id'], byGroup),
  tableOfApp(schema.objects, ['object_name'], ownColumn),
  tableOfApp(schema.grants, ['grant_id'], byObject),
]
const withoutFiles: readonly TableOfApp[] = [
  tableOfApp(schema.apps, app, ownColumn, ['file_bytes']),
  tableOfApp(schema.users, ['user_id'], ownColumn, ['user_file_bytes']),
  ...ofGroups,
  tableOfApp(schema.sharedFiles, ['file_id'], byGroup, ['grant_id']),
]

/**
 * The statements that add an app to a database with the same schema, line by line; rows that are there
 * already stay as they are. `files`: also what is known of its files. `rowsDone` hears of rows that were
 * read. Throws `DatabaseError`.
 */
export function* exportSql(
  engine: SerialEngine,
  app_id: string,
  files: boolean,
  rowsDone: (rows: number) => void,
): Generator<string> {
  for (const table of files ? withFiles : withoutFiles) {
    const start = `INSERT OR IGNORE INTO "${table.name}" (${table.columns.map(name => `"${name}"`).join(', ')}) VALUES\n`
    let size = 0
    for (const row of rowsOf(engine, table, app_id, rowsDone)) {
      const values = `(${row.map(literal).join(', ')})`
      const length = utf8.encode(values).length
      if (size > 0 && size + length > longestStatement) {
        yield ';\n'
        size = 0
      }
      yield size === 0 ? start + values : `,\n${values}`
      size += length + 2
    }
    if (size > 0) yield ';\n'
  }
  // Where the app was there already, with groups or without.
  const id = literal(app_id)
  yield `UPDATE "apps" SET "epoch" = lower(hex(randomblob(3))) WHERE "app_id" = ${id};\n`
  yield `UPDATE "apps" SET "group_count" = (SELECT count(*) FROM "groups" WHERE "app_id" = ${id} AND "status" = 0) WHERE "app_id" = ${id};\n`
}

function* rowsOf(
  engine: SerialEngine,
  table: TableOfApp,
  app_id: string,
  rowsDone: (rows: number) => void,
): Generator<unknown[]> {
  for (let after: readonly unknown[] = table.key.map(() => table.first); ; ) {
    const rows = engine.all(table.page({ app_id, ...after }))
    yield* rows
    rowsDone(rows.length)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = table.key.map(column => last[column])
  }
}

const utf8 = new TextEncoder()
const control = /[\u0000-\u001f]/

/**
 * A value as SQL. Texts with control characters are spelled in bytes: no tool on the way can take them for
 * something else.
 */
function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') throw new Error(`a value is ${typeof value}`)
  if (!control.test(value)) return `'${value.replaceAll("'", "''")}'`
  const hex = Array.from(utf8.encode(value), byte => byte.toString(16).padStart(2, '0')).join('')
  return `CAST(x'${hex}' AS TEXT)`
}
