import { expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import type { Suite } from './all.ts'

/** The story of the README, told over HTTP: what a newcomer does first. */
export const storySuite: Suite = instance => {
  it('creates a group, invites, joins by QR code, kicks and destroys', async () => {
    const { as } = callers(instance())
    const [owner, friend, stranger] = await Promise.all([as(1), as(2), as(3)])
    const created = await owner.post('/group/create', { name: 'Book club', user_list: [2] })
    expect(created).toMatchObject({
      status: 200,
      code: 200,
      message: null,
      data: { name: 'Book club', owner_id: 1, count: 2 },
    })
    const { group_id } = created.data

    expect(
      (await friend.get('/group/member_list', { group_id })).data.map(
        (member: { user_id: number }) => member.user_id,
      ),
    ).toEqual([1, 2])
    const code = await friend.get('/group/qrcode/sign', { group_id })
    expect((await stranger.post('/group/qrcode/invite', { qr_info: code.data.qr_info })).data).toMatchObject({
      group_id,
      count: 3,
    })
    expect((await stranger.get('/group/user_joined')).data).toEqual([group_id])

    expect((await owner.post('/group/kick', { group_id, user_list: [3] })).data).toEqual([
      { reason: '', result: 'success', user_id: 3 },
    ])
    expect((await stranger.get('/group/settings', { group_id })).code).toBe(20011)
    expect((await owner.call('DELETE', '/group/destroy', { query: { group_id } })).data).toBe(true)
    expect((await friend.get('/group/info', { group_id })).code).toBe(20001)
  })
}
