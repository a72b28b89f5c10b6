import type { SerialEngine } from '../../db/engine.ts'
import { firstStep } from '../../user/steps.ts'
import type { Runtime } from '../runtime.ts'
import { readReplaced } from './replaced-database.ts'

/*
 * A backup has users who were erased since. The ledger of the database that is replaced says who; a restore
 * erases them again before anybody is served (docs/privacy.md).
 */

/** A row of the ledger. */
export interface ErasedUser {
  readonly app_id: string
  readonly user_id: number
  readonly erased_at: number
  readonly owned: string
}

/**
 * The ledger of the database that will be replaced. Undefined if there is no database, it cannot be read, or
 * its version had no ledger.
 */
export const erasedIn = (runtime: Runtime, database: string): readonly ErasedUser[] | undefined =>
  readReplaced(runtime, database, engine =>
    engine
      .rows('SELECT app_id, user_id, erased_at, owned FROM erased_users')
      .map(([app_id, user_id, erased_at, owned]) => ({
        app_id: String(app_id),
        user_id: Number(user_id),
        erased_at: Number(erased_at),
        owned: String(owned),
      })),
  )

/** How many rows one statement inserts. */
const rowsAtOnce = 1000

/**
 * Has the restored database erase the users again whose erasure it does not know. It knows those from before
 * the backup, and what their ids did since is another person's. Expects a migrated database.
 */
export function eraseAgain(engine: SerialEngine, erased: readonly ErasedUser[] = []): void {
  for (let at = 0; at < erased.length; at += rowsAtOnce) {
    // An app id has no quotes: see `appIdPattern`.
    const rows = erased
      .slice(at, at + rowsAtOnce)
      .map(
        ({ app_id, user_id, erased_at, owned }) =>
          `('${app_id}', ${user_id}, ${erased_at}, 0, '${owned}', '${firstStep}', '')`,
      )
    engine.exec(`INSERT INTO erased_users (app_id, user_id, erased_at, finished_at, owned, step, place) VALUES ${rows.join(',')}
      ON CONFLICT (app_id, user_id) DO UPDATE SET erased_at = excluded.erased_at, finished_at = 0, owned = excluded.owned,
        step = excluded.step, place = '' WHERE excluded.erased_at > erased_users.erased_at`)
  }
}

/** What the operator must know about erased users after the restore. */
export const whoIsErased = (erased: readonly ErasedUser[] | undefined): string =>
  erased === undefined
    ? 'Users who were erased after this backup was made are back, because no database was here to tell who they are: erase them again.\n'
    : ''
