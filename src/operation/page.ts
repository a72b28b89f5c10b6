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
 * a cursor of another list, group or app is refused. Where rows are renewed, the cursor also says which was the
 * newest at the start: a row that got a newer key since is found under the one it had. SQLite writes the page as JSON, says with which key it
 * ends and whether there is more, all in one statement.
 */

/** Where no limit is sent: more would not fit, however small they are. */
const mostRows = 5_000

/** Where a page starts: behind this key, in the list as it began. */
interface Place {
  readonly after: number
  /** The newest key when the first page was read; undefined where rows are not renewed. */
  readonly began?: number
}

/** The place that a cursor tells; undefined if the cursor is not one of this list. */
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

/** The cursor of what comes behind this place. */
export const cursorOf = (app: App, list: string, place: Place): string =>
  `${textOfPlace(place)}.${sign(app, 'cursor', signedText(list, place))}`

const textOfPlace = ({ after, began }: Place): string =>
  began === undefined ? after.toString(36) : `${after.toString(36)}-${began.toString(36)}`

const signedText = (list: string, { after, began }: Place): string =>
  began === undefined ? `${list} ${after}` : `${list} ${after} ${began}`

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
        const { limit = mostRows } = input
        return [statement({ ...args, after, began, limit, skip: limit - 1 }) as Bound<PageRow<Item>>]
      },
      answer({ app, input }, of, [[found]], known) {
        // The statement is an aggregate: it answers one row, always.
        if (found === undefined) throw new Error(`no page of ${list.name}`)
        const { items, last, newest, more } = found
        const next = (after: number): Place => {
          if (formerKeys === undefined) return { after }
          // Read once already, so it is one of this list.
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
