import { beforeAll, expect, it } from 'vitest'
import type { Answer } from '../../support/client.ts'
import { atOnce, codesOf, crowd, newTenant, reasonsOf, winners } from '../../support/crowds.ts'
import {
  addMembers,
  dataOf,
  infoOf,
  memberIds,
  newGroup,
  openDoors,
  qrOf,
  type Tenant,
  type User,
} from '../../support/groups.ts'
import type { Suite } from '../all.ts'

const rivals = 50
const capacity = 3
const full = 20010

/** Fifty users at once for the one place that a group has left: one gets it, whichever way they come. */
export const placeRaces: Suite = instance => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await newTenant(instance(), 'races-places', {
      capacity_private: capacity,
      capacity_chatroom: capacity,
    })
  })

  /** A group with one place left, and those who want it. */
  const setup = async () => {
    const [owner, member, ...users] = (await crowd(instance(), rivals + 2, tenant)) as [User, User, ...User[]]
    const group_id = await newGroup(owner)
    await addMembers(owner, group_id, [member])
    /** Those whose own list is as asked. */
    const usersWho = async (path: string, asked: (list: Answer['data']) => boolean): Promise<User[]> => {
      const answers = await atOnce(users, user => user.get(path))
      return users.filter((_, i) => asked(answers[i]?.data))
    }
    const expectOneIn = async (lucky: readonly User[]) => {
      expect(lucky).toHaveLength(1)
      const ids = [owner, member, ...lucky].map(user => user.id)
      expect((await memberIds(owner, group_id)).sort()).toEqual(ids.sort())
      expect(await infoOf(owner, group_id)).toMatchObject({ count: capacity })
      expect((await owner.get('/group/member_list', { group_id })).total).toBe(capacity)
      expect(await usersWho('/group/user_joined', joined => joined.includes(group_id))).toEqual(lucky)
    }
    return { owner, users, group_id, usersWho, expectOneIn }
  }

  it('goes to one of fifty who apply', async () => {
    const { owner, users, group_id, expectOneIn } = await setup()
    await openDoors(owner, group_id)
    const answers = await atOnce(users, user => user.post('/group/apply', { group_id }))
    expect(codesOf(answers)).toEqual({ 200: 1, [full]: rivals - 1 })
    await expectOneIn(winners(users, answers))
  })

  it('goes to one of fifty who scan a QR code', async () => {
    const { owner, users, group_id, expectOneIn } = await setup()
    const qr_info = await qrOf(owner, group_id)
    const answers = await atOnce(users, user => user.post('/group/qrcode/invite', { qr_info }))
    expect(codesOf(answers)).toEqual({ 200: 1, [full]: rivals - 1 })
    await expectOneIn(winners(users, answers))
  })

  it('goes to one of fifty who are invited', async () => {
    const { owner, users, group_id, expectOneIn } = await setup()
    const answers = await atOnce(users, user =>
      owner.post('/group/invite', { group_id, user_list: [user.id] }),
    )
    expect(codesOf(answers)).toEqual({ 200: rivals })
    const [late] = await crowd(instance(), 1, tenant)
    expect(reasonsOf(answers)).toEqual(new Set([(await late?.post('/group/apply', { group_id }))?.message]))
    await expectOneIn(winners(users, answers))
  })

  it('goes to one of fifty who accept their invitations, and the others stay invited', async () => {
    const { owner, users, group_id, usersWho, expectOneIn } = await setup()
    for (const answer of await atOnce(users, user => user.post('/user/settings', { group_confirm: true })))
      dataOf(answer)
    dataOf(await owner.post('/group/invite', { group_id, user_list: users.map(user => user.id) }))
    const answers = await atOnce(users, user =>
      user.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true }),
    )
    expect(codesOf(answers)).toEqual({ 200: 1, [full]: rivals - 1 })
    const lucky = users.filter((_, i) => answers[i]?.data === true)
    await expectOneIn(lucky)
    expect(await usersWho('/group/invitation_list', ([invitation]) => invitation.status === 1)).toEqual(lucky)
    expect(await usersWho('/group/invitation_list', ([invitation]) => invitation.status === 0)).toHaveLength(
      rivals - 1,
    )
  })

  it('goes to one of fifty whose applications are approved, and the others stay pending', async () => {
    const { owner, users, group_id, expectOneIn } = await setup()
    for (const answer of await atOnce(users, user => user.post('/group/apply', { group_id }))) dataOf(answer)
    const answers = await atOnce(users, user =>
      owner.post('/group/apply/handle', { group_id, user_id: user.id, approval: true }),
    )
    expect(codesOf(answers)).toEqual({ 200: 1, [full]: rivals - 1 })
    const lucky = winners(users, answers)
    await expectOneIn(lucky)
    const applications = dataOf(await owner.post('/group/application_list', { group_list: [group_id] }))
    const agreed = applications.filter((item: { status: number }) => item.status === 1)
    expect(agreed).toMatchObject(lucky.map(user => ({ applicant_id: user.id })))
    expect(applications).toHaveLength(rivals)
  })

  it('goes to one of fifty who come each in their own way', async () => {
    const { owner, users, group_id, expectOneIn } = await setup()
    await openDoors(owner, group_id)
    const qr_info = await qrOf(owner, group_id)
    const answers = await atOnce(users, (user, i) => {
      if (i % 3 === 0) return user.post('/group/apply', { group_id })
      if (i % 3 === 1) return user.post('/group/qrcode/invite', { qr_info })
      return owner.post('/group/invite', { group_id, user_list: [user.id] })
    })
    await expectOneIn(winners(users, answers))
  })

  it('is not given twice when batches overlap', async () => {
    const { owner, users, group_id, expectOneIn } = await setup()
    const batches = users.map((_, i) => users.slice(i, i + 10).map(user => user.id))
    const answers = await atOnce(batches, user_list => owner.post('/group/invite', { group_id, user_list }))
    const succeeded = answers.flatMap(answer => dataOf(answer)).filter(item => item.result === 'success')
    expect(succeeded).toHaveLength(1)
    await expectOneIn(users.filter(user => user.id === succeeded[0].user_id))
  })
}
