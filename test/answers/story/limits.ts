import type { Teller } from './teller.ts'

/** The settings of the app whose limits are reached: one of everything, and two members of a group. */
export const smallApp = {
  max_groups: 2,
  max_groups_created: 1,
  max_groups_joined: 1,
  capacity_private: 2,
  upload_max_bytes: 2000,
  user_quota_bytes: 30,
  pending_uploads: 1,
}

/** What answers that a limit is reached (docs/behaviour.md, section 5). */
export async function limits(teller: Teller): Promise<void> {
  const as = (user: number) => teller.as({ app: 'small', role: 1, sub: String(user) })
  const { group_id } = await as(1).post('/group/create', { name: 'One' })
  await as(1).post('/group/create', { name: 'Two' })
  await as(1).post('/group/invite', { group_id, user_list: [2, 3] })
  await as(3).post('/group/apply', { group_id })
  await as(2).post('/group/create', { name: 'Three' })
  const second = await as(4).post('/group/create', { name: 'Four', user_list: [2] })
  await as(5).post('/group/create', { name: 'Five' })
  await as(2).post('/group/apply', { group_id: second.group_id })
  await as(4).post('/group/settings/require_admin_approval', { group_id: second.group_id, apply_approval: 0 })
  await as(2).post('/group/apply', { group_id: second.group_id })
  await as(4).post('/group/destroy', { group_id: second.group_id })
  await as(5).post('/group/create', { name: 'Five' })
  await teller.as(1).get('/group/info', { group_id })

  await as(1).upload('/file/upload/chat', { file_type: 100, to_id: 2 }, 'large')
  await as(1).get('/file/upload/chat', { file_type: 100, to_id: 2 })
  await as(2).upload('/file/upload/chat', { file_type: 100, to_id: 1 }, 'notes.txt')
  await as(2).upload('/file/upload/chat', { file_type: 100, to_id: 1 }, 'notes.txt', true)
  await as(2).get('/file/upload/avatar/user')
}
