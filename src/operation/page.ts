import { type Column, gt, lt, type SQL, sql } from 'drizzle-orm'
import type { SelectResultFields } from 'drizzle-orm/query-builders/select.types'
import type { SelectedFields, SQLiteSelectBuilder } from 'drizzle-orm/sqlite-core'
import { type JsonText, jsonColumn, jsonObject } from '../db/json-rows.ts'
import {
  type Args,
  type Bound,
  compiled,
  db,
  declared,
  type Placeholders,
  type Preparable,
  placeholdersOf,
} from '../db/query.ts'
import type { App } from '../tenant/app.ts'
import { type Refusal, refuse } from './errors.ts'
import type { Call, Outcome } from './operation.ts'
import { sign, verify } from './sign.ts'

/*
 * Paged lists. A cursor is the last key of a page and a signature over the list it belongs to and that key:
 * the next page starts behind the key, so rows that come and go elsewhere neither repeat nor hide others, and
 * a cursor of another list, group or app is refused. SQLite writes the page as JSON, says with which key it
 * ends and whether there is more, all in one statement.
 */

/** The most that a page holds, bytes of JSON (docs/behaviour.md, section 5). */
const mostBytes = 1_000_000
/** Where no limit is sent: more would not fit, however small they are. */
const mostRows = 5_000

/** The key to start behind: `start` without a cursor; undefined if the cursor is not one of this list. */
function keyOf(app: App, list: string, cursor: string, start: number): number | undefined {
  if (cursor === '') return start
  const dot = cursor.indexOf('.')
  const text = cursor.slice(0, dot)
  const key = Number.parseInt(text, 36)
  if (key.toString(36) !== text || !verify(app, 'cursor', `${list} ${key}`, cursor.slice(dot + 1)))
    return undefined
  return key
}

/** The cursor of what comes behind this key. */
export const cursorOf = (app: App, list: string, key: number): string =>
  `${key.toString(36)}.${sign(app, 'cursor', `${list} ${key}`)}`

/** What of a list every page shares. */
interface Listed<A extends Args, Fields extends SelectedFields> {
  /** Part of what a cursor is signed over, with what the list is of. */
  readonly name: string
  /** A unique column of positive integers: the order of the list. */
  readonly key: Column
  readonly newestFirst?: boolean
  /** Pages go from the newest to the oldest, but each page begins with its oldest. */
  readonly newestLast?: boolean
  /** The fields of an item, in the order of the answer. */
  item(p: Placeholders<A>): Fields
  /** FROM and WHERE: all rows of the list, of which `beyond` leaves those behind a key. */
  from(select: Select, p: Placeholders<A>, beyond: SQL): Ordered
  /** The statement also counts the whole list, where nothing else knows its total. */
  readonly counted?: boolean
  /** A page of many rows could be larger than an answer may be: it then ends early. */
  readonly mayBeLarge?: boolean
}
type Select = SQLiteSelectBuilder<SelectedFields, 'sync', never>
interface Ordered extends Preparable<unknown> {
  orderBy(...by: (Column | SQL)[]): {
    limit(rows: Placeholders<{ limit: number }>['limit'] | number): Preparable<unknown>
  }
}

interface PageRow<Item> {
  readonly items: JsonText<Item[]>
  readonly last: number | null
  readonly more: number
  /** 0 where the list is not counted. */
  readonly total: number
}

type PagedCall = Call<{ readonly cursor: string; readonly limit?: number | undefined }>

export interface PagedList<A extends Args, Item> {
  /**
   * The page that the caller asks for, to be read. `of` says whose list it is: the group's or the user's.
   * 10002 for a cursor of another list.
   */
  reads(call: PagedCall, of: number | string | null, args: A): readonly [Bound<PageRow<Item>>] | Refusal
  /**
   * The answer made of it. `total` is what the statement counted, unless it is known; without `known` there is
   * a cursor alone.
   */
  answer(
    call: PagedCall,
    of: number | string | null,
    rows: readonly [readonly PageRow<Item>[]],
    known?: { readonly total?: number; readonly version: number },
  ): Outcome<JsonText<Item[]>>
}

