import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Bound, command } from '../db/query.ts'
import { avatar, id, name, text } from '../operation/fields.ts'
import { done } from './answers.ts'
import { groupOperation } from './group-operation.ts'

const setColumn = (column: 'name' | 'description' | 'avatar' | 'ext') =>
  command<{ group_id: number; value: string; now: number }>()(
    p =>
      sql`UPDATE groups SET ${sql.identifier(column)} = ${p.value}, updated_at = ${p.now} WHERE group_id = ${p.group_id}`,
  )

/** An operation that sets one text of the group's profile. */
function profileText(
  field: 'name' | 'description' | 'avatar' | 'ext',
  title: string,
  value: ReturnType<typeof text>,
) {
  const set = setColumn(field)
  return groupOperation({
    id: `put__group_info_${field}`,
    methods: ['PUT', 'POST'],
    path: `/group/info/${field}`,
    title,
    description: 'Admins, and any member where the group allows members to modify.',
    requires: 'editor',
    writes: true,
    input: z.object({ group_id: id, value }),
    answer: done,
    decide: call => {
      const { group, now } = call
      const { value } = call.input
      const writes: Bound[] = [set({ group_id: group.group_id, value, now })]
      const changes = { [field]: [group[field], value] } as const
      return { data: true, writes, events: [call.event('group.profile.changed', { changes })] }
    },
  })
}

export const setName = profileText('name', 'Set the name of a group', name(64, 1))
export const setDescription = profileText('description', 'Set the description of a group', text(1024))
export const setAvatar = profileText('avatar', 'Set the avatar of a group', avatar)
export const setExt = profileText('ext', 'Set the extension information of a group', text(4096))
