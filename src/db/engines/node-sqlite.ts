import { backup, DatabaseSync } from 'node:sqlite'
import type { SerialEngine } from '../engine.ts'
import type { LogFile } from './log-file.ts'
import { sqliteEngine } from './sqlite.ts'

/**
 * SQLite on Deno, through Node's module `node:sqlite`. Opens or creates the file; throws `DatabaseError` if
 * it cannot.
 */
export const nodeSqlite = (file: string, log?: LogFile): SerialEngine =>
  sqliteEngine(
    file,
    () => {
      const database = new DatabaseSync(file)
      return {
        prepare(sql) {
          const columns = database.prepare(sql).columns()
          const texts = columns.flatMap((column, i) => (mayBeText(column) ? [i] : []))
          const reads = texts.length > 0 && /^select/i.test(sql)
          const statement = database.prepare(reads ? readingWholeTexts(sql, columns) : sql)
          statement.setReturnArrays(true)
          if (!reads) return params => statement.all(...params)
          return params => {
            const rows = statement.all(...params)
            for (const row of rows)
              for (const i of texts) if (row[i] instanceof Uint8Array) row[i] = utf8.decode(row[i])
            return rows
          }
        },
        exec: sql => database.exec(sql),
        // VACUUM INTO attaches a second database, and Deno does not allow that.
        async backup(target, progress) {
          await backup(database, target, {
            rate: 1000,
            progress: ({ totalPages, remainingPages }) => progress?.(totalPages - remainingPages, totalPages),
          })
        },
        close: () => database.close(),
      }
    },
    log,
  )

/*
 * Deno returns a text only up to its first NUL, although all of it is stored. So a text that contains a NUL
 * is read as bytes.
 */

interface OutputColumn {
  readonly name: string
  /** As declared in the schema; null for a computed column. */
  readonly type: string | null
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const mayBeText = ({ type }: OutputColumn): boolean => type === null || /text/i.test(type)

function readingWholeTexts(sql: string, columns: readonly OutputColumn[]): string {
  const outputs = columns.map(column => {
    const name = `"${column.name.replaceAll('"', '""')}"`
    return mayBeText(column)
      ? `CASE WHEN instr(${name}, char(0)) THEN CAST(${name} AS BLOB) ELSE ${name} END`
      : name
  })
  return `SELECT ${outputs.join(', ')} FROM (${sql})`
}
