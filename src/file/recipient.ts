import { banInForce } from '../group/answers.ts'
import { type Refusal, refuse, textOf } from '../operation/errors.ts'
import { id, integer } from '../operation/fields.ts'
import type { Call, SelfCaller } from '../operation/operation.ts'
import { refusalFor, role } from '../operation/roles.ts'
import { avatarKind, type Destination, type DestinationOfObject, destination } from './objects.ts'

const toUser = 1
export const toGroup = 2

/** The parameters that say to whom a file goes. */
export const receiver = {
  to_id: id,
  to_type: integer(toUser, toGroup).default(toUser).describe('1: a user; 2: a group'),
}

/** Reads the group that the file goes to, to judge the sender by. No row if the receiver is a user. */
export const destinationOf = ({ app, caller, input }: Call<{ to_type: number; to_id: number }, SelfCaller>) =>
  destination({
    app_id: app.app_id,
    group_id: input.to_type === toGroup ? input.to_id : 0,
    user_id: caller.user_id,
  })

/**
 * Why the caller may not send a file to that receiver. Anybody may send to any user. Only members who are not
 * banned may send to a group; while all are banned, only admins.
 */
export function refusalToSend(
  to_type: number,
  group: Destination | undefined,
  now: number,
): Refusal | undefined {
  if (to_type === toUser) return undefined
  if (group === undefined) return refuse('group_not_found')
  if (group.role === null || group.ban_until === null) return refuse('needs_member')
  if (banInForce(group.ban_until, now) !== 0)
    return refuse('no_permission', 'the caller is banned in this group')
  if (group.role < role.admin && banInForce(group.ban_all_until, now) !== 0)
    return refuse('no_permission', 'only admins may send in this group now')
  return undefined
}

/**
 * Why bytes for a group are refused although their upload URL is valid: the sender may have left the group or
 * been banned since the URL was made. `kind` is that of the object.
 */
export function refusalToArrive(
  kind: number,
  group: DestinationOfObject | undefined,
  now: number,
): Refusal | undefined {
  const changed = (why: string) => refuse('no_permission', `the upload URL is not good any more: ${why}`, 403)
  if (group === undefined) return changed('the group does not exist')
  if (kind === avatarKind.group) {
    const name = refusalFor('editor', group)
    return name && changed(textOf(name))
  }
  const refusal = refusalToSend(toGroup, group, now)
  return refusal && changed(refusal.message)
}
