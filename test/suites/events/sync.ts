import { beforeAll, expect, it } from 'vitest'
import { newUsers } from '../../support/client.ts'
import { newTenant } from '../../support/crowds.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  newGroup,
  people,
  type Tenant,
} from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** GET /group/sync and POST /group/versions. */
export const syncSuite: Suite = instance => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await newTenant(instance(), 'events-sync')
  })
  const setup = async () => {
    const cast = await people(instance(), ['owner', 'member', 'other', 'stranger'], tenant)
    const group_id = await newGroup(cast.owner)
    await addMembers(cast.owner, group_id, [cast.member, cast.other])
    return { tenant, group_id, ...cast }
  }

  it('answers who changed as they are now, and who is gone', async () => {
    const { owner, member, other, group_id } = await setup()
    const { state } = dataOf(await owner.get('/group/sync', { group_id }))
    dataOf(await member.post('/group/display_name', { group_id, value: 'Once' }))
    dataOf(await member.post('/group/display_name', { group_id, value: 'Twice' }))
    dataOf(await owner.post('/group/kick', { group_id, user_list: [other.id] }))
    dataOf(await owner.post('/group/info/name', { group_id, value: 'Named' }))
    const answer = dataOf(await owner.get('/group/sync', { group_id, since: state }))
    expect(answer).toMatchObject({ more: false, reset: false, removed: [other.id], info: { name: 'Named' } })
    expect(answer.members).toMatchObject([{ user_id: member.id, display_name: 'Twice', role: 1 }])
    const again = dataOf(await owner.get('/group/sync', { group_id, since: answer.state }))
    expect(again).toMatchObject({ state: answer.state, members: [], removed: [], more: false, reset: false })
  })

  it('both owners come back when a group changes hands', async () => {
    const { owner, member, other, group_id } = await setup()
    const { state } = dataOf(await other.get('/group/sync', { group_id }))
    dataOf(await owner.post('/group/transfer', { group_id, new_owner: member.id }))
    const { members } = dataOf(await other.get('/group/sync', { group_id, since: state }))
    const roles = members.map((found: { user_id: number; role: number }) => [found.user_id, found.role])
    expect(roles.sort()).toEqual([
      [owner.id, 1],
      [member.id, 3],
    ])
  })

  it('goes on page by page, whole versions at a time', async () => {
    const { owner, group_id } = await setup()
    const { state } = dataOf(await owner.get('/group/sync', { group_id }))
    const batches = [newUsers(3), newUsers(4), newUsers(2)]
    for (const user_list of batches) dataOf(await owner.post('/group/invite', { group_id, user_list }))
    const pages = []
    for (let since = state, more = true; more; ) {
      const page = dataOf(await owner.get('/group/sync', { group_id, since, limit: 3 }))
      pages.push(page.members.map((found: { user_id: number }) => found.user_id).sort())
      ;({ more, state: since } = page)
    }
    expect(pages).toEqual(batches)
  })

  it('says reset for a state that is unknown, void or of the future', async () => {
    const { owner, group_id } = await setup()
    const { state, reset } = dataOf(await owner.get('/group/sync', { group_id }))
    expect(reset).toBe(true)
    const [epoch] = state.split('.')
    for (const since of ['zzzzzz.1', `${epoch}.999`])
      expect(dataOf(await owner.get('/group/sync', { group_id, since }))).toMatchObject({
        reset: true,
        state,
      })
    expectRefusal(await owner.get('/group/sync', { group_id, since: 'nonsense' }), 10002, 'since')
  })

  it('one whose own place changed reads the group anew', async () => {
    const { owner, member, group_id } = await setup()
    const { state } = dataOf(await member.get('/group/sync', { group_id }))
    await addAdmins(owner, group_id, [member])
    expect(dataOf(await member.get('/group/sync', { group_id, since: state })).reset).toBe(true)
  })

  it('tells bans, blacklist and applications to admins alone', async () => {
    const { owner, member, other, stranger, group_id } = await setup()
    const { state } = dataOf(await owner.get('/group/sync', { group_id }))
    dataOf(await owner.post('/group/ban', { group_id, user_list: [other.id], duration: 5 }))
    dataOf(await stranger.post('/group/apply', { group_id, reason: 'Let me in' }))
    const [blocked] = newUsers(1)
    dataOf(await owner.post('/group/block', { group_id, user_list: [blocked] }))
    const told = dataOf(await owner.get('/group/sync', { group_id, since: state }))
    expect(told.members).toMatchObject([{ user_id: other.id, expired_time: expect.any(Number) }])
    expect(told.members[0].expired_time).toBeGreaterThan(0)
    expect(told.blocked).toMatchObject([{ user_id: blocked }])
    expect(told.applications).toMatchObject([{ applicant_id: stranger.id, status: 0, reason: 'Let me in' }])
    const plain = dataOf(await member.get('/group/sync', { group_id, since: state }))
    expect(plain).toMatchObject({ members: [], removed: [], reset: false, more: false })
    expect(Object.keys(plain)).not.toContain('blocked')
    expect(Object.keys(plain)).not.toContain('applications')
    const own = dataOf(await other.get('/group/sync', { group_id, since: state }))
    expect(own.members[0].expired_time).toBeGreaterThan(0)
  })

  it('is for members', async () => {
    const { stranger, group_id } = await setup()
    expectRefusal(await stranger.get('/group/sync', { group_id }), 20011)
  })

  it('compares all groups of a user in one request', async () => {
    const { owner, member, group_id } = await setup()
    const [same, left] = [await newGroup(member), await newGroup(owner, { user_list: [member.id] })]
    const stateOf = async (id: number) => dataOf(await member.get('/group/sync', { group_id: id })).state
    const known = [
      [group_id, await stateOf(group_id)],
      [same, await stateOf(same)],
      [left, await stateOf(left)],
    ]
    dataOf(await owner.post('/group/info/name', { group_id, value: 'Changed' }))
    dataOf(await member.post('/group/leave', { group_id: left }))
    const fresh = await newGroup(member)
    expect(dataOf(await member.post('/group/versions', { groups: known }))).toEqual({
      changed: [[group_id, await stateOf(group_id)]],
      gone: [left],
      joined: [[fresh, await stateOf(fresh)]],
    })
  })
}
