import type { App } from '../tenant/app.ts'
import { sign, verify } from './sign.ts'

/*
 * A cursor is the last key of a page and a signature over the list it belongs to and that key: the next page
 * starts behind the key, so rows that come and go elsewhere neither repeat nor hide others, and a cursor of
 * another list, group or app is refused.
 */

/** The key to start behind: `start` without a cursor; undefined if the cursor is not one of this list. */
export function keyOf(app: App, list: string, cursor: string, start: number): number | undefined {
  if (cursor === '') return start
  const dot = cursor.indexOf('.')
  const text = cursor.slice(0, dot)
  const key = Number.parseInt(text, 36)
  if (key.toString(36) !== text || !verify(app, 'cursor', `${list} ${key}`, cursor.slice(dot + 1)))
    return undefined
  return key
}

/**
 * Cuts what was read (one row more than `limit`, if there is one) to the page, with the cursor of the next.
 */
export function pageOf<Row>(
  app: App,
  list: string,
  limit: number,
  rows: readonly Row[],
  keyOfRow: (row: Row) => number,
): { readonly rows: readonly Row[]; readonly cursor: string } {
  const last = rows[limit - 1]
  if (rows.length <= limit || last === undefined) return { rows, cursor: '' }
  const key = keyOfRow(last)
  return {
    rows: rows.slice(0, limit),
    cursor: `${key.toString(36)}.${sign(app, 'cursor', `${list} ${key}`)}`,
  }
}
