import type { SerialEngine } from '../../db/engine.ts'
import { pendingStatus } from '../../db/states.ts'
import type { Runtime } from '../runtime.ts'
import { readReplaced } from './replaced-database.ts'

/*
 * A backup has the pending invitations of the day when it was made, and some of them have been declined or
 * made void since. A restore must not open a group again by an invitation that was ended
 * (docs/revocation.md).
 */

/**
 * The ids of the invitations that were declined or void in the database that will be replaced. Undefined if
 * there is no database or it cannot be read.
 */
export const endedInvitationsIn = (runtime: Runtime, database: string): readonly number[] | undefined =>
  readReplaced(runtime, database, engine =>
    engine
      .rows(`SELECT invitation_id FROM invitations WHERE status = ${pendingStatus.rejected}`)
      .map(([invitation_id]) => Number(invitation_id)),
  )

/** How many ids go into one statement, whose text SQLite bounds at a million bytes. */
const ID_BATCH = 5000

/** Ends those of the restored invitations that were ended since. Expects a migrated database. */
export function keepInvitationsEnded(engine: SerialEngine, ended: readonly number[] = []): void {
  for (let at = 0; at < ended.length; at += ID_BATCH)
    engine.exec(
      `UPDATE invitations SET status = ${pendingStatus.rejected} WHERE status = ${pendingStatus.pending}
        AND invitation_id IN (${ended.slice(at, at + ID_BATCH).join(',')})`,
    )
}
