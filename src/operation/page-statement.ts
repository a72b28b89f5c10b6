import { type Column, gt, lt, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { SelectedFields, SQLiteSelectBuilder } from 'drizzle-orm/sqlite-core'
import { type JsonText, jsonColumn, jsonObject, jsonObjectOf } from '../db/json-rows.ts'
import {
  type Args,
  type Compiled,
  compiled,
  db,
  declared,
  type Placeholders,
  type Preparable,
  placeholdersOf,
  type Query,
  textOf,
} from '../db/query.ts'

/*
 * Makes the statement of a paged list from the declaration of the list. The statement answers the page as
 * JSON, the key of its last row, whether there are more rows after it, and the number of rows in the whole
 * list.
 */

/** The largest page, bytes of JSON (docs/behaviour.md, section 5). */
const maxPageBytes = 1_000_000

/** What all pages of a list have in common. */
export interface Listed<A extends Args, Fields extends SelectedFields> {
  /** Cursors are signed over this name and over the group or user whose list it is. */
  readonly name: string
  /** A unique column of positive integers. The list is sorted by it. */
  readonly key: Column
  readonly newestFirst?: boolean
  /**
   * For rows that are renewed: each renewal gives a row a new key, and this column has the former keys as a
   * JSON list. For a cursor the row keeps its place in the list: the key that it had when the first page was
   * read.
   */
  readonly formerKeys?: Column
  /** Pages go from the newest rows to the oldest, but inside a page the oldest row comes first. */
  readonly newestLast?: boolean
  /** The fields of an item, in the order of the answer. */
  item(p: Placeholders<A>): Fields
  /** FROM and WHERE of all rows of the list. The condition `beyond` leaves only the rows after a key. */
  from(select: Select, p: Placeholders<A>, beyond: SQL): Ordered
  /**
   * Whether the statement also counts the whole list. Needed if the total is not known from another place.
   */
  readonly counted?: boolean
  /** A table that the statement makes only once and that `from` can use by its name. */
  first?(p: Placeholders<A>): { readonly name: string; readonly rows: SQL }
  /**
   * The rows are in many places of the table, each sorted on its own. So only their keys are sorted, and then
   * only the rows of the page are read.
   */
  readonly scattered?: boolean
  /** A page of many rows may be larger than an answer may be. It then ends early. */
  readonly mayBeLarge?: boolean
}
type Rows = Placeholder<string, number>
type Select = SQLiteSelectBuilder<SelectedFields, 'sync', never>
interface Ordered extends Preparable<unknown> {
  orderBy(...by: (Column | SQL)[]): {
    limit(rows: Rows | number): Preparable<unknown> & { offset(rows: Rows): Preparable<unknown> }
  }
}

export interface PageRow<Item> {
  readonly items: JsonText<Item[]>
  /** The key of the newest row of the page; 0 if rows are not renewed. */
  readonly newest: number | null
  readonly last: number | null
  readonly more: number
  /** 0 if the list is not counted. */
  readonly total: number
}

/** The key before which the list starts. */
export const firstKey = ({ newestFirst = false }: { readonly newestFirst?: boolean }): number =>
  newestFirst ? Number.MAX_SAFE_INTEGER : 0

/** `began`: the key of the newest row when the first page was read. `skip`: `limit` minus one. */
type Asked<A extends Args> = A & { after: number; began: number; limit: number; skip: number }

/**
 * Makes the statement of a page. `renewed` is the column of former keys; it is given only for pages after the
 * first of a list whose rows are renewed.
 */
export const pageStatement = <A extends Args, Fields extends SelectedFields>(
  list: Listed<A, Fields>,
  renewed?: Column,
): Query<Asked<A>, PageRow<unknown>> => declared(() => compiledPage(list, renewed))

function compiledPage<A extends Args, Fields extends SelectedFields>(
  list: Listed<A, Fields>,
  renewed: Column | undefined,
): Compiled {
  const p = placeholdersOf<Asked<A>>()
  const { newestFirst = false } = list
  const key =
    renewed === undefined
      ? sql`${list.key}`
      : sql`(CASE WHEN ${list.key} <= ${p.began} THEN ${list.key}
          ELSE (SELECT max(value) FROM json_each(${renewed}) WHERE value <= ${p.began}) END)`
  const behind = newestFirst ? lt : gt
  const order = sql`${key} ${sql.raw(newestFirst ? 'DESC' : 'ASC')}`
  const page_key = sql<number>`${key}`.as('page_key')
  const fields = { ...list.item(p), page_key }
  const rows = (selected: SelectedFields, beyond: SQL) => list.from(db.select(selected), p, beyond)
  const all = compiled(rows({ page_key }, behind(list.key, sql.raw(String(firstKey(list))))))

  const sorted = (selected: SelectedFields) =>
    rows(selected, behind(key, p.after)).orderBy(order).limit(p.limit)
  const page = list.scattered
    ? db
        .select(fields)
        .from(list.key.table)
        .where(sql`${list.key} IN ${sorted({ row_key: sql`${list.key}`.as('row_key') })}`)
        .orderBy(order)
        .limit(p.limit)
    : sorted(fields)
  const first = list.first?.(p)
  const aggregated = newestFirst ? aggregate(list, compiled(page)) : compiled(inPlace(list, p))
  return statement(aggregated, {
    first:
      first === undefined ? nothing : textOf(sql`WITH ${sql.raw(first.name)} AS MATERIALIZED ${first.rows} `),
    more: compiled(rows({ page_key }, behind(key, sql`page.last`)).orderBy(order).limit(1)),
    total: list.counted ? { text: `(SELECT count(*) FROM (${all.text}))`, params: all.params } : none,
  })
}

type Part = Pick<Compiled, 'text' | 'params'>
const nothing: Part = { text: '', params: [] }
const none: Part = { text: '0', params: [] }
type Parts = { readonly first: Part; readonly more: Part; readonly total: Part }

/** Aggregates the page into JSON, with its newest and its last key. */
function aggregate<A extends Args, Fields extends SelectedFields>(
  { newestLast, mayBeLarge, formerKeys }: Listed<A, Fields>,
  rows: Compiled,
): Part {
  const object = jsonObject({ ...rows, fields: rows.fields.filter(({ path }) => path[0] !== 'page_key') })
  const newest = formerKeys === undefined ? '0' : 'max(page_key)'
  const keys = `min(page_key) AS last, ${newest} AS newest`
  const text = mayBeLarge
    ? `SELECT '[' || coalesce(group_concat(item), '') || ']' AS items, ${keys} FROM (${fitting(rows.text, object, newestLast)})`
    : `SELECT json_group_array(${object}) AS items, ${keys} FROM (${rows.text})`
  return { text, params: rows.params }
}

/**
 * The same for a list that is in the order of its index. It looks up the last key of the page first, and then
 * aggregates all rows up to that key directly from the table. An inner SELECT with a limit would copy every
 * row, which costs as much as making its JSON. Only for small rows, such as members.
 */
function inPlace<A extends Args, Fields extends SelectedFields>(
  list: Listed<A, Fields>,
  p: Placeholders<Asked<A>>,
): Preparable<unknown> {
  const { key } = list
  const behind = gt(key, p.after)
  const end = list
    .from(db.select({ page_key: sql<number>`${key}`.as('page_key') }), p, behind)
    .orderBy(sql`${key}`)
    .limit(1)
    .offset(p.skip)
  const upTo = sql`${behind} AND ${key} <= coalesce(${end}, ${sql.raw(String(Number.MAX_SAFE_INTEGER))})`
  const selected = {
    items: sql`json_group_array(${jsonObjectOf(list.item(p))})`.as('items'),
    last: sql`max(${key})`.as('last'),
    newest: sql`0`.as('newest'),
  }
  return list.from(db.select(selected), p, upTo)
}

const statement = (page: Part, { first, more, total }: Parts): Compiled => ({
  text: `${first.text}SELECT items, newest, last, EXISTS (${more.text}) AS more, ${total.text} AS total FROM (${page.text}) AS page`,
  params: [...first.params, ...more.params, ...total.params, ...page.params],
  fields: [
    { path: ['items'], field: jsonColumn('items') },
    ...['newest', 'last', 'more', 'total'].map(name => ({ path: [name], field: sql`${name}`.as(name) })),
  ],
})

/** Selects rows from the first one on, as many as an answer may hold. */
const fitting = (rows: string, object: string, newestLast = false): string =>
  `SELECT page_key, item FROM (SELECT page_key, item, sum(length(CAST(item AS BLOB)) + 1) OVER (ROWS UNBOUNDED PRECEDING) AS bytes
    FROM (SELECT page_key, ${object} AS item FROM (${rows}))) WHERE bytes <= ${maxPageBytes}${newestLast ? ' ORDER BY page_key' : ''}`
