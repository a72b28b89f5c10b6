import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
import { SQLiteSyncDialect, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { SerialEngine } from '../db/engine.ts'
import { type Args, command, type Query } from '../db/query.ts'
import * as schema from '../db/schema.ts'
import { auditChain, auditHeads } from '../db/schema-audit.ts'
import { erasedUsers } from '../db/schema-erasure.ts'
import { events, idempotency } from '../db/schema-events.ts'
import { webhookHolds, webhookParked, webhooks } from '../db/schema-webhook.ts'

/*
 * An app as SQL for `wrangler d1 execute`. The statements insert its rows unchanged, and each is at most 100
 * 000 bytes long, because D1 takes no longer ones. They make the app in that database equal to the exported
 * one. First they delete the rows that the app has there. So after a second export (a rehearsal, then the
 * real move) no former member, no former owner and no wrong counter remains. If the app was used there
 * meanwhile, the first statement fails and says so.
 *
 * Events are not exported, and neither are rows that refer to event numbers. The new epoch tells readers of
 * events to begin again in the new database. Webhooks that are set up there begin again too.
 */

/**
 * The longest statement, bytes. No single row is longer: the largest, an announcement written as bytes, has
 * 70 000.
 */
const maxStatementBytes = 90_000
const pageSize = 500

interface TableOfApp {
  readonly name: string
  readonly columns: readonly string[]
  /** The indexes of the key columns. Rows are read in the order of the key. */
  readonly key: readonly number[]
  /** A value before every key, as the start of the first page. */
  readonly first: string | number
  /** The statement that deletes the rows of an app. */
  deletion(app_id: string): string
  readonly page: Query<Args, never>
}

/** A condition that selects the rows of a table that belong to the app. */
type OfApp = (table: SQLiteTable, app_id: unknown) => SQL
const ownColumn: OfApp = (_, app_id) => sql`app_id = ${app_id}`
/** The plus stops SQLite from using the index by app and user, which has another order than the pages. */
const byPlace: OfApp = (_, app_id) => sql`+app_id = ${app_id}`
const byGroup: OfApp = (table, app_id) =>
  sql`(SELECT g.app_id FROM groups AS g WHERE g.group_id = ${table}.group_id) = ${app_id}`
const byObject: OfApp = (table, app_id) =>
  sql`(SELECT o.app_id FROM objects AS o WHERE o.object_name = ${table}.object_name) = ${app_id}`

/** Columns of an app that are not exported, because each database has its own values. */
const ofTheDatabase: readonly string[] = [schema.apps.imported_at.name, schema.apps.epoch.name]

/** Describes a table. The columns in `nothing` are 0 in the export. */
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
/** Goes along, so that the new database knows whom a restore of an older backup must erase again. */
const ledger = tableOfApp(erasedUsers, ['user_id'], ownColumn)
const withFiles: readonly TableOfApp[] = [
  tableOfApp(schema.apps, app, ownColumn),
  tableOfApp(schema.users, ['user_id'], ownColumn),
  ...ofGroups,
  tableOfApp(schema.sharedFiles, ['file_id'], byGroup),
  tableOfApp(schema.objects, ['object_name'], ownColumn),
  tableOfApp(schema.grants, ['grant_id'], byObject),
  ledger,
]
const withoutFiles: readonly TableOfApp[] = [
  tableOfApp(schema.apps, app, ownColumn, ['file_bytes']),
  tableOfApp(schema.users, ['user_id'], ownColumn, ['user_file_bytes']),
  ...ofGroups,
  tableOfApp(schema.sharedFiles, ['file_id'], byGroup, ['grant_id']),
  ledger,
]

/** Tables that are not exported. */
export const leftBehind: readonly SQLiteTable[] = [
  events,
  auditChain,
  auditHeads,
  idempotency,
  webhooks,
  webhookHolds,
  webhookParked,
]

/**
 * Statements that delete the app's events, and their chain, in the target database, and the rows that refer
 * to event numbers. The numbers then begin again at 1.
 */
const beginEventsAnew = (id: string): readonly string[] => {
  const ofApp = `"webhook_id" IN (SELECT "webhook_id" FROM "webhooks" WHERE "app_id" = ${id})`
  return [
    `DELETE FROM "events" WHERE "app_id" = ${id};\n`,
    `DELETE FROM "audit_chain" WHERE "app_id" = ${id};\n`,
    `DELETE FROM "audit_heads" WHERE "app_id" = ${id};\n`,
    `DELETE FROM "idempotency" WHERE "app_id" = ${id};\n`,
    `DELETE FROM "webhook_holds" WHERE ${ofApp};\n`,
    `DELETE FROM "webhook_parked" WHERE ${ofApp};\n`,
    `UPDATE "webhooks" SET "acked_seq" = 0, "generation" = "generation" + 1, "lease_until" = 0 WHERE "app_id" = ${id};\n`,
  ]
}

/** The names of all tables that an export may contain. */
export const exported: readonly string[] = withFiles.map(({ name }) => name)

export interface SqlExport {
  /** Also exports the rows about the app's files. */
  readonly files: boolean
  /** Also replaces an app that was used in the new database meanwhile. Its changes there are lost. */
  readonly replace: boolean
}

/**
 * Statements, one a line, that make the app in a database with the same schema equal to the exported one.
 * `rowsDone` is called with the number of rows that were read. Throws `DatabaseError`.
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
  // The rows of groups and objects say which app the rows of other tables belong to. So they are deleted
  // last.
  for (const table of [...tables].reverse()) yield table.deletion(app_id)
  for (const table of tables) {
    const start = `INSERT INTO "${table.name}" (${table.columns.map(name => `"${name}"`).join(', ')}) VALUES\n`
    let size = 0
    for (const row of rowsOf(engine, table, app_id, rowsDone)) {
      const values = `(${row.map(literal).join(', ')})`
      const length = utf8.encode(values).length
      if (size > 0 && size + length > maxStatementBytes) {
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
  // Without --files, the files in the new database stay there.
  const bytes = (whose: string) =>
    `(SELECT coalesce(sum("size" + "derived_bytes"), 0) FROM "objects" AS o WHERE o."app_id" = ${id} AND o."state" > 0${whose})`
  yield `UPDATE "users" SET "user_file_bytes" = ${bytes(' AND o."user_id" = "users"."user_id"')} WHERE "app_id" = ${id};\n`
  yield `UPDATE "apps" SET "file_bytes" = ${bytes('')} WHERE "app_id" = ${id};\n`
}

/**
 * A statement that fails if the app was used since its last import, or if it was never imported and has
 * groups. Reading by an operator before the import counts as no use, and neither does a first start, which
 * makes an app without groups.
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
 * A value as SQL. A text with control characters is written as bytes, so that no tool on the way misreads it.
 */
function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') throw new Error(`a value is ${typeof value}`)
  if (!control.test(value)) return `'${value.replaceAll("'", "''")}'`
  const hex = Array.from(utf8.encode(value), byte => byte.toString(16).padStart(2, '0')).join('')
  return `CAST(x'${hex}' AS TEXT)`
}
