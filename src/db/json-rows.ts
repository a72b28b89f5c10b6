import { Column, is, SQL, sql } from 'drizzle-orm'
import type { SelectedFields } from 'drizzle-orm/sqlite-core'
import {
  type Args,
  type Compiled,
  compiled,
  declared,
  outputName,
  type Placeholders,
  type Preparable,
  placeholdersOf,
  type Query,
  type RowOf,
} from './query.ts'

/*
 * Lists that SQLite writes as JSON. Where the answer is the rows, nothing is gained by making objects of
 * them first: 100 members take 38 µs as one text, 115 µs as rows, objects and JSON.
 */

/** A list as JSON text, ready to be answered. `List` is what the text parses to. */
export class JsonText<List = unknown> {
  readonly text: string
  /** Only for the types: never set. */
  declare readonly list: List
  constructor(text: string) {
    this.text = text
  }
}

/** How the column of a statement that holds the text becomes a value. */
export const jsonColumn = (name: string) =>
  sql<JsonText<unknown>>``.mapWith({ mapFromDriverValue: (text: string) => new JsonText(text) }).as(name)

/**
 * Whether a column needs to be made true or false: SQLite keeps a boolean as 0 or 1. A JSON column would be
 * answered as text, so there may be none: throws at start.
 */
function isBoolean(field: unknown): boolean {
  const type = is(field, Column) ? field.dataType : 'number'
  if (type !== 'number' && type !== 'string' && type !== 'boolean')
    throw new Error(`a ${type} has no JSON form in SQLite`)
  return type === 'boolean'
}

/**
 * `json_object(…)` of these outputs of an inner SELECT, in their order. JSON_QUOTE's rules are those of
 * JSON.stringify, for NUL and other control characters too.
 */
export function jsonObject({ fields }: Pick<Compiled, 'fields'>): string {
  const pairs = fields.map(({ path, field }) => {
    const value = `"${outputName(field)}"`
    return `'${path.at(-1)}', ${isBoolean(field) ? `json(iif(${value}, 'true', 'false'))` : value}`
  })
  return `json_object(${pairs.join(', ')})`
}

/** The same of columns where they are, not of outputs. */
export function jsonObjectOf(fields: SelectedFields): SQL {
  const pairs = Object.entries(fields).map(([name, field]) => {
    const value = is(field, SQL.Aliased) ? field.sql : field
    const json = isBoolean(field) ? sql`json(iif(${value}, 'true', 'false'))` : sql`${value}`
    return sql`${sql.raw(`'${name}'`)}, ${json}`
  })
  return sql`json_object(${sql.join(pairs, sql`, `)})`
}

/** Row of a list: one, whatever it holds. */
export interface ListRow<Item> {
  readonly list: JsonText<Item[]>
}

/** The list that a query of `jsonRows` or `jsonItems` answered. */
export function listIn<Item>([row]: readonly ListRow<Item>[]): JsonText<Item[]> {
  // The statement is an aggregate: it answers one row, always.
  if (row === undefined) throw new Error('a list without its row')
  return row.list
}

const declareList = <A extends Args, Item>(
  { text, params }: Compiled,
  item: string,
): Query<A, ListRow<Item>> =>
  declared(`SELECT json_group_array(${item}) AS list FROM (${text})`, params, [
    { path: ['list'], field: jsonColumn('list') },
  ])

/** Declares a query as `query` does. Its rows come as one JSON text: a list of objects. */
export const jsonRows =
  <A extends Args = Record<never, never>>() =>
  <B extends Preparable<unknown>>(
    build: (placeholders: Placeholders<A>) => B,
  ): Query<A, ListRow<RowOf<B>>> => {
    const rows = compiled(build(placeholdersOf<A>()))
    return declareList(rows, jsonObject(rows))
  }

/** Declares a query of one column, `item`. Its values come as one JSON text: a list of them. */
export const jsonItems =
  <A extends Args = Record<never, never>>() =>
  <B extends Preparable<unknown>>(
    build: (placeholders: Placeholders<A>) => B,
  ): Query<A, ListRow<RowOf<B> extends { item: infer Item } ? Item : never>> => {
    const rows = compiled(build(placeholdersOf<A>()))
    const [item] = rows.fields
    if (item === undefined) throw new Error(`no column in: ${rows.text}`)
    return declareList(rows, `"${outputName(item.field)}"`)
  }

/** ISO 8601 in UTC, as Date's own: of milliseconds since 1970. */
export const isoTime = (milliseconds: Column): SQL<string> =>
  sql<string>`strftime('%Y-%m-%dT%H:%M:%fZ', ${milliseconds} / 1000.0, 'unixepoch')`
