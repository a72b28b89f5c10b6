import type { SelectResultFields } from 'drizzle-orm/query-builders/select.types'
import type { SelectedFields } from 'drizzle-orm/sqlite-core'
import type { JsonText } from '../db/json-rows.ts'
import type { Args, Bound } from '../db/query.ts'
import type { App } from '../tenant/app.ts'
import { type Refusal, refuse } from './errors.ts'
import type { Call, Outcome } from './operation.ts'
import { firstKey, type Listed, type PageRow, pageStatement } from './page-statement.ts'
import { sign, verify } from './sign.ts'

/*
 * Paged lists. A cursor is the last key of a page and a signature over the list it belongs to and that key:
 * the next page starts behind the key, so rows that come and go elsewhere neither repeat nor hide others, and
 * a cursor of another list, group or app is refused. SQLite writes the page as JSON, says with which key it
 * ends and whether there is more, all in one statement.
 */

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
    const start = firstKey(list)
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
