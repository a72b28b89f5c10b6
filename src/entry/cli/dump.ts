import { createReadStream } from 'node:fs'
import type { SerialEngine } from '../../db/engine.ts'
import { DatabaseError } from '../../db/engine.ts'
import { sqlStatements } from '../../transfer/sql-statements.ts'
import { CommandFailure } from './command-failure.ts'
import type { Progress } from './progress.ts'

/** The statements that a dump may have. Any other statement is refused. */
const expected =
  /^(create\s+table|create\s+(unique\s+)?index|insert\s+into|delete\s+from\s+"?sqlite_sequence)\b/i
/**
 * Statements about the connection of whoever made the dump. They are skipped, because this connection is
 * already set up.
 */
const ignored = /^(--|pragma|begin|commit)/i

/**
 * Runs a dump of `wrangler d1 export` or of SQLite's `.dump` in an empty database. Throws `CommandFailure`
 * that names the line; the caller then throws the database away. Progress is in bytes.
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
      // SQLite ends a statement at a NUL character, but dumps contain the NULs of texts as they are.
      engine.exec(text.replaceAll('\0', "'||char(0)||'"))
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      throw new CommandFailure(`${file}, line ${line}: ${error.message}`)
    }
    progress(input.bytesRead, size)
  }
  engine.exec('COMMIT')
}
