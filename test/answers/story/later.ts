import type { Teller } from './teller.ts'
import { pathOf } from './teller.ts'

/** What will have expired when the story goes on (docs/behaviour.md, section 5). */
export interface Left {
  readonly group_id: number
  readonly qr_info: string
  readonly upload: string
  readonly download: string
}

export async function before(teller: Teller): Promise<Left> {
  const owner = teller.as(95)
  const { group_id } = await owner.post('/group/create', { name: 'Later', user_list: [98] })
  await teller.as(96).post('/group/apply', { group_id, reason: 'Soon' })
  await teller.as(97).post('/user/settings', { group_confirm: true })
  await owner.post('/group/invite', { group_id, user_list: [97] })
  await owner.post('/group/ban', { group_id, user_list: [98], duration: 60 })
  await owner.post('/group/settings/ban_all', { group_id, duration: 60 })
  const { qr_info } = await owner.get('/group/qrcode/sign', { group_id })
  const { upload_url } = await owner.get('/file/upload/chat', { file_type: 100, to_id: 96 })
  const download = await owner.upload('/file/upload/chat', { file_type: 100, to_id: 96 }, 'notes.txt')
  return { group_id, qr_info, upload: pathOf(upload_url), download }
}

/** Eight days after, and after a restart. */
export async function after(teller: Teller, { group_id, qr_info, upload, download }: Left): Promise<void> {
  const owner = teller.as(95)
  await owner.post('/group/application_list', { group_list: [group_id] })
  await owner.post('/group/apply/handle', { group_id, user_id: 96, approval: true })
  await teller.as(97).get('/group/invitation_list')
  await teller.as(97).post('/group/invite/handle', { group_id, user_id: 95, approval: true })
  await teller.as(99).post('/group/qrcode/invite', { qr_info })
  await teller.ask({ method: 'PUT', path: upload, bytes: 'notes.txt' })
  await teller.as(96).send({ method: 'GET', path: download })
  for (const path of ['info', 'settings', 'member_list', 'banned_list', 'admin_list'])
    await owner.get(`/group/${path}`, { group_id })
  await teller.as(96).post('/group/apply', { group_id, reason: 'Again' })
  await owner.post('/group/invite', { group_id, user_list: [97] })
}
