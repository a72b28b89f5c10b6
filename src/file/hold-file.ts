import { sql } from 'drizzle-orm'
import { command } from '../db/query.ts'
import { fileHold, objectState } from '../db/states.ts'

// If the file changed since it was read, the CASE is null, the NOT NULL column refuses it, and the whole
// change is decided again.
const setHold = command<{ object_name: string; seen: number; hold: number; reason: string; at: number }>()(
  p => sql`UPDATE objects SET hold = CASE WHEN hold = ${p.seen} AND state <> ${objectState.released} THEN ${p.hold} END,
      hold_reason = ${p.reason}, held_at = ${p.at}
    WHERE object_name = ${p.object_name}`,
)

/** The write that puts a file under quarantine. `seen` is the hold that it had. */
export const putUnderQuarantine = (object_name: string, seen: number, reason: string, at: number) =>
  setHold({ object_name, seen, hold: fileHold.quarantined, reason, at })

/** The write that makes a file readable. `seen` is the hold that it had. */
export const giveBack = (object_name: string, seen: number) =>
  setHold({ object_name, seen, hold: fileHold.none, reason: '', at: 0 })

/**
 * The key of a file under quarantine in a store that clients download from by presigned URLs: the URLs that
 * were given out must not reach it.
 */
export const keyAside = (object_name: string): string => `${object_name}.quarantined`
