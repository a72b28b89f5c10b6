import { base64urlOfText, textOfBase64url } from '../operation/sign.ts'

/*
 * Cursors of lists for administrators and the operator: the key of the last row, as text. They are not
 * signed. Whoever may read such a list may read all of it, so a forged cursor shows nothing more.
 */

/** What a list is sorted by, and an id that distinguishes rows with the same sort key. */
export type Key = readonly [key: string | number, id: string | number]

export const cursorOf = (list: string, key: Key): string => base64urlOfText(JSON.stringify([list, ...key]))

/**
 * The key that the next page begins after. `start` if there is no cursor; undefined if the cursor is not one
 * of this list.
 */
export function keyBehind<K extends Key>(list: string, cursor: string, start: K): K | undefined {
  if (cursor === '') return start
  try {
    const [of, ...key] = JSON.parse(textOfBase64url(cursor)) as unknown[]
    const fits = of === list && key.length === 2 && key.every((part, i) => typeof part === typeof start[i])
    // Just compared: the same two types as `start` has.
    return fits ? (key as unknown as K) : undefined
  } catch {
    return undefined
  }
}

/**
 * Cuts rows to a page of `limit` rows, and makes the cursor of the next page. `rows` has one row more than
 * `limit` if there is a next page.
 */
export function cut<Row>(
  list: string,
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => Key,
): { readonly rows: readonly Row[]; readonly cursor: string } {
  const last = rows[limit - 1]
  if (rows.length <= limit || last === undefined) return { rows, cursor: '' }
  return { rows: rows.slice(0, limit), cursor: cursorOf(list, keyOf(last)) }
}

export const foreignCursor = 'cursor is not one of this list'
