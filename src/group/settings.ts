import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Bound, command } from '../db/query.ts'
import type { groups } from '../db/schema.ts'
import { boolean, id, integer } from '../operation/fields.ts'
import { done } from './answers.ts'
import { groupOperation } from './group-operation.ts'

type Setting =
  | 'member_invite'
  | 'member_modify'
  | 'read_ack'
  | 'history_visible'
  | 'hide_member_info'
  | 'apply_approval'

const setColumn = (column: Setting & keyof typeof groups.$inferSelect) =>
  command<{ group_id: number; value: number; now: number }>()(
    p =>
      sql`UPDATE groups SET ${sql.identifier(column)} = ${p.value}, updated_at = ${p.now} WHERE group_id = ${p.group_id}`,
  )

/** An operation that switches one setting on or off. */
function toggle(column: Exclude<Setting, 'apply_approval'>, path: string, title: string, compat = false) {
  const set = setColumn(column)
  return groupOperation({
    id: `put__group_settings_${path}`,
    methods: ['PUT', 'POST'],
    path: `/group/settings/${path}`,
    title,
    tag: compat ? 'compat' : 'group',
    requires: 'admin',
    writes: true,
    input: z.object({ group_id: id, value: boolean }),
    answer: done,
    decide: call => {
      const { group, now } = call
      const { value } = call.input
      const writes: Bound[] = [set({ group_id: group.group_id, value: value ? 1 : 0, now })]
      const changes = { [column]: [group[column], value] } as const
      return { data: true, writes, events: [call.event('group.settings.changed', { changes })] }
    },
  })
}

export const allowMemberInvitation = toggle(
  'member_invite',
  'allow_member_invitation',
  'Let members invite, or not',
)
export const allowMemberModify = toggle(
  'member_modify',
  'allow_member_modify',
  'Let members modify the profile, or not',
)
export const enableReadAck = toggle('read_ack', 'enable_read_ack', 'Switch read receipts on or off')
export const historyVisible = toggle(
  'history_visible',
  'history_visible',
  'Show the history to new members, or not',
)
export const hideMemberInfo = toggle(
  'hide_member_info',
  'hide_member_info',
  'Hide members from each other, or not',
  true,
)

const setApproval = setColumn('apply_approval')

export const requireAdminApproval = groupOperation({
  id: 'put__group_settings_require_admin_approval',
  methods: ['PUT', 'POST'],
  path: '/group/settings/require_admin_approval',
  title: 'Set what happens to applications',
  description: '0: all may join. 1: an admin confirms. 2: nobody may.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, apply_approval: integer(0, 2) }),
  answer: done,
  decide: call => {
    const { group, now } = call
    const { apply_approval } = call.input
    const changes = { apply_approval: [group.apply_approval, apply_approval] } as const
    return {
      data: true,
      writes: [setApproval({ group_id: group.group_id, value: apply_approval, now })],
      events: [call.event('group.settings.changed', { changes })],
    }
  },
})
