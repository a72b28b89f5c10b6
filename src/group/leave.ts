import * as z from 'zod'
import { refuse } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'
import { role } from '../operation/roles.ts'
import { done } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { remove } from './join.ts'

export const leave = groupOperation({
  id: 'delete__group_leave',
  methods: ['DELETE', 'POST'],
  path: '/group/leave',
  title: 'Leave a group',
  description: 'The owner cannot (20004). A ban in force comes back with its member.',
  requires: 'member',
  self: true,
  writes: true,
  input: z.object({ group_id: id }),
  answer: done,
  decide: call => {
    const { me, group, app, now } = call
    if (me.role === role.owner) return refuse('owner_cannot_leave')
    return {
      data: true,
      joined: -1,
      writes: remove({
        app,
        now,
        group_id: group.group_id,
        leaving: [{ user_id: me.actor_id, ban_until: me.ban_until }],
      }),
      events: [call.event('group.member.left', { users: [me.actor_id] })],
    }
  },
})
