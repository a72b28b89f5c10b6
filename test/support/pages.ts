import { expect } from 'vitest'
import type { Answer } from './client.ts'
import { dataOf } from './groups.ts'

/** Asks for a page: '' for the first. */
export type PageOf = (cursor: string) => Promise<Answer>

/** The rows of all pages, one after the other; `between` runs after each page but the last. */
export async function allPages(
  pageOf: PageOf,
  between: () => Promise<unknown> = async () => {},
): Promise<Answer['data'][]> {
  const rows: Answer['data'][] = []
  const cursors = new Set<string>()
  for (let cursor = ''; ; await between()) {
    const answer = await pageOf(cursor)
    rows.push(...dataOf(answer))
    cursor = answer.cursor
    if (cursor === '') return rows
    // A cursor that comes twice goes round in circles.
    expect(cursors).not.toContain(cursor)
    cursors.add(cursor)
  }
}