/** Declares a paged list: `pagedList<{ group_id: number }>()({ name, key, item, from })`. */
export const pagedList =
  <A extends Args>() =>
  <Fields extends SelectedFields>(list: Listed<A, Fields>): PagedList<A, SelectResultFields<Fields>> => {
    type Item = SelectResultFields<Fields>
    const page = pageStatement(list)
    const start = list.newestFirst ? Number.MAX_SAFE_INTEGER : 0
    const nameOf = (of: number | string | null): string => `${list.name} ${of}`
    return {
      reads({ app, input }, of, args) {
        const after = keyOf(app, nameOf(of), input.cursor, start)
        if (after === undefined) return refuse('invalid_parameter', 'cursor is not one of this list')
        return [page({ ...args, after, limit: input.limit ?? mostRows }) as Bound<PageRow<Item>>]
      },
      answer({ app }, of, [[found]], known) {
        // The statement is an aggregate: it answers one row, always.
        if (found === undefined) throw new Error(`no page of ${list.name}`)
        const { items, last, more } = found
        const cursor = more !== 0 && last !== null ? cursorOf(app, nameOf(of), last) : ''
        return {
          data: items,
          page:
            known === undefined
              ? { cursor }
              : { cursor, total: known.total ?? found.total, version: known.version },
        }
      },
    }
  }

/** The page, the key it ends with, whether there is more behind that, and how many there are in all. */
function pageStatement<A extends Args, Fields extends SelectedFields>(list: Listed<A, Fields>) {
  const p = placeholdersOf<A & { after: number; limit: number }>()
  const { key, newestFirst = false } = list
  const behind = newestFirst ? lt : gt
  const order = newestFirst ? sql`${key} DESC` : key
  const rows = (fields: SelectedFields, beyond: SQL) => list.from(db.select(fields), p, beyond)
  const one = { one: sql`1`.as('one') }
  const item = list.item(p)

  const inner = compiled(
    rows({ ...item, page_key: sql`${key}`.as('page_key') }, behind(key, p.after))
      .orderBy(order)
      .limit(p.limit),
  )
  const object = jsonObject({ ...inner, fields: inner.fields.filter(({ path }) => path[0] !== 'page_key') })
  const more = compiled(rows(one, behind(key, sql`page.last`)).orderBy(order).limit(1))
  const all = compiled(rows(one, behind(key, sql.raw(String(newestFirst ? Number.MAX_SAFE_INTEGER : 0)))))

  const last = `${newestFirst ? 'min' : 'max'}(page_key) AS last`
  const page = list.mayBeLarge
    ? `SELECT '[' || coalesce(group_concat(item), '') || ']' AS items, ${last} FROM (${fitting(inner.text, object, list.newestLast)})`
    : `SELECT json_group_array(${object}) AS items, ${last} FROM (${inner.text})`
  return declared<A & { after: number; limit: number }, PageRow<unknown>>(
    `SELECT items, last, EXISTS (${more.text}) AS more, ${list.counted ? `(SELECT count(*) FROM (${all.text}))` : '0'} AS total FROM (${page}) AS page`,
    [...more.params, ...(list.counted ? all.params : []), ...inner.params],
    [
      { path: ['items'], field: jsonColumn('items') },
      ...['last', 'more', 'total'].map(name => ({ path: [name], field: sql`${name}`.as(name) })),
    ],
  )
}

/** As many of the rows, from the first, as an answer may hold. */
const fitting = (rows: string, object: string, newestLast = false): string =>
  `SELECT page_key, item FROM (SELECT page_key, item, sum(length(CAST(item AS BLOB)) + 1) OVER (ROWS UNBOUNDED PRECEDING) AS bytes
    FROM (SELECT page_key, ${object} AS item FROM (${rows}))) WHERE bytes <= ${mostBytes}${newestLast ? ' ORDER BY page_key' : ''}`
