import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/client.ts'
import {
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

/**
 * Joining, whichever way: who may not, in which order it is refused, and what three kicks do
 * (docs/behaviour.md, section 4).
 */
export const joiningRules: Rules = instance => {
  describe('the order of refusals', () => {
    let small: Tenant
    beforeAll(async () => {
      const app_id = 'joining-small'
      small = {
        app_id,
        secret: await instance().createApp(app_id, { capacity_private: 3, max_groups_joined: 2 }),
      }
    })

    it('is 20017, 20018, 20016, 20010, 20009 for a user against whom everything speaks', async () => {
      const { owner, member, filler, user, elsewhere, inviter } = await people(
        instance(),
        ['owner', 'member', 'filler', 'user', 'elsewhere', 'inviter'],
        small,
      )
      const group_id = await newGroup(owner)
      await openDoors(owner, group_id)
      await addMembers(owner, group_id, [member])
      const qr_info = await qrOf(member, group_id)
      const applying = () => user.post('/group/apply', { group_id })
      const scanning = () => user.post('/group/qrcode/invite', { qr_info })
      const invitedBy = (who: User) => who.post('/group/invite', { group_id, user_list: [user.id] })
      const refusedWith = async (code: number, codeForAdmin = code) => {
        const answers: Answer[] = [await applying(), await scanning()]
        for (const answer of answers) expectRefusal(answer, code)
        expect(dataOf(await invitedBy(member))).toEqual([failed(user.id, answers[0]?.message ?? '')])
        const [{ result, reason }] = dataOf(await invitedBy(owner))
        expect(result).toBe('fail')
        if (codeForAdmin === code) expect(reason).toBe(answers[0]?.message)
        else expect(reason).not.toBe(answers[0]?.message)
      }
      const kick = async () =>
        expect(dataOf(await owner.post('/group/kick', { group_id, user_list: [user.id] }))).toEqual([
          succeeded(user.id),
        ])

      for (let n = 0; n < 3; n++) {
        dataOf(await applying())
        await kick()
      }
      const [third, another] = [await newGroup(elsewhere), await newGroup(inviter)]
      await addMembers(elsewhere, third, [user])
      await addMembers(inviter, another, [user])
      await addMembers(owner, group_id, [filler])
      expect(await infoOf(user, group_id)).toMatchObject({ count: 3, capacity: 3 })

      dataOf(await owner.post('/group/block', { group_id, user_list: [user.id] }))
      await refusedWith(20018)
      dataOf(await owner.post('/group/unblock', { group_id, user_list: [user.id] }))
      await refusedWith(20010)
      dataOf(await filler.post('/group/leave', { group_id }))
      await refusedWith(20009)
      dataOf(await user.post('/group/leave', { group_id: third }))
      for (let n = 0; n < 3; n++) {
        dataOf(await applying())
        await kick()
      }
      await addMembers(elsewhere, third, [user])
      await addMembers(owner, group_id, [filler])
      // An admin's invitation forgives the kicks, so it meets what comes next.
      await refusedWith(20016, 20010)
      dataOf(await filler.post('/group/leave', { group_id }))
      await refusedWith(20016, 20009)
      dataOf(await user.post('/group/leave', { group_id: third }))
      expect(dataOf(await invitedBy(owner))).toEqual([succeeded(user.id)])
      await refusedWith(20017)
      expect(await infoOf(user, group_id)).toMatchObject({ count: 3 })
    })

    it('holds for accepting an invitation and for approving an application, which stay pending', async () => {
      const { owner, filler, another, shy, applicant, elsewhere } = await people(
        instance(),
        ['owner', 'filler', 'another', 'shy', 'applicant', 'elsewhere'],
        small,
      )
      const group_id = await newGroup(owner)
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      await addMembers(owner, group_id, [shy])
      dataOf(await applicant.post('/group/apply', { group_id }))
      const accepting = () =>
        shy.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true })
      const approving = () =>
        owner.post('/group/apply/handle', { group_id, user_id: applicant.id, approval: true })
      await addMembers(owner, group_id, [filler, another])

      for (const handle of [accepting, approving]) expectRefusal(await handle(), 20010)
      const elsewhereGroups = [await newGroup(elsewhere), await newGroup(elsewhere)]
      for (const other of elsewhereGroups) {
        await openDoors(elsewhere, other)
        dataOf(await applicant.post('/group/apply', { group_id: other }))
      }
      const [shyOnce] = elsewhereGroups
      dataOf(await shy.post('/group/apply', { group_id: shyOnce }))
      expectRefusal(await approving(), 20010)
      dataOf(await filler.post('/group/leave', { group_id }))
      expectRefusal(await approving(), 20009)
      expect(dataOf(await accepting())).toBe(true)
      expectRefusal(await approving(), 20010)
      dataOf(await another.post('/group/leave', { group_id }))
      dataOf(await applicant.post('/group/leave', { group_id: shyOnce }))
      expect(dataOf(await approving())).toEqual(succeeded(applicant.id))
      expect(await memberIds(owner, group_id)).toEqual([owner.id, shy.id, applicant.id])
    })

    it('judges the items of an invitation in the order given, until the group is full', async () => {
      const { owner, a, b, c, busy, elsewhere } = await people(
        instance(),
        ['owner', 'a', 'b', 'c', 'busy', 'elsewhere'],
        small,
      )
      const group_id = await newGroup(owner)
      for (const other of [await newGroup(elsewhere), await newGroup(elsewhere)])
        await addMembers(elsewhere, other, [busy])
      const results = dataOf(
        await owner.post('/group/invite', { group_id, user_list: [busy.id, owner.id, c.id, a.id, b.id] }),
      )
      expect(results.map((item: { user_id: number; result: string }) => [item.user_id, item.result])).toEqual(
        [
          [busy.id, 'fail'],
          [owner.id, 'fail'],
          [c.id, 'success'],
          [a.id, 'success'],
          [b.id, 'fail'],
        ],
      )
      expect(await memberIds(owner, group_id)).toEqual([owner.id, a.id, c.id])
    })

    it('lets creation go on and fills no more than there is room for', async () => {
      const { owner, a, b, c } = await people(instance(), ['owner', 'a', 'b', 'c'], small)
      const created = dataOf(await owner.post('/group/create', { user_list: [c.id, a.id, b.id] }))
      expect(created).toMatchObject({ count: 3, capacity: 3 })
      expect(await memberIds(owner, created.group_id)).toEqual([owner.id, a.id, c.id])
    })
  })

  describe('three kicks', () => {
    const kicked = async (times: number) => {
      const { owner, member, user } = await people(instance(), ['owner', 'member', 'user'])
      const group_id = await newGroup(owner)
      await openDoors(owner, group_id)
      await addMembers(owner, group_id, [member])
      const joining = () => user.post('/group/apply', { group_id })
      const kick = async () => dataOf(await owner.post('/group/kick', { group_id, user_list: [user.id] }))
      for (let n = 0; n < times; n++) {
        expect(dataOf(await joining())).toEqual(succeeded(user.id))
        expect(await kick()).toEqual([succeeded(user.id)])
      }
      return { owner, member, user, group_id, joining, kick }
    }

    it('make the fourth join 20016, and not the third', async () => {
      const { group_id, user, member, joining, kick } = await kicked(2)
      expect(dataOf(await joining())).toEqual(succeeded(user.id))
      await kick()
      const refusal = await joining()
      expectRefusal(refusal, 20016)
      const qr_info = await qrOf(member, group_id)
      expectRefusal(await user.post('/group/qrcode/invite', { qr_info }), 20016)
      expect(dataOf(await member.post('/group/invite', { group_id, user_list: [user.id] }))).toEqual([
        failed(user.id, refusal.message ?? ''),
      ])
    })

    it('concern that group alone', async () => {
      const { owner, user } = await kicked(3)
      const other = await newGroup(owner)
      await openDoors(owner, other)
      expect(dataOf(await user.post('/group/apply', { group_id: other }))).toEqual(succeeded(user.id))
    })

    it('are not made by leaving', async () => {
      const { group_id, user, joining } = await kicked(0)
      for (let n = 0; n < 4; n++) {
        dataOf(await joining())
        dataOf(await user.post('/group/leave', { group_id }))
      }
      expect(dataOf(await joining())).toEqual(succeeded(user.id))
    })

    it("are not forgotten with an ordinary member's invitation", async () => {
      const { member, group_id, user, joining, kick } = await kicked(2)
      expect(dataOf(await member.post('/group/invite', { group_id, user_list: [user.id] }))).toEqual([
        succeeded(user.id),
      ])
      await kick()
      expectRefusal(await joining(), 20016)
    })

    it("are forgotten with an admin's invitation", async () => {
      const { owner, group_id, user, joining, kick } = await kicked(3)
      expect(dataOf(await owner.post('/group/invite', { group_id, user_list: [user.id] }))).toEqual([
        succeeded(user.id),
      ])
      await kick()
      expect(dataOf(await joining())).toEqual(succeeded(user.id))
    })

    it("are forgotten with an admin's invitation that is yet to be accepted", async () => {
      const { owner, group_id, user } = await kicked(3)
      dataOf(await user.post('/user/settings', { group_confirm: true }))
      expect(dataOf(await owner.post('/group/invite', { group_id, user_list: [user.id] }))).toEqual([
        succeeded(user.id),
      ])
      expect(
        dataOf(await user.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true })),
      ).toBe(true)
    })

    it('are forgotten with a block that is lifted', async () => {
      const { owner, group_id, user, joining } = await kicked(3)
      dataOf(await owner.post('/group/block', { group_id, user_list: [user.id] }))
      expectRefusal(await joining(), 20018)
      expect(dataOf(await owner.post('/group/unblock', { group_id, user_list: [user.id] }))).toEqual([
        succeeded(user.id),
      ])
      expect(dataOf(await joining())).toEqual(succeeded(user.id))
    })
  })

  describe('joining by QR code', () => {
    it('answers the info of the group, also where applications are to be approved or refused', async () => {
      const { owner, first, second } = await people(instance(), ['owner', 'first', 'second'])
      const group_id = await newGroup(owner, { name: 'Scan me' })
      const qr_info = await qrOf(owner, group_id)
      expect(dataOf(await first.post('/group/qrcode/invite', { qr_info }))).toEqual(
        await infoOf(first, group_id),
      )
      dataOf(await owner.post('/group/settings/require_admin_approval', { group_id, apply_approval: 2 }))
      expect(dataOf(await second.get('/app/qrcode/group_invite', { qr_info }))).toMatchObject({
        group_id,
        name: 'Scan me',
        count: 3,
      })
      expectRefusal(await second.post('/group/qrcode/invite', { qr_info }), 20017)
    })

    it('says how long the code is good, a week by default', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      for (const path of ['/group/qrcode/sign', '/app/qrcode/group_sign']) {
        const code = dataOf(await owner.get(path, { group_id }))
        expect(code.expire_at - code.create_at).toBe(7 * 24 * 3_600_000)
        expect(code.expired).toBe(code.expire_at)
      }
    })

    it('needs an inviter who still may invite', async () => {
      const { owner, member, user } = await people(instance(), ['owner', 'member', 'user'])
      const group_id = await newGroup(owner, { user_list: [member.id] })
      const qr_info = await qrOf(member, group_id)
      const scanning = () => user.post('/group/qrcode/invite', { qr_info })
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: false }))
      expect((await scanning()).code).not.toBe(200)
      expectRefusal(await member.get('/group/qrcode/sign', { group_id }), 20012)
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: true }))
      dataOf(await member.post('/group/leave', { group_id }))
      expect((await scanning()).code).not.toBe(200)
      expect(await memberIds(owner, group_id)).toEqual([owner.id])
      await addMembers(owner, group_id, [member])
      expect(dataOf(await scanning())).toMatchObject({ group_id, count: 3 })
    })

    it('refuses a code that was changed or made up', async () => {
      const { owner, user } = await people(instance(), ['owner', 'user'])
      const [group_id, other] = [await newGroup(owner), await newGroup(owner)]
      const code = await qrOf(owner, group_id)
      const forged = [
        code.slice(0, -1),
        `${code}x`,
        code.replace(String(group_id), String(other)),
        'x',
        code.toUpperCase(),
        `${code}\n`,
        `\u0000${code}`,
      ]
      for (const qr_info of forged.filter(text => text !== code))
        expectRefusal(await user.post('/group/qrcode/invite', { qr_info }), 20024)
      expect(await memberIds(owner, group_id)).toEqual([owner.id])
    })
  })
}
