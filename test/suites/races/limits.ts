import { expect, it } from 'vitest'
import { atOnce, codesOf, crowd, newTenant, times, winners } from '../../support/crowds.ts'
import { dataOf, newGroup, openDoors, qrOf, type User } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

const requests = 20

/** Limits that hold across groups: of twenty requests at once, as many succeed as there is room for. */
export const limitRaces: Suite = instance => {
  it('of an app goes to as many as there is room for', async () => {
    const tenant = await newTenant(instance(), 'races-groups', { max_groups: 3 })
    const users = await crowd(instance(), requests, tenant)
    const answers = await atOnce(users, user => user.post('/group/create', { name: 'G' }))
    expect(codesOf(answers)).toEqual({ 200: 3, 20007: requests - 3 })
    const joined = await atOnce(users, user => user.get('/group/user_joined'))
    expect(joined.flatMap(answer => dataOf(answer)).sort()).toEqual(
      winners(answers, answers)
        .map(answer => answer.data.group_id)
        .sort(),
    )

    const [lucky] = winners(users, answers)
    dataOf(
      await (lucky as User).post('/group/destroy', { group_id: winners(answers, answers)[0]?.data.group_id }),
    )
    expect(codesOf(await atOnce(users, user => user.post('/group/create', {})))).toEqual({
      200: 1,
      20007: requests - 1,
    })
  })

  it('that a user may create is created once', async () => {
    const tenant = await newTenant(instance(), 'races-created', { max_groups_created: 3 })
    const [user] = (await crowd(instance(), 1, tenant)) as [User]
    await newGroup(user)
    await newGroup(user)
    const answers = await atOnce(times(requests), () => user.post('/group/create', { name: 'Last' }))
    expect(codesOf(answers)).toEqual({ 200: 1, 20008: requests - 1 })
    expect(dataOf(await user.get('/group/user_joined'))).toHaveLength(3)
  })

  it('that a user may join is joined once, of twenty groups in three ways', async () => {
    const most = 3
    const tenant = await newTenant(instance(), 'races-joined', { max_groups_joined: most })
    const [user, ...owners] = (await crowd(instance(), requests + 1, tenant)) as [User, ...User[]]
    const groups = await Promise.all(
      owners.map(async owner => {
        const group_id = await newGroup(owner)
        await openDoors(owner, group_id)
        return { owner, group_id, qr_info: await qrOf(owner, group_id) }
      }),
    )
    const answers = await atOnce(groups, ({ owner, group_id, qr_info }, i) => {
      if (i % 3 === 0) return user.post('/group/apply', { group_id })
      if (i % 3 === 1) return user.post('/group/qrcode/invite', { qr_info })
      return owner.post('/group/invite', { group_id, user_list: [user.id] })
    })
    expect(codesOf(answers.filter(answer => answer.code !== 200 && answer.code !== 20009))).toEqual({})
    const joined = winners(groups, answers).map(group => group.group_id)
    expect(joined).toHaveLength(most)
    expect(dataOf(await user.get('/group/user_joined')).sort()).toEqual(joined.sort())
    expect((await user.post('/group/create')).code).toBe(20009)
  })

  it('that a user may join is joined once, where joining races with creating', async () => {
    const tenant = await newTenant(instance(), 'races-both', { max_groups_joined: 2 })
    const [user, ...owners] = (await crowd(instance(), requests / 2 + 1, tenant)) as [User, ...User[]]
    const groups = await Promise.all(
      owners.map(async owner => {
        const group_id = await newGroup(owner)
        await openDoors(owner, group_id)
        return group_id
      }),
    )
    const sendings = groups.flatMap(group_id => [
      () => user.post('/group/apply', { group_id }),
      () => user.post('/group/create'),
    ])
    const answers = await atOnce(sendings, send => send())
    expect(codesOf(answers)).toEqual({ 200: 2, 20009: requests - 2 })
    expect(dataOf(await user.get('/group/user_joined'))).toHaveLength(2)
  })
}
