import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { command } from '../db/query.ts'
import { groupStatus, pendingStatus } from '../db/states.ts'
import { id } from '../operation/fields.ts'
import { done } from './answers.ts'
import { type GroupCall, type GroupOutcome, groupOperation } from './group-operation.ts'
import { sweep } from './sweep.ts'

const dissolve = command<{ group_id: number; now: number }>()(
  p =>
    sql`UPDATE groups SET status = ${groupStatus.dissolved}, updated_at = ${p.now} WHERE group_id = ${p.group_id}`,
)
const voidInvitations = command<{ group_id: number; now: number }>()(
  p =>
    sql`UPDATE invitations SET status = ${pendingStatus.rejected}, updated_at = ${p.now} WHERE group_id = ${p.group_id} AND status = ${pendingStatus.pending}`,
)
const uncountInApp = command<{ app_id: string }>()(
  p => sql`UPDATE apps SET group_count = group_count - 1 WHERE app_id = ${p.app_id}`,
)
const uncountCreated = command<{ app_id: string; user_id: number }>()(
  p =>
    sql`UPDATE users SET groups_created = groups_created - 1 WHERE app_id = ${p.app_id} AND user_id = ${p.user_id}`,
)

/** The writes and the event that dissolve the group of this call. */
export function dissolution(
  call: GroupCall<unknown>,
): Required<Pick<GroupOutcome<unknown>, 'writes' | 'events'>> {
  const { app, group, now } = call
  const { app_id } = app
  const { group_id } = group
  return {
    writes: [
      dissolve({ group_id, now }),
      voidInvitations({ group_id, now }),
      uncountInApp({ app_id }),
      uncountCreated({ app_id, user_id: group.creator_id }),
      // Deletes the first portion of the members, which is all of them in most groups. A job deletes the
      // rest in the background, so nobody waits for it.
      ...sweep(app_id, group_id),
    ],
    events: [call.event('group.destroyed', {})],
  }
}

export const destroy = groupOperation({
  id: 'delete__group_destroy',
  methods: ['DELETE', 'POST'],
  path: '/group/destroy',
  title: 'Dissolve a group',
  description: 'From then on it does not exist for anybody: 20001 everywhere.',
  requires: 'owner',
  writes: true,
  input: z.object({ group_id: id }),
  answer: done,
  decide: call => ({ data: true, ...dissolution(call) }),
})
