import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { d1Files } from './worker-target.ts'

/* Looks for what must be gone, in everything that an instance keeps on disk. */

/** All files of a folder and of the folders in it. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

const databasesIn = (data: string, target: string): string[] =>
  target === 'worker' ? d1Files(data) : [join(data, 'cohort.db')]

/** Every place in the database where one of the texts is: table and column, as often as there are rows. */
export function rowsWith(data: string, target: string, texts: readonly string[]): string[] {
  const found: string[] = []
  for (const file of databasesIn(data, target)) {
    const database = new Database(file, { readonly: true })
    try {
      const tables = database
        .prepare(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
        )
        .pluck()
        .all() as string[]
      for (const table of tables) {
        for (const row of database.prepare(`SELECT * FROM "${table}"`).all() as Record<string, unknown>[])
          for (const [column, value] of Object.entries(row))
            if (texts.some(text => String(value).includes(text))) found.push(`${table}.${column}`)
      }
    } finally {
      database.close()
    }
  }
  return found
}

/** The byte sequences that stand for a text or an id: SQLite stores large integers as eight bytes. */
export const bytesOf = (value: string | number): Buffer => {
  if (typeof value === 'string') return Buffer.from(value)
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

/** How often a sequence of bytes is in each file, of those in which it is at all. */
export function filesWith(data: string, bytes: Buffer): Record<string, number> {
  const found: Record<string, number> = {}
  for (const file of filesIn(data)) {
    const content = readFileSync(file)
    let times = 0
    for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) times++
    if (times > 0) found[file.slice(data.length + 1)] = times
  }
  return found
}
