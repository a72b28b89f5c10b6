import { describe, expect, it } from 'vitest'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  failed,
  infoOf,
  memberIds,
  newGroup,
  openDoors,
  people,
  qrOf,
  succeeded,
  type Tenant,
  type User,
} from '../../support/groups.ts'
import type { Rules } from '../rules.ts'

/** Invitations: consent, several inviters, and what ends them (docs/behaviour.md, sections 4 and 5). */
export const invitationRules: Rules = instance => {
  const shyGroup = async () => {
    const { owner, member, shy } = await people(instance(), ['owner', 'member', 'shy'])
    dataOf(await shy.post('/user/settings', { group_confirm: true }))
    const group_id = await newGroup(owner, { user_list: [member.id] })
    const invitedBy = async (inviter: User, reason = '') =>
      dataOf(await inviter.post('/group/invite', { group_id, user_list: [shy.id], reason }))
    const handle = (user_id: number, approval = true) =>
      shy.post('/group/invite/handle', { group_id, user_id, approval })
    const listed = async () => {
      const answer = await shy.get('/group/invitation_list')
      return dataOf(answer).map((item: { inviter_id: number; status: number }) => [
        item.inviter_id,
        item.status,
      ])
    }
    return { owner, member, shy, group_id, invitedBy, handle, listed }
  }

  it('have a user join at once where nobody asks for consent', async () => {
    const { owner, user } = await people(instance(), ['owner', 'user'])
    const group_id = await newGroup(owner)
    expect(dataOf(await user.get('/user/settings'))).toMatchObject({ group_confirm: false, user_id: user.id })
    expect(dataOf(await owner.post('/group/invite', { group_id, user_list: [user.id] }))).toEqual([
      succeeded(user.id),
    ])
    expect(await memberIds(user, group_id)).toEqual([owner.id, user.id])
    expectRefusal(
      await user.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true }),
      20015,
    )
  })

  it('wait for consent where the user asks for it', async () => {
    const { owner, shy, group_id, invitedBy, handle } = await shyGroup()
    const before = Date.now()
    expect(await invitedBy(owner, 'Come in')).toEqual([succeeded(shy.id)])
    expectRefusal(await shy.get('/group/settings', { group_id }), 20011)
    const answer = await shy.get('/group/invitation_list')
    expect(answer).toMatchObject({ cursor: '', total: 1, version: 0 })
    const [invitation] = dataOf(answer)
    expect(invitation).toMatchObject({
      group_id,
      invitee_id: shy.id,
      inviter_id: owner.id,
      reason: 'Come in',
      status: 0,
    })
    expect(new Date(invitation.updated_at).toISOString()).toBe(invitation.updated_at)
    expect(invitation.expired_time - Date.parse(invitation.updated_at)).toBe(7 * 24 * 3_600_000)
    expect(Math.abs(Date.parse(invitation.updated_at) - before)).toBeLessThan(60_000)
    expect(dataOf(await handle(owner.id))).toBe(true)
    expect(await infoOf(shy, group_id)).toMatchObject({ count: 3 })
    expect(dataOf(await shy.get('/group/invitation_list'))).toMatchObject([{ group_id, status: 1 }])
    expectRefusal(await handle(owner.id), 20015)
  })

  it('are declined once', async () => {
    const { owner, shy, group_id, invitedBy, handle } = await shyGroup()
    await invitedBy(owner)
    expect(dataOf(await handle(owner.id, false))).toBe(true)
    expect(dataOf(await shy.get('/group/invitation_list'))).toMatchObject([{ group_id, status: 2 }])
    for (const approval of [true, false]) expectRefusal(await handle(owner.id, approval), 20015)
    expectRefusal(await shy.get('/group/settings', { group_id }), 20011)
    await invitedBy(owner)
    expect(dataOf(await handle(owner.id))).toBe(true)
  })

  it('are for the invitee alone', async () => {
    const { owner, member, group_id, invitedBy } = await shyGroup()
    await invitedBy(owner)
    expectRefusal(
      await member.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true }),
      20015,
    )
    expect(dataOf(await member.get('/group/invitation_list'))).toEqual([])
  })

  describe('an app that asks for consent', () => {
    it('has all users asked but those who chose otherwise', async () => {
      const app_id = 'invitations-consent'
      const asking: Tenant = { app_id, secret: await instance().createApp(app_id, { invite_confirm: true }) }
      const { owner, plain, open, shy } = await people(instance(), ['owner', 'plain', 'open', 'shy'], asking)
      expect(dataOf(await plain.get('/user/settings'))).toMatchObject({ group_confirm: true })
      dataOf(await open.post('/user/settings', { group_confirm: false }))
      dataOf(await shy.call('PUT', '/user/settings', { body: { group_confirm: true } }))
      const group_id = await newGroup(owner, { user_list: [plain.id, open.id, shy.id] })
      expect(await memberIds(owner, group_id)).toEqual([owner.id, open.id])
      for (const user of [plain, shy]) {
        expect(
          dataOf(await user.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true })),
        ).toBe(true)
      }
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 4 })
    })
  })

  describe('of several inviters', () => {
    it('stand side by side, newest first, and are accepted by inviter', async () => {
      const { owner, member, shy, group_id, invitedBy, handle, listed } = await shyGroup()
      await invitedBy(owner)
      await invitedBy(member)
      expect(await listed()).toEqual([
        [member.id, 0],
        [owner.id, 0],
      ])
      expect(dataOf(await handle(owner.id, false))).toBe(true)
      expect(await listed()).toEqual([
        [member.id, 0],
        [owner.id, 2],
      ])
      expectRefusal(await handle(owner.id), 20015)
      expect(dataOf(await handle(member.id))).toBe(true)
      expect(await memberIds(shy, group_id)).toEqual([owner.id, member.id, shy.id])
    })

    it('are handled newest first when the user names itself', async () => {
      const { owner, member, shy, invitedBy, handle, listed } = await shyGroup()
      await invitedBy(owner)
      await invitedBy(member)
      expect(dataOf(await handle(shy.id, false))).toBe(true)
      expect(await listed()).toEqual([
        [member.id, 2],
        [owner.id, 0],
      ])
      expect(dataOf(await handle(shy.id, false))).toBe(true)
      expectRefusal(await handle(shy.id), 20015)
    })

    it('count the repeated invitation of one inviter as the newest, once', async () => {
      const { owner, member, shy, invitedBy, handle, listed } = await shyGroup()
      await invitedBy(owner)
      await invitedBy(member)
      await invitedBy(owner, 'Again')
      expect((await listed()).filter(([, status]: [number, number]) => status === 0)).toEqual([
        [owner.id, 0],
        [member.id, 0],
      ])
      expect(dataOf(await shy.get('/group/invitation_list'))[0]).toMatchObject({ reason: 'Again' })
      expect(dataOf(await handle(shy.id, false))).toBe(true)
      expect(dataOf(await handle(member.id))).toBe(true)
    })

    it('know nothing of one who did not invite', async () => {
      const { owner, member, invitedBy, handle } = await shyGroup()
      await invitedBy(owner)
      expectRefusal(await handle(member.id), 20015)
    })
  })

  describe('end with', () => {
    it.each(['another invitation', 'a QR code', 'an application'])('joining by %s', async way => {
      const { owner, member, shy, group_id, invitedBy, handle, listed } = await shyGroup()
      await invitedBy(owner)
      await invitedBy(member)
      if (way === 'another invitation') dataOf(await handle(member.id))
      if (way === 'a QR code')
        dataOf(await shy.post('/group/qrcode/invite', { qr_info: await qrOf(owner, group_id) }))
      if (way === 'an application') {
        await openDoors(owner, group_id)
        dataOf(await shy.post('/group/apply', { group_id }))
      }
      for (const [, status] of await listed()) expect(status).not.toBe(0)
      for (const inviter of [owner, member, shy]) expectRefusal(await handle(inviter.id), 20015)
      dataOf(await shy.post('/group/leave', { group_id }))
      for (const inviter of [owner, member, shy]) expectRefusal(await handle(inviter.id), 20015)
    })

    it('a block', async () => {
      const { owner, shy, group_id, invitedBy, handle, listed } = await shyGroup()
      await invitedBy(owner)
      dataOf(await owner.post('/group/block', { group_id, user_list: [shy.id] }))
      for (const [, status] of await listed()) expect(status).not.toBe(0)
      expectRefusal(await handle(owner.id), 20015)
      dataOf(await owner.post('/group/unblock', { group_id, user_list: [shy.id] }))
      expectRefusal(await handle(owner.id), 20015)
    })
  })

  it('fail for members and for the blacklisted, and the others are invited', async () => {
    const { owner, member, blocked, user } = await people(instance(), ['owner', 'member', 'blocked', 'user'])
    const group_id = await newGroup(owner, { user_list: [member.id] })
    dataOf(await owner.post('/group/block', { group_id, user_list: [blocked.id] }))
    const [already, black] = [
      await member.post('/group/apply', { group_id }),
      await blocked.post('/group/apply', { group_id }),
    ]
    expectRefusal(already, 20017)
    expectRefusal(black, 20018)
    expect(
      dataOf(
        await owner.post('/group/invite', {
          group_id,
          user_list: [member.id, blocked.id, user.id, owner.id],
        }),
      ),
    ).toEqual([
      failed(member.id, already.message ?? ''),
      failed(blocked.id, black.message ?? ''),
      succeeded(user.id),
      failed(owner.id, already.message ?? ''),
    ])
  })

  it('are for admins where members may not invite', async () => {
    const { owner, admin, member, a, b } = await people(instance(), ['owner', 'admin', 'member', 'a', 'b'])
    const group_id = await newGroup(owner)
    await addMembers(owner, group_id, [member])
    await addAdmins(owner, group_id, [admin])
    expect(dataOf(await member.post('/group/invite', { group_id, user_list: [a.id] }))).toEqual([
      succeeded(a.id),
    ])
    dataOf(await admin.post('/group/settings/allow_member_invitation', { group_id, value: false }))
    expectRefusal(await member.post('/group/invite', { group_id, user_list: [b.id] }), 20012)
    expect(dataOf(await admin.post('/group/invite', { group_id, user_list: [b.id] }))).toEqual([
      succeeded(b.id),
    ])
    expectRefusal(
      await people(instance(), ['x']).then(({ x }) =>
        x.post('/group/invite', { group_id, user_list: [b.id] }),
      ),
      20011,
    )
  })
}
