import * as z from 'zod'
import { refuse } from '../operation/errors.ts'
import { id, someIds } from '../operation/fields.ts'
import { itemResult } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { inviteAll } from './invitations.ts'
import { candidates, joinedEvents } from './join.ts'

export const joinMembers = groupOperation({
  id: 'post__group_admin_member_join',
  methods: ['POST'],
  path: '/group/admin/member_join',
  title: 'Make users members of a group at once',
  description:
    "For administrator tokens only. Asks for nobody's consent; the limits, the blacklist and the capacity hold. Acting as a user, that user must be an admin.",
  tag: 'compat',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ app, input }, group_id) => [candidates(app, group_id, input.user_list)],
  decide: (call, [invited]) => {
    const { caller, group, me } = call
    if (!caller.administrator) return refuse('no_permission', 'this needs an administrator token')
    const { results, writes, joining } = inviteAll({
      call,
      group_id: group.group_id,
      places: group.capacity - group.count,
      inviter_id: me.actor_id,
      byAdmin: true,
      withoutConsent: true,
      reason: '',
      invited,
    })
    return {
      data: results,
      joined: joining.length,
      writes,
      events: joinedEvents(call, joining, 'administrator'),
    }
  },
})
