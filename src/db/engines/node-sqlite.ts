import { DatabaseSync } from 'node:sqlite'
import type { SerialEngine } from '../engine.ts'
import { sqliteEngine } from './sqlite.ts'

/** SQLite on Deno, by Node's own module of that name. Opens or creates the file; throws `DatabaseError` if it cannot. */
export const nodeSqlite = (file: string): SerialEngine =>
  sqliteEngine(() => {
    const database = new DatabaseSync(file)
    return {
      prepare(sql) {
        const statement = database.prepare(sql)
        statement.setReturnArrays(true)
        return params => statement.all(...params)
      },
      exec: sql => database.exec(sql),
      backup: async target => database.exec(`VACUUM INTO '${target.replaceAll("'", "''")}'`),
      close: () => database.close(),
    }
  })
