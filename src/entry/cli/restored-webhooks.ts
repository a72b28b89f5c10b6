import type { SerialEngine } from '../../db/engine.ts'
import type { Runtime } from '../runtime.ts'
import { readReplaced } from './replaced-database.ts'

/*
 * A backup has the webhooks of the day when it was made. Some of them have been deleted or disabled since, or
 * have got a new secret. A restore must not send to somebody again who was cut off, nor sign with an ended
 * secret (docs/revocation.md).
 */

/** What decides about one webhook whether anything is sent, and how it is signed. */
export interface CurrentWebhook {
  readonly webhook_id: string
  readonly state: string
  readonly reason: string
  /** JSON, as it is stored. */
  readonly secrets: string
}

/**
 * The webhooks in the database that will be replaced. Undefined if there is no database, it cannot be read,
 * or its version had no webhooks.
 */
export const webhooksIn = (runtime: Runtime, database: string): readonly CurrentWebhook[] | undefined =>
  readReplaced(runtime, database, engine =>
    engine
      .rows('SELECT webhook_id, state, state_reason, secrets FROM webhooks')
      .map(([webhook_id, state, reason, secrets]) => ({
        webhook_id: String(webhook_id),
        state: String(state),
        reason: String(reason),
        secrets: String(secrets),
      })),
  )

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/**
 * Disables the restored webhooks that do not exist any more: `POST /webhooks/{id}/resume` brings one back on
 * purpose. The others keep the state and the secrets that they have now. Expects a migrated database.
 */
export function keepWebhooksEnded(
  engine: SerialEngine,
  current: readonly CurrentWebhook[] | undefined,
): void {
  if (current === undefined) return
  engine.exec("UPDATE webhooks SET state = 'disabled', state_reason = 'restored'")
  for (const { webhook_id, state, reason, secrets } of current) {
    engine.exec(
      `UPDATE webhooks SET state = ${text(state)}, state_reason = ${text(reason)}, secrets = ${text(secrets)} WHERE webhook_id = ${text(webhook_id)}`,
    )
  }
}
