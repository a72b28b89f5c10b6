import { join } from 'node:path'
import { folderStore } from '../../../src/blobs/folder.ts'
import { DatabaseError } from '../../../src/db/engine.ts'
import { betterSqlite3 } from '../../../src/db/engines/better-sqlite3.ts'
import { invariants } from '../../../src/db/invariants.ts'
import { migrate } from '../../../src/db/migrate.ts'
import { checkFiles } from '../../../src/entry/cli/check-files.ts'
import type { Fact } from './record.ts'

/** What is wrong with the folder that a power cut left, if these facts were answered before. */
export async function judge(folder: string, facts: readonly Fact[]): Promise<string[]> {
  const wrong: string[] = []
  try {
    const engine = betterSqlite3(join(folder, 'cohort.db'))
    try {
      migrate(engine)
      const [[verdict] = []] = engine.rows('PRAGMA integrity_check')
      if (verdict !== 'ok') wrong.push(`the database is damaged: ${verdict}`)
      for (const { rule, sql } of invariants)
        if (engine.rows(sql).length > 0) wrong.push(`it is not true that ${rule}`)
      const blobs = folderStore(join(folder, 'files'))
      for (const { request, what, sql, bytes } of facts) {
        const [row] = engine.rows(sql)
        if (row === undefined) wrong.push(`${what} is lost, which ${request} was told`)
        else if (bytes !== undefined) {
          const stored = await blobs.get(String(row[0]))
          const found = stored && new Uint8Array(await new Response(stored).arrayBuffer())
          if (found === undefined || Buffer.compare(found, bytes) !== 0)
            wrong.push(`the bytes of ${what} are lost`)
        }
      }
      const { lost, unknown } = await checkFiles(engine, blobs)
      for (const name of lost) wrong.push(`${name} is stored and has no bytes`)
      for (const key of unknown) wrong.push(`${key} is in the store and nobody knows it`)
    } finally {
      engine.close()
    }
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    wrong.push(`the database does not open: ${error.message}`)
  }
  return wrong
}
