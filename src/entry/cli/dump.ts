import { createReadStream } from 'node:fs'
import type { SerialEngine } from '../../db/engine.ts'
import { DatabaseError } from '../../db/engine.ts'
import { sqlStatements } from '../../transfer/sql-statements.ts'
import { CommandFailure } from './command-failure.ts'
import type { Progress } from './progress.ts'

/** What a dump is made of. Anything else in a file is not run. */
const expected =
  /^(create\s+table|create\s+(unique\s+)?index|insert\s+into|delete\s+from\s+"?sqlite_sequence)\b/i
/** Of the connection it was made on or for: this one is set up already. */
const ignored = /^(--|pragma|begin|commit)/i

/**
 * Runs a dump of `wrangler d1 export` or of SQLite's `.dump` in an empty database that is thrown away if this
 * throws: `CommandFailure`, naming the line. Progress is in bytes.
 */
export async function loadDump(
  engine: SerialEngine,
  file: string,
  size: number,
  progress: Progress,
): Promise<void> {
  const input = createReadStream(file, { encoding: 'utf8', highWaterMark: 1024 * 1024 })
  engine.rows('PRAGMA journal_mode = OFF')
  engine.rows('PRAGMA synchronous = OFF')
  engine.exec('BEGIN')
  for await (const { text, line } of sqlStatements(input)) {
    if (ignored.test(text)) continue
    if (!expected.test(text))
      throw new CommandFailure(
        `${file}, line ${line}: a dump has no statement such as "${text.slice(0, 40)}"`,
      )
    try {
      // SQLite takes a NUL for the end of the statement; dumps put those of a text in as they are.
      engine.exec(text.replaceAll('\0', "'||char(0)||'"))
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      throw new CommandFailure(`${file}, line ${line}: ${error.message}`)
    }
    progress(input.bytesRead, size)
  }
  engine.exec('COMMIT')
}
