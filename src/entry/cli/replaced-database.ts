import { existsSync } from 'node:fs'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import type { Runtime } from '../runtime.ts'

/**
 * What `read` finds in the database that a restore will replace. Undefined if there is no database, if it is
 * damaged, or if its version did not have what is read.
 */
export function readReplaced<T>(
  runtime: Runtime,
  database: string,
  read: (engine: SerialEngine) => T,
): T | undefined {
  if (!existsSync(database)) return undefined
  try {
    const engine = runtime.openDatabase(database)
    try {
      return read(engine)
    } finally {
      engine.close()
    }
  } catch (error) {
    if (error instanceof DatabaseError) return undefined
    throw error
  }
}
