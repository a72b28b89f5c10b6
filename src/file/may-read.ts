import type { Caller } from '../operation/operation.ts'
import type { GrantedObject } from './objects.ts'
import { toGroup } from './recipient.ts'

/**
 * Who may read a chat file, asked on every request (docs/behaviour.md, section 7): its sender, its receiver,
 * or whoever is a member of the group it was sent to right now. Of a dissolved group nobody. An administrator
 * who acts as nobody may read what its acting headers allow.
 */
export function mayRead(caller: Caller, file: GrantedObject): boolean {
  const inGroup = file.to_type === toGroup
  if (inGroup && file.status !== 0) return false
  if (caller.only_group !== null && !(inGroup && file.to_id === caller.only_group)) return false
  if (caller.user_id === null) return true
  if (caller.user_id === file.from_id) return true
  return inGroup ? file.role !== null : file.to_id === caller.user_id
}
