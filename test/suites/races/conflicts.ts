import { expect, it } from 'vitest'
import type { Answer } from '../../support/client.ts'
import { atOnce, codesOf, crowd, newTenant, times, won } from '../../support/crowds.ts'
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
  type User,
} from '../../support/groups.ts'
import type { Suite } from '../all.ts'

const ids = (list: readonly { readonly user_id: number }[]): number[] => list.map(item => item.user_id)

/**
 * Two operations on one thing at once: the end is that of one order or the other, and never something
 * between.
 */
export const conflictRaces: Suite = (instance, pace) => {
  const rounds = times(pace === 'slow' ? 3 : 15)

  /** Which of two comes first on the wire changes from round to round. */
  const together = async (
    round: number,
    one: () => Promise<Answer>,
    other: () => Promise<Answer>,
  ): Promise<[Answer, Answer]> => {
    if (round % 2 === 0) return Promise.all([one(), other()])
    const second = other()
    return Promise.all([one(), second])
  }

  const setup = async () => {
    const { owner, admin, user } = await people(instance(), ['owner', 'admin', 'user'])
    const group_id = await newGroup(owner)
    await addAdmins(owner, group_id, [admin])
    return { owner, admin, user, group_id }
  }

  it('two transfers leave one owner', async () => {
    for (const _ of rounds) {
      const { owner, admin, user, group_id } = await setup()
      await addMembers(owner, group_id, [user])
      const heirs = [admin, user]
      const answers = await atOnce(heirs, heir =>
        owner.post('/group/transfer', { group_id, new_owner: heir.id }),
      )
      expect(codesOf(answers)).toEqual({ 200: 1, 20013: 1 })
      const heir = heirs.find((_, i) => answers[i]?.code === 200)
      expect(await infoOf(owner, group_id)).toMatchObject({ owner_id: heir?.id, count: 3 })
      expectRefusal(await owner.post('/group/kick', { group_id, user_list: [1] }), 20012)
      expect(ids(dataOf(await owner.get('/group/admin_list', { group_id })))).toEqual(
        heir === admin ? [admin.id] : [admin.id, user.id],
      )
    }
  })

  it('a transfer and the leaving of the heir leave one owner', async () => {
    for (const round of rounds) {
      const { owner, user, group_id } = await setup()
      await addMembers(owner, group_id, [user])
      const [transfer, leave] = await together(
        round,
        () => owner.post('/group/transfer', { group_id, new_owner: user.id }),
        () => user.post('/group/leave', { group_id }),
      )
      expect([
        [200, 20004],
        [20005, 200],
      ]).toContainEqual([transfer.code, leave.code])
      const inherited = transfer.code === 200
      expect(await infoOf(owner, group_id)).toMatchObject({
        owner_id: inherited ? user.id : owner.id,
        count: inherited ? 3 : 2,
      })
    }
  })

  it.each(['invitation', 'application', 'QR code'])(
    'a block and joining by %s leave the user blacklisted and out',
    async way => {
      for (const round of rounds) {
        const { owner, admin, user, group_id } = await setup()
        await openDoors(owner, group_id)
        const qr_info = await qrOf(owner, group_id)
        const joining = () => {
          if (way === 'invitation') return admin.post('/group/invite', { group_id, user_list: [user.id] })
          return way === 'application'
            ? user.post('/group/apply', { group_id })
            : user.post('/group/qrcode/invite', { qr_info })
        }
        const [block, join] = await together(
          round,
          () => owner.post('/group/block', { group_id, user_list: [user.id] }),
          joining,
        )
        expect(won(block)).toBe(true)
        expect([200, 20018]).toContain(join.code)
        expect(await memberIds(owner, group_id)).toEqual([owner.id, admin.id])
        expect(await infoOf(owner, group_id)).toMatchObject({ count: 2 })
        expect(ids(dataOf(await owner.get('/group/blocked_list', { group_id })))).toEqual([user.id])
        expect(dataOf(await user.get('/group/user_joined'))).toEqual([])
      }
    },
  )

  it('a block and an invitation to be confirmed leave nothing pending', async () => {
    for (const round of rounds) {
      const { owner, admin, user, group_id } = await setup()
      dataOf(await user.post('/user/settings', { group_confirm: true }))
      const [block] = await together(
        round,
        () => owner.post('/group/block', { group_id, user_list: [user.id] }),
        () => admin.post('/group/invite', { group_id, user_list: [user.id] }),
      )
      expect(won(block)).toBe(true)
      for (const { status } of dataOf(await user.get('/group/invitation_list'))) expect(status).toBe(2)
      expectRefusal(
        await user.post('/group/invite/handle', { group_id, user_id: admin.id, approval: true }),
        20015,
      )
    }
  })

  it('of a kick and a leave, one happens', async () => {
    for (const round of rounds) {
      const { owner, user, group_id } = await setup()
      await addMembers(owner, group_id, [user])
      const [kick, leave] = await together(
        round,
        () => owner.post('/group/kick', { group_id, user_list: [user.id] }),
        () => user.post('/group/leave', { group_id }),
      )
      expect(kick.code).toBe(200)
      expect([
        [true, 20011],
        [false, 200],
      ]).toContainEqual([won(kick), leave.code])
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 2 })
      expect(dataOf(await user.get('/group/user_joined'))).toEqual([])
    }
  })

  it('a ban outlasts the kick that it races, or comes too late', async () => {
    for (const round of rounds) {
      const { owner, admin, user, group_id } = await setup()
      await addMembers(owner, group_id, [user])
      const [kick, ban] = await together(
        round,
        () => owner.post('/group/kick', { group_id, user_list: [user.id] }),
        () => admin.post('/group/ban', { group_id, user_list: [user.id], duration: -1 }),
      )
      expect(won(kick)).toBe(true)
      expect(ban.code).toBe(200)
      await addMembers(owner, group_id, [user])
      expect(dataOf(await owner.get('/group/banned_list', { group_id }))).toHaveLength(won(ban) ? 1 : 0)
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 3 })
    }
  })

  it('an admin who is removed acts before that or not at all', async () => {
    for (const round of rounds) {
      const { owner, admin, user, group_id } = await setup()
      await addMembers(owner, group_id, [user])
      const [removal, kick] = await together(
        round,
        () => owner.post('/group/admin/remove', { group_id, user_list: [admin.id] }),
        () => admin.post('/group/kick', { group_id, user_list: [user.id] }),
      )
      expect(won(removal)).toBe(true)
      expect([200, 20012]).toContain(kick.code)
      expect(await memberIds(owner, group_id)).toHaveLength(kick.code === 200 ? 2 : 3)
    }
  })

  it('kicks of overlapping batches count every member once', async () => {
    const [owner, ...users] = (await crowd(instance(), 31)) as [User, ...User[]]
    const group_id = await newGroup(owner)
    await addMembers(owner, group_id, users)
    const batches = users.map((_, i) => users.slice(i, i + 5).map(user => user.id))
    const answers = await atOnce(batches, user_list => owner.post('/group/kick', { group_id, user_list }))
    const kicked = answers.flatMap(answer => dataOf(answer)).filter(item => item.result === 'success')
    expect(ids(kicked).sort()).toEqual(users.map(user => user.id).sort())
    expect(await infoOf(owner, group_id)).toMatchObject({ count: 1 })
  })

  it('what is in flight while a group is destroyed happens before or not at all', async () => {
    const tenant = await newTenant(instance(), 'races-destroy')
    const [owner, ...users] = (await crowd(instance(), 41, tenant)) as [User, ...User[]]
    const members = users.slice(0, 20)
    const group_id = await newGroup(owner)
    await openDoors(owner, group_id)
    await addMembers(owner, group_id, members)
    const shy = users.slice(30)
    for (const answer of await atOnce(shy, user => user.post('/user/settings', { group_confirm: true })))
      dataOf(answer)
    const qr_info = await qrOf(owner, group_id)
    const sendings: (() => Promise<Answer>)[] = users.flatMap((user, i) => [
      () => (i < 20 ? user.post('/group/leave', { group_id }) : user.post('/group/apply', { group_id })),
      () =>
        owner.post(i % 2 === 0 ? '/group/kick' : '/group/ban', {
          group_id,
          user_list: [user.id],
          duration: 5,
        }),
      () =>
        i < 30
          ? user.post('/group/qrcode/invite', { qr_info })
          : owner.post('/group/invite', { group_id, user_list: [user.id] }),
      () => owner.post('/group/announcement/edit', { group_id, title: 'T', content: String(i) }),
      () => user.get('/group/member_list', { group_id }),
    ])
    sendings.splice(Math.floor(sendings.length / 2), 0, () => owner.post('/group/destroy', { group_id }))
    const answers = await atOnce(sendings, send => send())
    const expected = [200, 20001, 20002, 20011, 20015, 20016, 20017]
    // A database at a distance may refuse some of so many changes to one group: 503 says that they did not
    // happen.
    expect(answers.filter(({ code }) => !expected.includes(code) && code !== 503)).toEqual([])
    if (answers[Math.floor(sendings.length / 2)]?.code === 503)
      dataOf(await owner.post('/group/destroy', { group_id }))

    const after = await atOnce([owner, ...users], user => user.get('/group/info', { group_id }))
    expect(codesOf(after)).toEqual({ 20001: 41 })
    for (const answer of await atOnce([owner, ...users], user => user.get('/group/user_joined')))
      expect(dataOf(answer)).toEqual([])
    for (const answer of await atOnce(shy, user => user.get('/group/invitation_list'))) {
      for (const { status } of dataOf(answer)) expect(status).not.toBe(0)
    }
    expect(dataOf(await owner.post('/group/application_list', { group_list: [group_id] }))).toEqual([])
  })
}
