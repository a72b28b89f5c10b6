import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
import { SQLiteSyncDialect, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { SerialEngine } from '../db/engine.ts'
import { type Args, command, type Query } from '../db/query.ts'
import * as schema from '../db/schema.ts'
import { events, idempotency } from '../db/schema-events.ts'
import { webhookHolds, webhookParked, webhooks } from '../db/schema-webhook.ts'

/*
 * An app as SQL for `wrangler d1 execute`: its rows as they are, in statements that D1 takes, which are at
 * most 100 000 bytes long. They make the app in that database the one that was exported: what is there of it
 * goes first, so a second export (a rehearsal, then the cut-over) leaves no member who left, no former owner
 * and no counter that is wrong. If the app was in use there meanwhile, the first statement fails and says so.
 *
 * Events are not among them, nor what refers to their numbers. Readers of events begin anew in the new place,
 * which the new epoch tells them; webhooks that are set up there do so too.
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
  /** Deletes its rows of an app. */
  deletion(app_id: string): string
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

/** Columns of an app that are not exported: each database has its own. */
const ofTheDatabase: readonly string[] = [schema.apps.imported_at.name, schema.apps.epoch.name]

/** `nothing`: columns that are 0 in the export. */
function tableOfApp(
  table: SQLiteTable,
  keyNames: readonly string[],
  ofApp: OfApp,
  nothing: readonly string[] = [],
): TableOfApp {
  const all = Object.values(getTableColumns(table)).filter(({ name }) => !ofTheDatabase.includes(name))
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
    deletion: app_id => {
      const condition = textOf(ofApp(table, sql.raw(literal(app_id))))
      return `DELETE FROM "${getTableName(table)}" WHERE ${condition};\n`
    },
    first: all.find(({ name }) => name === keyNames[0])?.dataType === 'string' ? '' : 0,
    page: command<Args>()(
      p => sql`SELECT ${outputs} FROM ${table} WHERE ${ofApp(table, p.app_id)} AND (${keys}) > (${list(keyNames.map((_, i) => sql`${p[i]}`))})
        ORDER BY ${keys} LIMIT ${sql.raw(String(pageSize))}`,
    ),
  }
}

const dialect = new SQLiteSyncDialect()
const textOf = (condition: SQL): string => dialect.sqlToQuery(condition).sql

const app = ['app_id']
const groupAndUser = ['group_id', 'user_id']
const ofGroups: readonly TableOfApp[] = [
  tableOfApp(schema.groups, ['group_id'], ownColumn),
  tableOfApp(schema.members, groupAndUser, byPlace),
  tableOfApp(schema.blacklist, groupAndUser, byGroup),
  tableOfApp(schema.kicks, groupAndUser, byGroup),
  tableOfApp(schema.absentBans, groupAndUser, byGroup),
  tableOfApp(schema.endedQrCodes, ['group_id', 'inviter_id'], byGroup),
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

/** Tables of which nothing is exported. */
export const leftBehind: readonly SQLiteTable[] = [events, idempotency, webhooks, webhookHolds, webhookParked]

/** What the events that were there have left: their numbers begin anew. */
const beginEventsAnew = (id: string): readonly string[] => {
  const ofApp = `"webhook_id" IN (SELECT "webhook_id" FROM "webhooks" WHERE "app_id" = ${id})`
  return [
    `DELETE FROM "events" WHERE "app_id" = ${id};\n`,
    `DELETE FROM "idempotency" WHERE "app_id" = ${id};\n`,
    `DELETE FROM "webhook_holds" WHERE ${ofApp};\n`,
    `DELETE FROM "webhook_parked" WHERE ${ofApp};\n`,
    `UPDATE "webhooks" SET "acked_seq" = 0, "generation" = "generation" + 1, "lease_until" = 0 WHERE "app_id" = ${id};\n`,
  ]
}

/** Every table of which an export has rows. */
export const exported: readonly string[] = withFiles.map(({ name }) => name)

export interface SqlExport {
  /** Also what is known of its files. */
  readonly files: boolean
  /** Also where the app was in use meanwhile: what was changed there is lost. */
  readonly replace: boolean
}

/**
 * The statements that make an app in a database with the same schema the one that is exported, line by line.
 * `rowsDone` hears of rows that were read. Throws `DatabaseError`.
 */
export function* exportSql(
  engine: SerialEngine,
  app_id: string,
  { files, replace }: SqlExport,
  rowsDone: (rows: number) => void,
): Generator<string> {
  const id = literal(app_id)
  const tables = files ? withFiles : withoutFiles
  if (!replace) yield refusalIfInUse(app_id)
  yield* beginEventsAnew(id)
  // The rows of groups and objects say of which app the others are: they go last.
  for (const table of [...tables].reverse()) yield table.deletion(app_id)
  for (const table of tables) {
    const start = `INSERT INTO "${table.name}" (${table.columns.map(name => `"${name}"`).join(', ')}) VALUES\n`
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
  yield `UPDATE "apps" SET "imported_at" = CAST(strftime('%s', 'now') AS INTEGER) * 1000, "epoch" = lower(hex(randomblob(3))) WHERE "app_id" = ${id};\n`
  if (files) return
  // The files that are there stay there.
  const bytes = (whose: string) =>
    `(SELECT coalesce(sum("size" + "derived_bytes"), 0) FROM "objects" AS o WHERE o."app_id" = ${id} AND o."state" > 0${whose})`
  yield `UPDATE "users" SET "user_file_bytes" = ${bytes(' AND o."user_id" = "users"."user_id"')} WHERE "app_id" = ${id};\n`
  yield `UPDATE "apps" SET "file_bytes" = ${bytes('')} WHERE "app_id" = ${id};\n`
}

/**
 * Fails where the app was used since it was put in, or was never put in and has groups. An operator who looks
 * before the import changes nothing, and a first start makes an app without groups.
 */
function refusalIfInUse(app_id: string): string {
  const id = literal(app_id)
  const message = `the app ${app_id} was used in this database since it was put in, or never was put in: cohort export --sql --replace makes a file that takes its place all the same`
  return `SELECT CASE WHEN EXISTS (SELECT 1 FROM "groups" WHERE "app_id" = ${id}) AND (SELECT "imported_at" FROM "apps" WHERE "app_id" = ${id}) IS NULL
  OR EXISTS (SELECT 1 FROM "events" WHERE "app_id" = ${id} AND "kind" NOT LIKE 'app.%' AND "kind" NOT LIKE 'webhook.%')
  THEN json_extract('{}', ${literal(message)}) END;\n`
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
