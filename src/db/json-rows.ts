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
 * Lists that SQLite writes as JSON. Where the answer is just the rows, making objects of them first would be
 * wasted work: 100 members take 38 µs as one text, and 115 µs as rows, objects and JSON.
 */

/** A list as JSON text that is sent unchanged. `List` is the type of the parsed text. */
export class JsonText<List = unknown> {
  readonly text: string
  /** Exists only for the types, and is never set. */
  declare readonly list: List
  constructor(text: string) {
    this.text = text
  }
}

/** The output column of a statement that holds the JSON text; its values become `JsonText`. */
export const jsonColumn = (name: string) =>
  sql<JsonText<unknown>>``.mapWith({ mapFromDriverValue: (text: string) => new JsonText(text) }).as(name)

/**
 * Whether a column must be turned into true or false, because SQLite stores a boolean as 0 or 1. Throws for a
 * JSON column, because that would be answered as a text.
 */
function isBoolean(field: unknown): boolean {
  const type = is(field, Column) ? field.dataType : 'number'
  if (type !== 'number' && type !== 'string' && type !== 'boolean')
    throw new Error(`a ${type} has no JSON form in SQLite`)
  return type === 'boolean'
}

/**
 * `json_object(…)` of the outputs of an inner SELECT, in their order. SQLite's JSON quotes texts by the same
 * rules as JSON.stringify, also NUL and other control characters.
 */
export function jsonObject({ fields }: Pick<Compiled, 'fields'>): string {
  const pairs = fields.map(({ path, field }) => {
    const value = `"${outputName(field)}"`
    return `'${path.at(-1)}', ${isBoolean(field) ? `json(iif(${value}, 'true', 'false'))` : value}`
  })
  return `json_object(${pairs.join(', ')})`
}

/** The same, of columns of a table instead of outputs of an inner SELECT. */
export function jsonObjectOf(fields: SelectedFields): SQL {
  const pairs = Object.entries(fields).map(([name, field]) => {
    const value = is(field, SQL.Aliased) ? field.sql : field
    const json = isBoolean(field) ? sql`json(iif(${value}, 'true', 'false'))` : sql`${value}`
    return sql`${sql.raw(`'${name}'`)}, ${json}`
  })
  return sql`json_object(${sql.join(pairs, sql`, `)})`
}

/** The only row that the statement of a list answers, also for an empty list. */
export interface ListRow<Item> {
  readonly list: JsonText<Item[]>
}

/** The list that a query of `jsonRows` or `jsonItems` answered. */
export function listIn<Item>([row]: readonly ListRow<Item>[]): JsonText<Item[]> {
  // The statement is an aggregate, so it always answers exactly one row.
  if (row === undefined) throw new Error('a list without its row')
  return row.list
}

const listOfItems = ({ text, params }: Compiled, item: string): Compiled => ({
  text: `SELECT json_group_array(${item}) AS list FROM (${text})`,
  params,
  fields: [{ path: ['list'], field: jsonColumn('list') }],
})

/** Declares a query, as `query` does. Its rows come as one JSON text: a list of objects. */
export const jsonRows =
  <A extends Args = Record<never, never>>() =>
  <B extends Preparable<unknown>>(build: (placeholders: Placeholders<A>) => B): Query<A, ListRow<RowOf<B>>> =>
    declared(() => {
      const rows = compiled(build(placeholdersOf<A>()))
      return listOfItems(rows, jsonObject(rows))
    })

/** Declares a query with the one column `item`. Its values come as one JSON text: a list of values. */
export const jsonItems =
  <A extends Args = Record<never, never>>() =>
  <B extends Preparable<unknown>>(
    build: (placeholders: Placeholders<A>) => B,
  ): Query<A, ListRow<RowOf<B> extends { item: infer Item } ? Item : never>> =>
    declared(() => {
      const rows = compiled(build(placeholdersOf<A>()))
      const [item] = rows.fields
      if (item === undefined) throw new Error(`no column in: ${rows.text}`)
      return listOfItems(rows, `"${outputName(item.field)}"`)
    })

/** A column of milliseconds since 1970 as ISO 8601 in UTC, in the format of Date's toISOString. */
export const isoTime = (milliseconds: Column): SQL<string> =>
  sql<string>`strftime('%Y-%m-%dT%H:%M:%fZ', ${milliseconds} / 1000.0, 'unixepoch')`
