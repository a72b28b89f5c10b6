import { describe, expect, it } from 'vitest'
import { callers } from '../../support/client.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  failed,
  memberIds,
  newGroup,
  openDoors,
  people,
  qrOf,
  someReason,
  succeeded,
  type User,
} from '../../support/groups.ts'
import type { Rules } from '../rules.ts'

/** What was ended stays ended: bans, QR codes, invitations (docs/revocation.md). */
export const lastingRules: Rules = instance => {
  const setup = async () => {
    const cast = await people(instance(), ['owner', 'admin', 'member', 'user'])
    const group_id = await newGroup(cast.owner)
    await addAdmins(cast.owner, group_id, [cast.admin])
    await addMembers(cast.owner, group_id, [cast.member, cast.user])
    return { ...cast, group_id }
  }

  describe('a ban in force', () => {
    const banned = async () => {
      const cast = await setup()
      const { owner, user, group_id } = cast
      dataOf(await owner.post('/group/ban', { group_id, user_list: [user.id], duration: 60 }))
      const ends = async (): Promise<number> =>
        dataOf(await owner.post('/group/members/display_name', { group_id, user_list: [user.id] }))[0]
          ?.expired_time
      return { ...cast, ends }
    }
    type Cast = Awaited<ReturnType<typeof banned>>

    const goings: Record<string, (cast: Cast) => Promise<unknown>> = {
      leaving: async ({ user, group_id }) => dataOf(await user.post('/group/leave', { group_id })),
      'being kicked': async ({ owner, user, group_id }) =>
        dataOf(await owner.post('/group/kick', { group_id, user_list: [user.id] })),
      'being blocked': async ({ owner, user, group_id }) => {
        dataOf(await owner.post('/group/block', { group_id, user_list: [user.id] }))
        dataOf(await owner.post('/group/unblock', { group_id, user_list: [user.id] }))
      },
    }
    const comings: Record<string, (cast: Cast) => Promise<unknown>> = {
      'applying at open doors': async ({ owner, user, group_id }) => {
        await openDoors(owner, group_id)
        dataOf(await user.post('/group/apply', { group_id }))
      },
      'an approved application': async ({ owner, user, group_id }) => {
        dataOf(await user.post('/group/apply', { group_id }))
        dataOf(await owner.post('/group/apply/handle', { group_id, user_id: user.id, approval: true }))
      },
      'an invitation': ({ owner, user, group_id }) => addMembers(owner, group_id, [user]),
      'an accepted invitation': async ({ owner, user, group_id }) => {
        dataOf(await user.post('/user/settings', { group_confirm: true }))
        dataOf(await owner.post('/group/invite', { group_id, user_list: [user.id] }))
        dataOf(await user.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true }))
        dataOf(await user.post('/user/settings', { group_confirm: false }))
      },
      'a QR code': async ({ member, user, group_id }) =>
        dataOf(await user.post('/group/qrcode/invite', { qr_info: await qrOf(member, group_id) })),
      'the app server': async ({ user, group_id }) => {
        const server = await callers(instance()).admin()
        dataOf(await server.post('/group/admin/member_join', { group_id, user_list: [user.id] }))
      },
    }
    const journeys = Object.entries(goings).flatMap(([going, go]) =>
      Object.entries(comings).map(([coming, come]) => ({ going, coming, go, come })),
    )

    it.each(journeys)('outlasts $going and coming back by $coming', async ({ go, come }) => {
      const cast = await banned()
      const { owner, member, user, group_id, ends } = cast
      const end = await ends()
      await go(cast)
      expect(await ends()).toBeUndefined()
      expect((await owner.get('/group/banned_list', { group_id })).total).toBe(0)
      await come(cast)
      expect(await ends()).toBe(end)
      expect(dataOf(await member.get('/group/banned_list', { group_id }))).toMatchObject([
        { user_id: user.id, expired_time: end },
      ])
      expectRefusal(
        await user.get('/file/upload/chat', { file_type: 100, to_type: 2, to_id: group_id }),
        10010,
      )
      dataOf(await owner.post('/group/unban', { group_id, user_list: [user.id] }))
      expect(await ends()).toBe(0)
      await goings.leaving?.(cast)
      await addMembers(owner, group_id, [user])
      expect(await ends()).toBe(0)
    })

    it('is lifted of one who is away, and of no other', async () => {
      const { admin, member, user, owner, group_id, ends } = await banned()
      dataOf(await user.post('/group/leave', { group_id }))
      dataOf(await member.post('/group/leave', { group_id }))
      expect(dataOf(await admin.post('/group/unban', { group_id, user_list: [user.id, member.id] }))).toEqual(
        [succeeded(user.id), failed(member.id, 'user is not a member of this group')],
      )
      await addMembers(owner, group_id, [user])
      expect(await ends()).toBe(0)
    })

    it('ends when its member becomes owner', async () => {
      const { owner, user, group_id, ends } = await banned()
      dataOf(await user.post('/group/leave', { group_id }))
      await addMembers(owner, group_id, [user])
      dataOf(await owner.post('/group/transfer', { group_id, new_owner: user.id }))
      expect(await ends()).toBe(0)
    })
  })

  describe('a QR code', () => {
    const joinBy = (user: User, qr_info: string) => user.post('/group/qrcode/invite', { qr_info })
    const codes = async () => {
      const cast = await setup()
      const { stranger, other } = await people(instance(), ['stranger', 'other'])
      const { owner, admin, member, user, group_id } = cast
      const qr = {
        owner: await qrOf(owner, group_id),
        admin: await qrOf(admin, group_id),
        member: await qrOf(member, group_id),
        user: await qrOf(user, group_id),
      }
      return { ...cast, stranger, other, qr }
    }

    it("is ended by its inviter, who ends no one else's", async () => {
      const { member, user, stranger, other, group_id, qr } = await codes()
      expectRefusal(await member.post('/group/qrcode/revoke', { group_id, user_id: user.id }), 20012)
      expect(dataOf(await member.post('/group/qrcode/revoke', { group_id }))).toBe(true)
      expectRefusal(await joinBy(stranger, qr.member), 20024)
      dataOf(await joinBy(stranger, qr.user))
      dataOf(await joinBy(other, await qrOf(member, group_id)))
    })

    it("is ended by an admin: one member's, or all of the group", async () => {
      const { owner, admin, member, user, stranger, other, group_id, qr } = await codes()
      dataOf(await admin.post('/group/qrcode/revoke', { group_id, user_id: member.id }))
      expectRefusal(await joinBy(stranger, qr.member), 20024)
      dataOf(await joinBy(stranger, qr.user))
      dataOf(await admin.post('/group/qrcode/revoke', { group_id }))
      for (const code of Object.values(qr)) expectRefusal(await joinBy(other, code), 20024)
      for (const inviter of [owner, admin, member, user]) {
        const { one } = await people(instance(), ['one'])
        dataOf(await joinBy(one, await qrOf(inviter, group_id)))
      }
    })

    it('is ended by one who may not invite any more, and not by a stranger', async () => {
      const { owner, member, stranger, group_id, qr } = await codes()
      expectRefusal(await stranger.post('/group/qrcode/revoke', { group_id }), 20011)
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: false }))
      dataOf(await member.post('/group/qrcode/revoke', { group_id }))
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: true }))
      expectRefusal(await joinBy(stranger, qr.member), 20024)
    })

    it('stays ended over a crash', async () => {
      const { owner, stranger, group_id, qr } = await codes()
      dataOf(await owner.post('/group/qrcode/revoke', { group_id }))
      await instance().crash()
      expectRefusal(await joinBy(stranger, qr.member), 20024)
      dataOf(await joinBy(stranger, await qrOf(owner, group_id)))
    })
  })

  describe('an invitation', () => {
    const invited = async () => {
      const cast = await setup()
      const { member, group_id } = cast
      const { guest } = await people(instance(), ['guest'])
      dataOf(await guest.post('/user/settings', { group_confirm: true }))
      const invite = async (by: User) =>
        dataOf(await by.post('/group/invite', { group_id, user_list: [guest.id] }))
      const handle = (user_id: number, approval: boolean) =>
        guest.post('/group/invite/handle', { group_id, user_id, approval })
      await invite(member)
      return { ...cast, guest, invite, handle }
    }
    type Cast = Awaited<ReturnType<typeof invited>>

    const ends: Record<string, (cast: Cast) => Promise<unknown>> = {
      left: async ({ member, group_id }) => dataOf(await member.post('/group/leave', { group_id })),
      'was kicked': async ({ owner, member, group_id }) =>
        dataOf(await owner.post('/group/kick', { group_id, user_list: [member.id] })),
      'was blocked': async ({ owner, member, group_id }) =>
        dataOf(await owner.post('/group/block', { group_id, user_list: [member.id] })),
      'may not invite any more': async ({ owner, group_id }) =>
        dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: false })),
    }

    it.each(Object.entries(ends))(
      'is not accepted when its inviter %s, and can be declined',
      async (_, end) => {
        const cast = await invited()
        const { owner, member, guest, group_id, handle } = cast
        await end(cast)
        expectRefusal(await handle(member.id, true), 20015)
        expectRefusal(await handle(guest.id, true), 20015)
        expect(await memberIds(owner, group_id)).not.toContain(guest.id)
        expect(dataOf(await handle(member.id, false))).toBe(true)
        expect(dataOf(await guest.get('/group/invitation_list'))).toMatchObject([{ group_id, status: 2 }])
      },
    )

    it('of an admin who is one no more is good while members may invite', async () => {
      const { owner, admin, guest, group_id, invite, handle } = await invited()
      await invite(admin)
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: false }))
      dataOf(await owner.post('/group/admin/remove', { group_id, user_list: [admin.id] }))
      expectRefusal(await handle(admin.id, true), 20015)
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: true }))
      dataOf(await handle(admin.id, true))
      expect(await memberIds(owner, group_id)).toContain(guest.id)
    })

    it('that is not good any more hides no other that is', async () => {
      const { owner, member, guest, group_id, invite, handle } = await invited()
      await invite(owner)
      await invite(member)
      dataOf(await owner.post('/group/kick', { group_id, user_list: [member.id] }))
      dataOf(await handle(guest.id, true))
      expect(await memberIds(owner, group_id)).toContain(guest.id)
    })

    it('made again after it was declined is one row', async () => {
      const { member, guest, invite, handle } = await invited()
      for (let i = 0; i < 3; i++) {
        dataOf(await handle(member.id, false))
        await invite(member)
      }
      const answer = await guest.get('/group/invitation_list')
      expect(dataOf(answer)).toMatchObject([{ inviter_id: member.id, status: 0 }])
      expect(answer.total).toBe(1)
    })
  })

  describe('member_join', () => {
    it('makes users members whatever their consent, within the limits', async () => {
      const { owner, group_id } = await setup()
      const { shy, blocked, plain } = await people(instance(), ['shy', 'blocked', 'plain'])
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      dataOf(await owner.post('/group/block', { group_id, user_list: [blocked.id] }))
      const server = await callers(instance()).admin()
      const user_list = [shy.id, owner.id, blocked.id, plain.id]
      expect(dataOf(await server.post('/group/admin/member_join', { group_id, user_list }))).toEqual([
        succeeded(shy.id),
        failed(owner.id, someReason),
        failed(blocked.id, someReason),
        succeeded(plain.id),
      ])
      expect(await memberIds(owner, group_id)).toEqual(expect.arrayContaining([shy.id, plain.id]))
    })

    it('is for administrators, who act as an admin where they act as somebody', async () => {
      const { owner, admin, member, group_id } = await setup()
      const { user } = await people(instance(), ['user'])
      const body = { group_id, user_list: [user.id] }
      for (const caller of [owner, admin])
        expectRefusal(await caller.post('/group/admin/member_join', body), 10010)
      const as = callers(instance()).admin
      expectRefusal(await (await as({ user_id: member.id })).post('/group/admin/member_join', body), 20012)
      expect(dataOf(await (await as({ user_id: admin.id })).post('/group/admin/member_join', body))).toEqual([
        succeeded(user.id),
      ])
    })
  })

  describe('settings of another service', () => {
    it('are kept beside those of this one, field by field', async () => {
      const { user } = await people(instance(), ['user'])
      dataOf(await user.post('/user/settings', { language: 'de', push: { mobile: true, hours: [8, 20] } }))
      dataOf(await user.post('/user/settings', { group_confirm: true }))
      dataOf(await user.post('/user/settings', { language: 'fr', 'emoji 😀': null, user_id: 5, app_id: 'x' }))
      expect(dataOf(await user.get('/user/settings'))).toEqual({
        group_confirm: true,
        user_id: user.id,
        language: 'fr',
        push: { mobile: true, hours: [8, 20] },
      })
    })

    it('are small', async () => {
      const { user } = await people(instance(), ['user'])
      dataOf(await user.post('/user/settings', { a: 'x'.repeat(4000) }))
      expectRefusal(await user.post('/user/settings', { b: '漢'.repeat(40) }), 10002)
      expectRefusal(await user.post('/user/settings', { b: 'x'.repeat(100_000) }), 10002)
      expect(dataOf(await user.get('/user/settings'))).toMatchObject({
        a: 'x'.repeat(4000),
        group_confirm: false,
      })
    })
  })
}
