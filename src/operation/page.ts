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
 * Paged lists. A cursor is the last key of a page with a signature over the key and the list. The next page
 * starts after that key, so rows that come and go in other places are neither repeated nor missed. A cursor
 * of another list, group or app is refused. Where rows are renewed, the cursor also has the newest key at the
 * start: a row with a newer key is found under the key that it had before. One statement of SQLite writes the
 * page as JSON and answers its last key and whether there are more rows.
 */

/** The page size without a `limit`. More rows would not fit into an answer, however small they are. */
const maxRows = 5_000

/** Where a page starts: after this key. */
interface Place {
  readonly after: number
  /** The newest key when the first page was read; undefined where rows are not renewed. */
  readonly began?: number
}

/** The place in a cursor; undefined if the cursor does not belong to this list. */
function placeOf(app: App, list: string, cursor: string): Place | undefined {
  const dot = cursor.indexOf('.')
  const [after = Number.NaN, began, ...others] = cursor
    .slice(0, dot)
    .split('-')
    .map(part => Number.parseInt(part, 36))
  const place = { after, ...(began !== undefined && { began }) }
  const isOurs = others.length === 0 && cursor.slice(0, dot) === textOfPlace(place)
  return isOurs && verify(app, 'cursor', signedText(list, place), cursor.slice(dot + 1)) ? place : undefined
}

/** The cursor of the page that starts after this place. */
export const cursorOf = (app: App, list: string, place: Place): string =>
  `${textOfPlace(place)}.${sign(app, 'cursor', signedText(list, place))}`

const textOfPlace = ({ after, began }: Place): string =>
  began === undefined ? after.toString(36) : `${after.toString(36)}-${began.toString(36)}`

const signedText = (list: string, { after, began }: Place): string =>
  began === undefined ? `${list} ${after}` : `${list} ${after} ${began}`

type PagedCall = Call<{ readonly cursor: string; readonly limit?: number | undefined }>

export interface PagedList<A extends Args, Item> {
  /**
   * The statement that reads the page that the caller asks for. `of` is the group or user whose list it is.
   * Refuses with 10002 a cursor of another list.
   */
  reads(call: PagedCall, of: number | string | null, args: A): readonly [Bound<PageRow<Item>>] | Refusal
  /**
   * Makes the answer. `known` says how the total is found: as counted by the statement, or as known from
   * another place. Without `known` the answer has a cursor and no total.
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
    const { formerKeys } = list
    const page = pageStatement(list)
    const renewedPage = formerKeys === undefined ? page : pageStatement(list, formerKeys)
    const start: Place = { after: firstKey(list) }
    const nameOf = (of: number | string | null): string => `${list.name} ${of}`
    return {
      reads({ app, input }, of, args) {
        const place = input.cursor === '' ? start : placeOf(app, nameOf(of), input.cursor)
        if (place === undefined) return refuse('invalid_parameter', 'cursor is not one of this list')
        const { after, began = Number.MAX_SAFE_INTEGER } = place
        const statement = place.began === undefined ? page : renewedPage
        const { limit = maxRows } = input
        const asked = Object.assign({}, args, { after, began, limit, skip: limit - 1 })
        return [statement(asked) as Bound<PageRow<Item>>]
      },
      answer({ app, input }, of, [[found]], known) {
        // The statement is an aggregate, so it always answers exactly one row.
        if (found === undefined) throw new Error(`no page of ${list.name}`)
        const { items, last, newest, more } = found
        const next = (after: number): Place => {
          if (formerKeys === undefined) return { after }
          // `reads` has already checked this cursor, so it belongs to this list.
          const began = input.cursor === '' ? newest : placeOf(app, nameOf(of), input.cursor)?.began
          return { after, ...(began !== undefined && began !== null && { began }) }
        }
        const cursor = more !== 0 && last !== null ? cursorOf(app, nameOf(of), next(last)) : ''
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
