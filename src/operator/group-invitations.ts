import { and, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { invitations } from '../db/schema.ts'
import { pendingStatus } from '../db/states.ts'
import { refuse } from '../operation/errors.ts'
import { id, paging } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { cut, foreignCursor, keyBehind } from './list-cursor.ts'

const pendingOf = query<{
  app_id: string
  group_id: number
  now: number
  invitee_id: number
  inviter_id: number
  most: number
}>()(p =>
  db
    .select({
      invitee_id: invitations.invitee_id,
      inviter_id: invitations.inviter_id,
      reason: invitations.reason,
      expires_at: invitations.expires_at,
    })
    .from(invitations)
    .where(
      and(
        sql`${invitations.group_id} = ${p.group_id} AND ${invitations.status} = ${sql.raw(String(pendingStatus.pending))}`,
        sql`${invitations.app_id} = ${p.app_id} AND ${invitations.expires_at} > ${p.now}`,
        sql`(${invitations.invitee_id}, ${invitations.inviter_id}) > (${p.invitee_id}, ${p.inviter_id})`,
      ),
    )
    .orderBy(invitations.invitee_id, invitations.inviter_id)
    .limit(p.most),
)

export const listGroupInvitations = operation({
  id: 'get__admin_group_invitations',
  methods: ['GET'],
  path: '/admin/group/invitations',
  title: 'List the invitations of a group that wait for consent',
  description: 'By invitee. A user lists its own by /group/invitation_list.',
  tag: 'administration',
  who: 'administrator',
  paged: 'cursor',
  input: z.object({ group_id: id, ...paging(100) }),
  answer: z.array(
    z.object({
      invitee_id: z.int(),
      inviter_id: z.int(),
      reason: z.string(),
      expires_at: z.int().describe('milliseconds'),
    }),
  ),
  reads: ({ app: { app_id }, now, input: { group_id, cursor, limit } }) => {
    const after = keyBehind(`invitations of ${group_id}`, cursor, [0, 0])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    const [invitee_id, inviter_id] = after
    return [pendingOf({ app_id, group_id, now, invitee_id, inviter_id, most: limit + 1 })]
  },
  decide: ({ input: { group_id, limit } }, [found]) => {
    const { rows, cursor } = cut(`invitations of ${group_id}`, found, limit, row => [
      row.invitee_id,
      row.inviter_id,
    ])
    return { data: [...rows], page: { cursor } }
  },
})
