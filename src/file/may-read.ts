import type { Caller } from '../operation/operation.ts'
import type { GrantedObject } from './objects.ts'
import { toGroup } from './recipient.ts'

/**
 * Who may read a chat file, checked on every request (docs/behaviour.md, section 7): its sender, its
 * receiver, and the present members of the group it was sent to. Nobody may read a file that was sent to a
 * dissolved group. An administrator who acts as nobody may read what its acting headers allow.
 */
export function mayRead(caller: Caller, file: GrantedObject): boolean {
  const inGroup = file.to_type === toGroup
  if (inGroup && file.status !== 0) return false
  if (caller.only_group !== null && !(inGroup && file.to_id === caller.only_group)) return false
  if (caller.user_id === null) return true
  if (caller.user_id === file.from_id) return true
  return inGroup ? file.role !== null : file.to_id === caller.user_id
}
