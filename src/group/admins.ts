import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { jsonRows, listIn } from '../db/json-rows.ts'
import { type Bound, command, db, listOf } from '../db/query.ts'
import { members } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { id, someIds } from '../operation/fields.ts'
import { role } from '../operation/roles.ts'
import { itemResult, succeeded } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { memberInfo, memberItem, type SeenBy, seenBy } from './member-item.ts'
import { judgeEach, targets } from './targets.ts'

const setRole = command<{ group_id: number; user_ids: readonly number[]; role: number }>()(
  p =>
    sql`UPDATE members SET role = ${p.role} WHERE group_id = ${p.group_id} AND user_id IN ${listOf(p.user_ids)}`,
)

export const addAdmins = groupOperation({
  id: 'post__group_admin_add',
  methods: ['POST'],
  path: '/group/admin/add',
  title: 'Make members admins',
  description: 'Fails for a non-member, for the owner, and for one who is an admin already.',
  requires: 'owner',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { results, ids } = judgeEach(list, t =>
      t.role === null ? 'not_a_member' : t.role === role.member ? undefined : 'user is an admin already',
    )
    if (ids.length === 0) return { data: results }
    return {
      data: results,
      writes: [setRole({ group_id: call.group.group_id, user_ids: ids, role: role.admin })],
      events: [call.event('group.admin.granted', { users: ids })],
    }
  },
})

export const removeAdmins = groupOperation({
  id: 'delete__group_admin_remove',
  methods: ['DELETE', 'POST'],
  path: '/group/admin/remove',
  title: 'Make admins ordinary members',
  description: 'Fails for a non-member, for the owner, and for one who is not an admin.',
  requires: 'owner',
  writes: true,
  input: z.object({ group_id: id, user_list: someIds }),
  answer: z.array(itemResult),
  reads: ({ input }, group_id) => [targets(group_id, input.user_list)],
  decide: (call, [list]) => {
    const { results, ids } = judgeEach(list, t =>
      t.role === null ? 'not_a_member' : t.role === role.admin ? undefined : 'user is not an admin',
    )
    if (ids.length === 0) return { data: results }
    return {
      data: results,
      writes: [setRole({ group_id: call.group.group_id, user_ids: ids, role: role.member })],
      events: [call.event('group.admin.revoked', { users: ids })],
    }
  },
})

const admins = jsonRows<SeenBy>()(p =>
  db
    .select(memberItem(p))
    .from(sql`${members} INDEXED BY members_admins`)
    .where(and(eq(members.group_id, p.group_id), sql`role > ${role.member}`))
    .orderBy(members.user_id),
)

export const adminList = groupOperation({
  id: 'get__group_admin_list',
  methods: ['GET'],
  path: '/group/admin_list',
  title: 'List the admins and the owner of a group',
  requires: 'member',
  input: z.object({ group_id: id }),
  answer: z.array(memberInfo),
  reads: (call, group_id) => [admins(seenBy(call, group_id))],
  decide: (_, [found]) => ({ data: listIn(found) }),
})

/** Also ends the new owner's ban, because nobody could lift it later. */
const makeOwner = command<{ group_id: number; user_id: number }>()(
  p =>
    sql`UPDATE members SET role = ${role.owner}, ban_until = 0 WHERE group_id = ${p.group_id} AND user_id = ${p.user_id}`,
)
const setOwner = command<{ group_id: number; owner_id: number; now: number }>()(
  p => sql`UPDATE groups SET owner_id = ${p.owner_id}, updated_at = ${p.now} WHERE group_id = ${p.group_id}`,
)

interface OwnerChange {
  readonly group_id: number
  readonly from: number
  readonly to: number
  readonly now: number
}

/** The writes that give a group to another member. The former owner becomes an ordinary member. */
export const changeOwner = ({ group_id, from, to, now }: OwnerChange): Bound[] => [
  // The old owner steps down first, so there are never two owners.
  setRole({ group_id, user_ids: [from], role: role.member }),
  makeOwner({ group_id, user_id: to }),
  setOwner({ group_id, owner_id: to, now }),
]

export const transfer = groupOperation({
  id: 'put__group_transfer',
  methods: ['PUT', 'POST'],
  path: '/group/transfer',
  title: 'Transfer a group to another member',
  description: 'The old owner becomes an ordinary member; a ban of the new one ends.',
  requires: 'owner',
  writes: true,
  input: z.object({ group_id: id, new_owner: id }),
  answer: itemResult,
  reads: ({ input }, group_id) => [targets(group_id, [input.new_owner])],
  decide: (call, [[target]]) => {
    const { group, me, now, input } = call
    const { group_id } = group
    if (input.new_owner === me.actor_id)
      return refuse('invalid_parameter', 'new_owner is the owner already: name another member')
    if (target === undefined || target.role === null) return refuse('new_owner_not_a_member')
    return {
      data: succeeded(input.new_owner),
      writes: changeOwner({ group_id, from: me.actor_id, to: input.new_owner, now }),
      events: [call.event('group.owner.assigned', { users: [input.new_owner], previous: me.actor_id })],
    }
  },
})
