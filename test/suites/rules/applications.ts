import { describe, expect, it } from 'vitest'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  infoOf,
  memberIds,
  newGroup,
  openDoors,
  people,
  qrOf,
  succeeded,
} from '../../support/groups.ts'
import type { Rules } from '../rules.ts'

/** Applications: the three ways of approval, handling, and what ends them (docs/behaviour.md, section 4). */
export const applicationRules: Rules = instance => {
  const setup = async () => {
    const { owner, admin, member, user } = await people(instance(), ['owner', 'admin', 'member', 'user'])
    const group_id = await newGroup(owner)
    await addMembers(owner, group_id, [member])
    await addAdmins(owner, group_id, [admin])
    const applying = (reason = '') => user.post('/group/apply', { group_id, reason })
    const handle = (approval: boolean, by = owner) =>
      by.post('/group/apply/handle', { group_id, user_id: user.id, approval })
    const listed = async () => dataOf(await owner.post('/group/application_list', { group_list: [group_id] }))
    return { owner, admin, member, user, group_id, applying, handle, listed }
  }

  describe('with apply_approval', () => {
    it('0 join at once', async () => {
      const { owner, user, group_id, applying, listed } = await setup()
      await openDoors(owner, group_id)
      expect(dataOf(await applying())).toEqual(succeeded(user.id))
      expect(await memberIds(user, group_id)).toContain(user.id)
      expect(await listed()).toEqual([])
      expectRefusal(await applying(), 20017)
    })

    it('1 wait', async () => {
      const { owner, user, group_id, applying, listed } = await setup()
      expect(dataOf(await applying('Let me in'))).toEqual(succeeded(user.id))
      expectRefusal(await user.get('/group/settings', { group_id }), 20011)
      const [application] = await listed()
      expect(application).toMatchObject({ applicant_id: user.id, group_id, reason: 'Let me in', status: 0 })
      expect(Math.abs(application.expired_time - Date.now() - 7 * 24 * 3_600_000)).toBeLessThan(60_000)
      expect(await owner.post('/group/application_list', { group_list: [group_id] })).toMatchObject({
        total: 1,
        cursor: '',
      })
    })

    it('2 fail', async () => {
      const { owner, user, group_id, applying, listed } = await setup()
      dataOf(await owner.post('/group/settings/require_admin_approval', { group_id, apply_approval: 2 }))
      expect(dataOf(await applying())).toEqual({
        result: 'fail',
        reason: expect.stringMatching(/\w/),
        user_id: user.id,
      })
      expect(await listed()).toEqual([])
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 3, apply_approval: 2 })
    })
  })

  it('are approved or rejected by an admin, once', async () => {
    const { admin, member, user, group_id, applying, handle, listed } = await setup()
    dataOf(await applying())
    expectRefusal(await handle(true, member), 20012)
    expectRefusal(await handle(true, user), 20011)
    expect(dataOf(await handle(false, admin))).toEqual(succeeded(user.id))
    for (const approval of [true, false]) expectRefusal(await handle(approval), 20014)
    expect(await listed()).toMatchObject([{ applicant_id: user.id, status: 2 }])
    expect(dataOf(await applying())).toEqual(succeeded(user.id))
    expect(dataOf(await handle(true, admin))).toEqual(succeeded(user.id))
    for (const approval of [true, false]) expectRefusal(await handle(approval), 20014)
    expect(await listed()).toMatchObject([{ applicant_id: user.id, status: 1 }])
    expect(await memberIds(user, group_id)).toContain(user.id)
  })

  it('of one who never applied are 20014', async () => {
    const { handle } = await setup()
    for (const approval of [true, false]) expectRefusal(await handle(approval), 20014)
  })

  it('are renewed by applying again', async () => {
    const { owner, user, group_id, applying, handle, listed } = await setup()
    const { other } = await people(instance(), ['other'])
    dataOf(await applying('First'))
    dataOf(await other.post('/group/apply', { group_id, reason: 'Between' }))
    expect(dataOf(await applying('Second'))).toEqual(succeeded(user.id))
    const pending = (await listed()).filter((item: { status: number }) => item.status === 0)
    expect(pending.map((item: { reason: string }) => item.reason)).toEqual(['Second', 'Between'])
    expect((await owner.post('/group/application_list', { group_list: [group_id] })).total).toBe(
      (await listed()).length,
    )
    expect(dataOf(await handle(true))).toEqual(succeeded(user.id))
    expectRefusal(await handle(true), 20014)
  })

  it.each(['an invitation', 'a QR code', 'open doors'])('are settled by joining by %s', async way => {
    const { owner, user, group_id, applying, handle, listed } = await setup()
    dataOf(await applying())
    if (way === 'an invitation') await addMembers(owner, group_id, [user])
    if (way === 'a QR code')
      dataOf(await user.post('/group/qrcode/invite', { qr_info: await qrOf(owner, group_id) }))
    if (way === 'open doors') {
      await openDoors(owner, group_id)
      dataOf(await applying())
    }
    for (const { status } of await listed()) expect(status).not.toBe(0)
    expectRefusal(await handle(true), 20014)
    dataOf(await user.post('/group/leave', { group_id }))
    expectRefusal(await handle(true), 20014)
    expectRefusal(await user.get('/group/settings', { group_id }), 20011)
  })

  it('end with a block', async () => {
    const { owner, user, group_id, applying, handle, listed } = await setup()
    dataOf(await applying())
    expect(dataOf(await owner.post('/group/block', { group_id, user_list: [user.id] }))).toEqual([
      succeeded(user.id),
    ])
    for (const { status } of await listed()) expect(status).not.toBe(0)
    expectRefusal(await handle(true), 20014)
    expectRefusal(await applying(), 20018)
    dataOf(await owner.post('/group/unblock', { group_id, user_list: [user.id] }))
    expectRefusal(await handle(true), 20014)
    expect(dataOf(await applying())).toEqual(succeeded(user.id))
  })

  describe('the list of applications', () => {
    it('leaves out, without an error, groups where the caller is no admin', async () => {
      const { owner, admin, member, user, group_id } = await setup()
      const [other, gone] = [await newGroup(member), await newGroup(member)]
      dataOf(await user.post('/group/apply', { group_id }))
      dataOf(await user.post('/group/apply', { group_id: other }))
      dataOf(await user.post('/group/apply', { group_id: gone }))
      dataOf(await member.post('/group/destroy', { group_id: gone }))
      const groupsSeenBy = async (caller: typeof owner) => {
        const answer = await caller.post('/group/application_list', {
          group_list: [other, group_id, gone, 7, group_id],
        })
        const data = dataOf(answer)
        expect(answer.total).toBe(data.length)
        return data.map((item: { group_id: number }) => item.group_id)
      }
      expect(await groupsSeenBy(owner)).toEqual([group_id])
      expect(await groupsSeenBy(admin)).toEqual([group_id])
      expect(await groupsSeenBy(member)).toEqual([other])
      expect(await groupsSeenBy(user)).toEqual([])
      await addAdmins(member, other, [owner])
      expect(await groupsSeenBy(owner)).toEqual([other, group_id])
    })

    it('takes 10000 groups and refuses 10001', async () => {
      const { owner, group_id, applying } = await setup()
      dataOf(await applying())
      const others = Array.from({ length: 10_000 }, (_, i) => i + 1)
      expect(
        dataOf(await owner.post('/group/application_list', { group_list: [group_id, ...others.slice(1)] })),
      ).toHaveLength(1)
      expectRefusal(
        await owner.post('/group/application_list', { group_list: [group_id, ...others] }),
        10002,
        'group_list',
      )
    })
  })
}
