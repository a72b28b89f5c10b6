import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, each } from '../db/query.ts'
import { id, someIds } from '../operation/fields.ts'
import { itemResult } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { remove } from './join.ts'
import { judgeEach, refusalForMember, targets } from './targets.ts'

const countKick = command<{ group_id: number; user_ids: readonly number[] }>()(
  p => sql`INSERT INTO kicks (group_id, user_id, kick_count) SELECT ${p.group_id}, value, 1 FROM ${each(p.user_ids)} WHERE true
    ON CONFLICT (group_id, user_id) DO UPDATE SET kick_count = kick_count + 1`,
)

export const kick = groupOperation({
  id: 'delete__group_kick',
  methods: ['DELETE', 'POST'],
  path: '/group/kick',
  title: 'Kick members out of a group',
  description:
    'Who was kicked three times may not join again, until unblocked or invited by an admin. A ban in force comes back with its member.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { app, now } = call
    const { group_id } = call.group
    const { results, passed, ids } = judgeEach(list, target => refusalForMember(call.me, target))
    if (ids.length === 0) return { data: results }
    return {
      data: results,
      joined: -ids.length,
      writes: [...remove({ app, now, group_id, leaving: passed }), countKick({ group_id, user_ids: ids })],
      events: [call.event('group.member.kicked', { users: ids })],
    }
  },
})
