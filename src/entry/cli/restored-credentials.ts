import type { SerialEngine } from '../../db/engine.ts'
import { migrate } from '../../db/migrate.ts'
import type { AppSecret, EndedSecret } from '../../db/schema.ts'
import { isEnded, withLinksEnded } from '../../tenant/ended.ts'
import { newSecret } from '../../tenant/registry.ts'
import type { Runtime } from '../runtime.ts'
import { readReplaced } from './replaced-database.ts'

/*
 * A backup has the secrets and keys of the day when it was made, and some of them have been ended since. A
 * restore must not make ended ones valid again (docs/revocation.md). So if the restore replaces a database,
 * the apps keep the secrets that they have in it.
 */

/** The secrets and signing keys of one app, valid ones and ended ones. */
export interface Credentials {
  readonly app_id: string
  readonly secrets: readonly AppSecret[]
  readonly keys: readonly AppSecret[]
  readonly ended: readonly EndedSecret[]
}

const columns = 'SELECT app_id, secrets, keys, ended FROM apps'

const read = (engine: SerialEngine): Credentials[] =>
  engine.rows(columns).map(([app_id, secrets, keys, ended]) => ({
    app_id: String(app_id),
    secrets: JSON.parse(String(secrets)),
    keys: JSON.parse(String(keys)),
    ended: JSON.parse(String(ended)),
  }))

/**
 * The credentials in the database that will be replaced. Empty if there is no database or it cannot be read.
 */
export const credentialsIn = (runtime: Runtime, database: string): readonly Credentials[] =>
  readReplaced(runtime, database, read) ?? []

/**
 * Gives the restored apps the secrets and keys that are valid now, where `current` has them. Older QR codes,
 * upload URLs and cursors end in any case, because nobody knows which of them were ended after the backup.
 */
export function keepEnded(engine: SerialEngine, current: readonly Credentials[]): void {
  migrate(engine)
  for (const restored of read(engine)) {
    const now = current.find(({ app_id }) => app_id === restored.app_id)
    const secrets = now?.secrets ?? restored.secrets
    const ended = now?.ended ?? restored.ended
    const older = restored.keys.filter(
      ({ kid, secret }) => !isEnded(ended, secret) && !now?.keys.some(key => key.kid === kid),
    )
    const keys = withLinksEnded([...(now?.keys ?? []), ...older], newSecret(Date.now()))
    const json = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "''")}'`
    // An app id has no quotes: see `appIdPattern`.
    engine.exec(
      `UPDATE apps SET secrets = ${json(secrets)}, keys = ${json(keys)}, ended = ${json(ended)} WHERE app_id = '${restored.app_id}'`,
    )
  }
}

/** What the operator must know about secrets after the restore. */
export const whatIsEnded = (current: readonly Credentials[]): string =>
  current.length > 0
    ? 'Its apps keep the secrets and keys that they had before: what was ended stays ended. All QR codes, upload URLs and cursors are ended.\n'
    : `Secrets and keys that were ended after this backup was made are good again: no database was here to tell which. For each app, cohort app rotate-secret ID
--drop-old and cohort app rotate-keys ID --drop-old end them. All QR codes, upload URLs and cursors are ended.
`
