import { fileHold } from '../db/states.ts'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Caller } from '../operation/operation.ts'
import type { StoredObject } from './objects.ts'

/**
 * Whether the caller may read files that are under quarantine: an administrator of the whole app, by a token
 * of its own. A signature (`sdk_sign`) is not enough, because the app's server hands signed URLs out to
 * users.
 */
export const isModerator = ({ administrator, user_id, only_group, key_id }: Caller): boolean =>
  administrator && user_id === null && only_group === null && key_id !== undefined

/**
 * Why a file is withheld from a caller who may read it otherwise. Every way to the bytes must ask this, on
 * every request. Only the file's sender is told the reason of a quarantine.
 */
export function refusalOfHeld(
  caller: Caller,
  { hold, hold_reason, owner_id }: Pick<StoredObject, 'hold' | 'hold_reason' | 'owner_id'>,
): Refusal | undefined {
  if (hold === fileHold.none) return undefined
  if (hold === fileHold.unscanned) return refuse('file_unscanned')
  if (isModerator(caller)) return undefined
  const isSender = caller.user_id === owner_id
  return isSender && hold_reason !== ''
    ? refuse('file_quarantined', `this file is under quarantine: ${hold_reason}`)
    : refuse('file_quarantined')
}
