import { and, eq, gt, sql } from 'drizzle-orm'
import type { SerialEngine } from '../../../db/engine.ts'
import { db, query } from '../../../db/query.ts'
import { objects } from '../../../db/schema.ts'
import { objectState } from '../../../db/states.ts'

/**
 * A file whose bytes are stored and never change again. Thumbnails and what else was made of it are not here.
 */
export interface StoredFile {
  readonly object_name: string
  readonly size: number
  readonly content_type: string
}

const portion = 1000
const columns = {
  object_name: objects.object_name,
  size: objects.size,
  content_type: objects.content_type,
}
const isStoredState = sql`${objects.state} = ${sql.raw(String(objectState.stored))}`

const storedAfter = query<{ after: string }>()(p =>
  db
    .select(columns)
    .from(objects)
    .where(and(gt(objects.object_name, p.after), isStoredState))
    .orderBy(objects.object_name)
    .limit(portion),
)

/** All stored files in the order of their names, which is also the order in which a bucket lists them. */
export function* storedFiles(engine: SerialEngine): Generator<StoredFile> {
  for (let after = ''; ; ) {
    const rows = engine.all(storedAfter({ after }))
    for (const [object_name, size, content_type] of rows) {
      after = String(object_name)
      yield { object_name: after, size: Number(size), content_type: String(content_type) }
    }
    if (rows.length < portion) return
  }
}

/** How many files are stored. */
export const countStored = (engine: SerialEngine): number =>
  Number(engine.rows(`SELECT count(*) FROM objects WHERE state = ${objectState.stored}`)[0]?.[0] ?? 0)

const stateByName = query<{ object_name: string }>()(p =>
  db.select({ state: objects.state }).from(objects).where(eq(objects.object_name, p.object_name)),
)

/** The state of an object now; undefined if there is none. */
export function stateOf(engine: SerialEngine, object_name: string): number | undefined {
  const [row] = engine.all(stateByName({ object_name }))
  return row === undefined ? undefined : Number(row[0])
}

export const isStored = (engine: SerialEngine, object_name: string): boolean =>
  stateOf(engine, object_name) === objectState.stored
