import { expect, it } from 'vitest'
import { atOnce, codesOf, times, winners } from '../../support/crowds.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  infoOf,
  memberIds,
  newGroup,
  openDoors,
  people,
  qrOf,
} from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** What can be done once is done once, however many ask for it at the same time. */
export const handlingRaces: Suite = (instance, pace) => {
  const rounds = times(pace === 'slow' ? 2 : 10)

  const setup = async () => {
    const { owner, admin, user } = await people(instance(), ['owner', 'admin', 'user'])
    const group_id = await newGroup(owner)
    await addAdmins(owner, group_id, [admin])
    return { owner, admin, user, group_id, admins: [owner, admin] as const }
  }

  it.each([2, 10])('an application is handled once by %d at once', async many => {
    for (const round of rounds) {
      const { owner, user, group_id, admins } = await setup()
      dataOf(await user.post('/group/apply', { group_id }))
      // Even rounds all approve; in odd ones every other rejects.
      const approvals = times(many).map(i => round % 2 === 0 || i % 2 === 0)
      const answers = await atOnce(approvals, (approval, i) =>
        (admins[i % 2] ?? owner).post('/group/apply/handle', { group_id, user_id: user.id, approval }),
      )
      expect(codesOf(answers)).toEqual({ 200: 1, 20014: many - 1 })
      const [approved] = winners(approvals, answers)
      expect((await memberIds(owner, group_id)).includes(user.id)).toBe(approved)
      expect(await infoOf(owner, group_id)).toMatchObject({ count: approved ? 3 : 2 })
      expect(dataOf(await owner.post('/group/application_list', { group_list: [group_id] }))).toMatchObject([
        { status: approved ? 1 : 2 },
      ])
    }
  })

  it.each([2, 10])('an invitation is handled once by %d requests at once', async many => {
    for (const round of rounds) {
      const { owner, user, group_id } = await setup()
      dataOf(await user.post('/user/settings', { group_confirm: true }))
      dataOf(await owner.post('/group/invite', { group_id, user_list: [user.id] }))
      const approvals = times(many).map(i => round % 2 === 0 || i % 2 === 0)
      const answers = await atOnce(approvals, approval =>
        user.post('/group/invite/handle', { group_id, user_id: owner.id, approval }),
      )
      expect(codesOf(answers)).toEqual({ 200: 1, 20015: many - 1 })
      const accepted = approvals.find((_, i) => answers[i]?.code === 200)
      expect((await memberIds(owner, group_id)).includes(user.id)).toBe(accepted)
      expect(dataOf(await user.get('/group/invitation_list'))).toMatchObject([{ status: accepted ? 1 : 2 }])
    }
  })

  it('a user who comes ten times in three ways joins once', async () => {
    for (const _ of rounds) {
      const { owner, user, group_id } = await setup()
      await openDoors(owner, group_id)
      const qr_info = await qrOf(owner, group_id)
      const answers = await atOnce(times(10), i => {
        if (i % 3 === 0) return user.post('/group/apply', { group_id })
        if (i % 3 === 1) return user.post('/group/qrcode/invite', { qr_info })
        return owner.post('/group/invite', { group_id, user_list: [user.id] })
      })
      expect(winners(answers, answers)).toHaveLength(1)
      expect(codesOf(answers.filter(answer => answer.code !== 200))).toEqual({ 20017: expect.any(Number) })
      expect(await infoOf(user, group_id)).toMatchObject({ count: 3 })
      expect(dataOf(await user.get('/group/user_joined'))).toEqual([group_id])
    }
  })

  it.each([
    ['a kick', '/group/kick'],
    ['a block', '/group/block'],
    ['making an admin', '/group/admin/add'],
  ])('%s succeeds for one of ten', async (_, path) => {
    for (const _ of rounds) {
      const { owner, user, group_id } = await setup()
      await addMembers(owner, group_id, [user])
      const answers = await atOnce(times(10), () => owner.post(path, { group_id, user_list: [user.id] }))
      expect(codesOf(answers)).toEqual({ 200: 10 })
      expect(winners(answers, answers)).toHaveLength(1)
    }
  })

  it('an announcement, a file and a block are taken away once', async () => {
    for (const _ of rounds) {
      const { owner, user, group_id } = await setup()
      const announcement_id = dataOf(
        await owner.post('/group/announcement/edit', { group_id, title: 'T', content: 'C' }),
      ).id
      const file = { group_id, name: 'a.txt', size: 1, url: 'https://files.example/a.txt' }
      const file_id = dataOf(await owner.post('/group/file/upload', file)).file_id
      dataOf(await owner.post('/group/block', { group_id, user_list: [user.id] }))
      const [announcements, files, blocks] = await Promise.all([
        atOnce(times(5), () => owner.post('/group/announcement/delete', { group_id, announcement_id })),
        atOnce(times(5), () => owner.post('/group/file/delete', { group_id, file_list: [file_id] })),
        atOnce(times(5), () => owner.post('/group/unblock', { group_id, user_list: [user.id] })),
      ])
      expect(codesOf(announcements)).toEqual({ 200: 1, 20020: 4 })
      expect([codesOf(files), codesOf(blocks)]).toEqual([{ 200: 5 }, { 200: 5 }])
      expect([winners(files, files).length, winners(blocks, blocks).length]).toEqual([1, 1])
    }
  })

  it('a group is destroyed once', async () => {
    for (const _ of rounds) {
      const { owner, group_id } = await setup()
      expect(codesOf(await atOnce(times(10), () => owner.post('/group/destroy', { group_id })))).toEqual({
        200: 1,
        20001: 9,
      })
    }
  })
}
