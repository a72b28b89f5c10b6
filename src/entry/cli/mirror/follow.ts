import { sql } from 'drizzle-orm'
import type { SerialEngine } from '../../../db/engine.ts'
import { db, query } from '../../../db/query.ts'
import { objects } from '../../../db/schema.ts'
import { objectState } from '../../../db/states.ts'
import type { StoredFile } from './stored-files.ts'

/**
 * The newest rows that are read again at each look, because SQLite gives the number of a deleted row again.
 */
const overlap = 200

const columns = {
  row: sql<number>`rowid`.as('row'),
  object_name: objects.object_name,
  size: objects.size,
  content_type: objects.content_type,
  state: objects.state,
}
const newestRow = query<Record<never, never>>()(() =>
  db.select({ row: sql<number>`coalesce(max(rowid), 0)`.as('row') }).from(objects),
)
const rowsAfter = query<{ row: number }>()(p =>
  db.select(columns).from(objects).where(sql`rowid > ${p.row}`).orderBy(sql`rowid`),
)
const byName = query<{ object_name: string }>()(p =>
  db.select(columns).from(objects).where(sql`${objects.object_name} = ${p.object_name}`),
)
const unfinished = query<Record<never, never>>()(() =>
  db
    .select(columns)
    .from(objects)
    .where(sql.raw(`state IN (${objectState.promised}, ${objectState.receiving})`)),
)

interface Row extends StoredFile {
  readonly row: number
  readonly state: number
}

const isUnfinished = ({ state }: Row): boolean =>
  state === objectState.promised || state === objectState.receiving

/**
 * Finds the files that were stored since the last look. An upload begins with a row that has no bytes yet. So
 * new rows are read by their number, and rows without bytes are looked at again until their upload has ended.
 */
export class NewFiles {
  readonly #engine: SerialEngine
  readonly #waiting: Set<string>
  /** Names that were answered, as long as their rows are read again. */
  #answered = new Set<string>()
  #row: number

  constructor(engine: SerialEngine) {
    this.#engine = engine
    this.#row = Number(engine.all(newestRow({}))[0]?.[0])
    this.#waiting = new Set(this.#rows(unfinished({})).map(({ object_name }) => object_name))
    this.#remember(this.#rows(rowsAfter({ row: this.#row - overlap })))
  }

  /**
   * The files that were stored since the last call, or since this object was made. undefined if that cannot
   * be told, because the numbers of rows begin anew: many rows were deleted, or a VACUUM has changed them.
   * Then everything has to be compared.
   */
  look(): StoredFile[] | undefined {
    if (Number(this.#engine.all(newestRow({}))[0]?.[0]) < this.#row - overlap) return undefined
    const found: Row[] = []
    const recent = this.#rows(rowsAfter({ row: this.#row - overlap }))
    for (const row of recent) {
      if (isUnfinished(row)) this.#waiting.add(row.object_name)
      else if (row.state === objectState.stored && !this.#answered.has(row.object_name)) found.push(row)
    }
    for (const object_name of this.#waiting) {
      const [row] = this.#rows(byName({ object_name }))
      if (row !== undefined && isUnfinished(row)) continue
      this.#waiting.delete(object_name)
      if (row?.state === objectState.stored && !found.some(other => other.object_name === object_name))
        found.push(row)
    }
    this.#remember([...recent, ...found])
    this.#row = recent.at(-1)?.row ?? this.#row
    return found
  }

  #remember(rows: readonly Row[]): void {
    this.#answered = new Set(rows.filter(row => !isUnfinished(row)).map(row => row.object_name))
  }

  #rows(bound: Parameters<SerialEngine['all']>[0]): Row[] {
    return this.#engine.all(bound).map(([row, object_name, size, content_type, state]) => ({
      row: Number(row),
      object_name: String(object_name),
      size: Number(size),
      content_type: String(content_type),
      state: Number(state),
    }))
  }
}
