import type { SerialEngine } from '../../db/engine.ts'
import { fileHold, objectState } from '../../db/states.ts'
import type { Runtime } from '../runtime.ts'
import { readReplaced } from './replaced-database.ts'

/*
 * Files that were put under quarantine after the backup was made. A restore must not show them again
 * (docs/revocation.md). Those that were under quarantine in the backup stay so, too.
 */

export interface QuarantinedFile {
  readonly object_name: string
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * The files under quarantine in the database that will be replaced. Undefined if there is no database, it
 * cannot be read, or its version had no quarantine.
 */
export const quarantineIn = (runtime: Runtime, database: string): readonly QuarantinedFile[] | undefined =>
  readReplaced(runtime, database, engine =>
    engine
      .rows(`SELECT object_name, hold_reason, held_at FROM objects WHERE hold = ${fileHold.quarantined}`)
      .map(([object_name, reason, at]) => ({
        object_name: String(object_name),
        reason: String(reason),
        at: Number(at),
      })),
  )

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** Puts the restored files under quarantine that are there now. Expects a migrated database. */
export function keepQuarantine(engine: SerialEngine, current: readonly QuarantinedFile[] = []): void {
  for (const { object_name, reason, at } of current) {
    engine.exec(
      `UPDATE objects SET hold = ${fileHold.quarantined}, hold_reason = ${text(reason)}, held_at = ${at}
        WHERE object_name = ${text(object_name)} AND state <> ${objectState.released}`,
    )
  }
}
