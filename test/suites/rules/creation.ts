import { describe, expect, it } from 'vitest'
import { dataOf, expectRefusal, infoOf, memberIds, newGroup, people } from '../../support/groups.ts'
import type { Rules } from '../rules.ts'

const minute = 60_000

/** Creating a group (docs/behaviour.md, sections 4 and 5). */
export const creationRules: Rules = instance => {
  const defaults = {
    avatar: '',
    ban_expire_time: 0,
    count: 1,
    description: '',
    ext: '',
    history_visible: false,
    member_invite: true,
    member_modify: false,
    msg_mute_mode: 0,
    msg_push_mode: 0,
    hide_member_info: false,
    name: '',
    read_ack: false,
    status: 0,
  }

  describe.each([
    { kind: 'a private group', creation: {}, expected: { type: 0, apply_approval: 1, capacity: 2000 } },
    {
      kind: 'a private group asked for by its type',
      creation: { type: 0 },
      expected: { type: 0, apply_approval: 1, capacity: 2000 },
    },
    {
      kind: 'a public group',
      creation: { type: 1 },
      expected: { type: 1, apply_approval: 0, capacity: 2000 },
    },
    {
      kind: 'a temporary group',
      creation: { type: '3' },
      expected: { type: 3, apply_approval: 1, capacity: 2000 },
    },
    {
      kind: 'a chatroom',
      creation: { type: 2 },
      expected: { type: 2, apply_approval: 0, capacity: 100_000 },
    },
  ])('$kind', ({ creation, expected }) => {
    it('starts with the defaults', async () => {
      const { owner } = await people(instance(), ['owner'])
      const created = dataOf(await owner.post('/group/create', creation))
      expect(created).toMatchObject({ ...defaults, ...expected, owner_id: owner.id })
      expect(Math.abs(created.created_at - Date.now())).toBeLessThan(minute)
      expect(created.updated_at).toBe(created.created_at)
      expect(await infoOf(owner, created.group_id)).toEqual(created)
      expect(dataOf(await owner.get('/group/settings', { group_id: created.group_id }))).toEqual(created)
      const [summary] = dataOf(await owner.post('/group/info/batch', { group_list: [created.group_id] }))
      expect(summary).toMatchObject({ ...expected, hide_member_info: false })
    })
  })

  it('takes name, description and avatar, and no body at all', async () => {
    const { owner } = await people(instance(), ['owner'])
    const profile = { name: 'Book club', description: 'We read.', avatar: 'https://example.org/a.png' }
    expect(dataOf(await owner.post('/group/create', profile))).toMatchObject(profile)
    expect(dataOf(await owner.call('POST', '/group/create'))).toMatchObject(defaults)
    expect(
      dataOf(await owner.call('POST', '/group/create', { query: { name: 'From the query', type: 2 } })),
    ).toMatchObject({
      name: 'From the query',
      type: 2,
    })
  })

  it.each([-1, 4, 99])('refuses the type %d', async type => {
    const { owner } = await people(instance(), ['owner'])
    expectRefusal(await owner.post('/group/create', { type }), 10002, 'type')
    expect(dataOf(await owner.get('/group/user_joined'))).toEqual([])
  })

  it('lists public groups and chatrooms for everybody, who join at once', async () => {
    const { owner, user } = await people(instance(), ['owner', 'user'])
    const ofType: number[] = []
    for (const type of [0, 1, 2, 3]) ofType.push(await newGroup(owner, { type }))
    const [hidden, open, chatroom, temporary] = ofType
    const listed: number[] = dataOf(await user.get('/group/public_list'))
    expect(listed.filter(id => ofType.includes(id))).toEqual([chatroom, open])
    for (const group_id of [open, chatroom]) {
      expect(dataOf(await user.post('/group/apply', { group_id }))).toMatchObject({ result: 'success' })
      expect(await memberIds(owner, group_id ?? 0)).toEqual([owner.id, user.id])
    }
    for (const group_id of [hidden, temporary]) {
      dataOf(await user.post('/group/apply', { group_id }))
      expect(await memberIds(owner, group_id ?? 0)).toEqual([owner.id])
    }
    dataOf(await owner.post('/group/destroy', { group_id: open }))
    expect(dataOf(await user.get('/group/public_list'))).not.toContain(open)
  })

  it('makes the creator owner and first member', async () => {
    const { owner } = await people(instance(), ['owner'])
    const created = dataOf(await owner.post('/group/create', { name: 'Mine' }))
    const { group_id } = created
    const self = { user_id: owner.id, display_name: '', expired_time: 0, join_time: created.created_at }
    expect(dataOf(await owner.get('/group/member_list', { group_id }))).toEqual([self])
    expect(dataOf(await owner.get('/group/admin_list', { group_id }))).toEqual([self])
    expect(dataOf(await owner.get('/group/user_joined'))).toEqual([group_id])
  })

  it('invites the user_list, each once, and never its own creator', async () => {
    const { owner, first, second } = await people(instance(), ['owner', 'first', 'second'])
    const user_list = [second.id, owner.id, first.id, second.id]
    const created = dataOf(await owner.post('/group/create', { user_list }))
    expect(created.count).toBe(3)
    expect(await memberIds(first, created.group_id)).toEqual([owner.id, first.id, second.id])
  })

  it('is not stopped by anything in user_list that is not an id', async () => {
    const { owner, first, second } = await people(instance(), ['owner', 'first', 'second'])
    const bad = [
      0,
      -3,
      1.5,
      1e20,
      2 ** 53,
      '',
      '12abc',
      ' 7',
      '1.5',
      '\u0000',
      '😀',
      null,
      true,
      false,
      {},
      [],
      [first.id],
      { user_id: first.id },
    ]
    const created = dataOf(
      await owner.post('/group/create', { user_list: [...bad, first.id, String(second.id), ...bad] }),
    )
    expect(created.count).toBe(3)
    expect(await memberIds(owner, created.group_id)).toEqual([owner.id, first.id, second.id])
    expect(dataOf(await owner.post('/group/create', { user_list: bad })).count).toBe(1)
    expect(dataOf(await owner.post('/group/create', { user_list: [] })).count).toBe(1)
  })

  it('takes 500 users at once and refuses 501', async () => {
    const { owner } = await people(instance(), ['owner'])
    const many = Array.from({ length: 501 }, (_, i) => 10_000_000 + i)
    expect(dataOf(await owner.post('/group/create', { user_list: many.slice(1) })).count).toBe(501)
    expectRefusal(await owner.post('/group/create', { user_list: many }), 10002, 'user_list')
  })

  it('has a user ask for consent who chose so, and lets the others in', async () => {
    const { owner, open, shy } = await people(instance(), ['owner', 'open', 'shy'])
    dataOf(await shy.post('/user/settings', { group_confirm: true }))
    const group_id = await newGroup(owner, { user_list: [shy.id, open.id] })
    expect(await memberIds(owner, group_id)).toEqual([owner.id, open.id])
    expect(dataOf(await shy.get('/group/invitation_list'))).toMatchObject([
      { group_id, inviter_id: owner.id, invitee_id: shy.id, status: 0 },
    ])
    expect(
      dataOf(await shy.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true })),
    ).toBe(true)
    expect(await memberIds(shy, group_id)).toEqual([owner.id, open.id, shy.id])
  })
}
