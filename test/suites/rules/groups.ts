import { describe, expect, it } from 'vitest'
import { callers } from '../../support/client.ts'
import { exampleOf, sentBy } from '../../support/examples.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  infoOf,
  later,
  memberIds,
  newGroup,
  openDoors,
  people,
  qrOf,
} from '../../support/groups.ts'
import { inChunks } from '../../support/sane.ts'
import { userOperations as operations } from '../../support/user-operations.ts'
import type { Rules } from '../rules.ts'

/** Groups as wholes: finding, transferring, leaving and dissolving them (docs/behaviour.md, section 4). */
export const groupRules: Rules = instance => {
  describe('info/batch', () => {
    it('answers in the order asked, duplicates once, and leaves out what there is not', async () => {
      const { owner, reader } = await people(instance(), ['owner', 'reader'])
      const [a, b, gone] = [
        await newGroup(owner, { name: 'A' }),
        await newGroup(owner, { name: 'B' }),
        await newGroup(owner),
      ]
      dataOf(await owner.call('DELETE', '/group/destroy', { query: { group_id: gone } }))
      const found = dataOf(
        await reader.post('/group/info/batch', { group_list: [b, 5, gone, a, b, 2 ** 53 - 1, String(a)] }),
      )
      expect(found.map((group: { group_id: number }) => group.group_id)).toEqual([b, a])
      expect(found[0]).toMatchObject({
        group_id: b,
        name: 'B',
        owner: owner.id,
        count: 1,
        capacity: 2000,
        type: 0,
        status: 0,
        avatar: '',
        apply_approval: 1,
      })
    })

    it("carries the caller's own modes, 0 for a non-member", async () => {
      const { owner, stranger } = await people(instance(), ['owner', 'stranger'])
      const group_id = await newGroup(owner)
      await owner.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 2 })
      await owner.post('/group/msg/push_mode', { group_id, msg_push_mode: 4 })
      for (const [caller, modes] of [
        [owner, { msg_mute_mode: 2, msg_push_mode: 4 }],
        [stranger, { msg_mute_mode: 0, msg_push_mode: 0 }],
      ] as const) {
        expect(dataOf(await caller.post('/group/info/batch', { group_list: [group_id] }))).toMatchObject([
          modes,
        ])
        expect(await infoOf(caller, group_id)).toMatchObject(modes)
      }
    })

    it('takes 10000 ids and refuses 10001', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const others = Array.from({ length: 9_999 }, (_, i) => i + 1)
      expect(
        dataOf(await owner.post('/group/info/batch', { group_list: [...others, group_id] })),
      ).toMatchObject([{ group_id }])
      expectRefusal(
        await owner.post('/group/info/batch', { group_list: [...others, group_id, 20_000] }),
        10002,
        'group_list',
      )
    })
  })

  it('public_list answers the chatrooms, newest first', async () => {
    const { owner, stranger } = await people(instance(), ['owner', 'stranger'])
    const first = await newGroup(owner, { type: 2 })
    const hidden = await newGroup(owner, { type: 0 })
    const second = await newGroup(owner, { type: 2 })
    const gone = await newGroup(owner, { type: 2 })
    dataOf(await owner.post('/group/destroy', { group_id: gone }))
    const listed: number[] = dataOf(await stranger.get('/group/public_list'))
    expect(listed.filter(id => [first, hidden, second, gone].includes(id))).toEqual([second, first])
    expect(listed).toEqual([...listed].sort((a, b) => b - a))
  })

  it('public_list answers 1000 chatrooms at most', async () => {
    const app_id = 'many-chatrooms'
    const cast = await people(instance(), ['a', 'b', 'c'], {
      app_id,
      secret: await instance().createApp(app_id),
    })
    const made: number[] = []
    for (const owner of [cast.a, cast.b, cast.c]) {
      await inChunks(
        Array.from({ length: 334 }),
        async () => void made.push(await newGroup(owner, { type: 2 })),
      )
    }
    const newestFirst = made.sort((x, y) => y - x)
    expect(dataOf(await cast.a.get('/group/public_list'))).toEqual(newestFirst.slice(0, 1000))
  })

  it('user_joined answers the groups of the caller, newest membership first', async () => {
    const { owner, user } = await people(instance(), ['owner', 'user'])
    const [older, newer, left] = [await newGroup(owner), await newGroup(owner), await newGroup(owner)]
    for (const group_id of [left, newer, older]) {
      await addMembers(owner, group_id, [user])
      await later(owner, group_id)
    }
    expect(dataOf(await user.get('/group/user_joined'))).toEqual([older, newer, left])
    dataOf(await user.post('/group/leave', { group_id: left }))
    expect(dataOf(await user.get('/group/user_joined'))).toEqual([older, newer])
    await addMembers(owner, left, [user])
    expect(dataOf(await user.get('/group/user_joined'))).toEqual([left, older, newer])
  })

  describe('transfer', () => {
    it('makes the new owner owner and the old one an ordinary member', async () => {
      const { owner, heir, friend } = await people(instance(), ['owner', 'heir', 'friend'])
      const group_id = await newGroup(owner, { user_list: [heir.id, friend.id] })
      expect(dataOf(await owner.post('/group/transfer', { group_id, new_owner: heir.id }))).toEqual({
        reason: '',
        result: 'success',
        user_id: heir.id,
      })
      expect(await infoOf(friend, group_id)).toMatchObject({ owner_id: heir.id, count: 3 })
      expect(
        dataOf(await friend.get('/group/admin_list', { group_id })).map(
          (m: { user_id: number }) => m.user_id,
        ),
      ).toEqual([heir.id])
      expectRefusal(await owner.post('/group/kick', { group_id, user_list: [friend.id] }), 20012)
      expectRefusal(await owner.post('/group/transfer', { group_id, new_owner: owner.id }), 20013)
      expectRefusal(await heir.post('/group/leave', { group_id }), 20004)
      expect(dataOf(await owner.post('/group/leave', { group_id }))).toBe(true)
      expect(dataOf(await heir.post('/group/destroy', { group_id }))).toBe(true)
    })

    it('goes to an admin as well', async () => {
      const { owner, admin } = await people(instance(), ['owner', 'admin'])
      const group_id = await newGroup(owner)
      await addAdmins(owner, group_id, [admin])
      dataOf(await owner.call('PUT', '/group/transfer', { body: { group_id, new_owner: admin.id } }))
      expect(dataOf(await admin.get('/group/admin_list', { group_id }))).toMatchObject([
        { user_id: admin.id },
      ])
    })

    it('refuses a non-member with 20005 and oneself with 10002', async () => {
      const { owner, stranger } = await people(instance(), ['owner', 'stranger'])
      const group_id = await newGroup(owner)
      expectRefusal(await owner.post('/group/transfer', { group_id, new_owner: stranger.id }), 20005)
      expectRefusal(
        await owner.post('/group/transfer', { group_id, new_owner: owner.id }),
        10002,
        'new_owner',
      )
      expect(await infoOf(owner, group_id)).toMatchObject({ owner_id: owner.id })
    })
  })

  describe('leave', () => {
    it('is not for the owner', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      expectRefusal(await owner.post('/group/leave', { group_id }), 20004)
      expect(await memberIds(owner, group_id)).toEqual([owner.id])
    })

    it('has who comes back start afresh, but for a ban', async () => {
      const { owner, user } = await people(instance(), ['owner', 'user'])
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [user])
      const settle = async () => {
        dataOf(await user.post('/group/display_name', { group_id, value: 'Known as' }))
        dataOf(await user.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 2 }))
        dataOf(await user.post('/group/msg/push_mode', { group_id, msg_push_mode: 3 }))
        dataOf(await owner.post('/group/admin/add', { group_id, user_list: [user.id] }))
      }
      const expectFresh = async () => {
        const [, member] = dataOf(await owner.get('/group/member_list', { group_id }))
        expect(member).toMatchObject({ user_id: user.id, display_name: '' })
        expect(await infoOf(user, group_id)).toMatchObject({ msg_mute_mode: 0, msg_push_mode: 0, count: 2 })
        expect(dataOf(await owner.get('/group/admin_list', { group_id }))).toHaveLength(1)
      }
      await settle()
      dataOf(await user.post('/group/leave', { group_id }))
      expect(await infoOf(user, group_id)).toMatchObject({ msg_mute_mode: 0, msg_push_mode: 0, count: 1 })
      await addMembers(owner, group_id, [user])
      await expectFresh()
      await settle()
      dataOf(await owner.post('/group/kick', { group_id, user_list: [user.id] }))
      await addMembers(owner, group_id, [user])
      await expectFresh()
      await settle()
      dataOf(await owner.post('/group/block', { group_id, user_list: [user.id] }))
      dataOf(await owner.post('/group/unblock', { group_id, user_list: [user.id] }))
      await addMembers(owner, group_id, [user])
      await expectFresh()
    })
  })

  describe('destroy', () => {
    it('answers 20001 from then on, whoever asks for whatever', async () => {
      const { owner, friend, stranger, shy } = await people(instance(), [
        'owner',
        'friend',
        'stranger',
        'shy',
      ])
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      const group_id = await newGroup(owner, { user_list: [friend.id, shy.id] })
      const file = dataOf(
        await friend.post('/group/file/upload', {
          group_id,
          name: 'a.txt',
          size: 1,
          url: 'https://example.org/a.txt',
        }),
      )
      const announcement = dataOf(
        await owner.post('/group/announcement/edit', { group_id, title: 'T', content: 'C' }),
      )
      dataOf(await stranger.post('/group/apply', { group_id }))
      const qr_info = await qrOf(owner, group_id)
      const [kept, ...joined] = [await newGroup(owner), ...dataOf(await owner.get('/group/user_joined'))]
      expect(joined).toContain(group_id)

      expect(dataOf(await owner.call('DELETE', '/group/destroy', { query: { group_id } }))).toBe(true)

      const situation = {
        group_id,
        user_id: stranger.id,
        qr_info,
        file_id: file.file_id,
        announcement_id: announcement.id,
        file_sign: '',
      }
      for (const operation of operations) {
        const named = Object.keys(operation.input.shape)
        if (!named.includes('group_id') && !named.includes('qr_info')) continue
        const example = exampleOf(operation, situation)
        const method = operation.methods[0] ?? 'GET'
        const server = await callers(instance()).admin()
        for (const caller of operation.who === 'user' ? [owner, friend, stranger] : [server]) {
          const answer = await caller.call(method, operation.path, sentBy(method, example))
          expect
            .soft({ path: operation.path, code: answer.code })
            .toEqual({ path: operation.path, code: 20001 })
        }
      }
      for (const caller of [owner, friend])
        expect(dataOf(await caller.get('/group/user_joined'))).not.toContain(group_id)
      expect(dataOf(await owner.get('/group/user_joined'))).toContain(kept)
      expect(dataOf(await owner.post('/group/application_list', { group_list: [group_id] }))).toEqual([])
      expect(dataOf(await owner.post('/group/info/batch', { group_list: [group_id] }))).toEqual([])
    })

    it('voids what is pending', async () => {
      const { owner, shy } = await people(instance(), ['owner', 'shy'])
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      const group_id = await newGroup(owner, { user_list: [shy.id] })
      expect(dataOf(await shy.get('/group/invitation_list'))).toMatchObject([{ group_id, status: 0 }])
      dataOf(await owner.post('/group/destroy', { group_id }))
      for (const { status } of dataOf(await shy.get('/group/invitation_list'))) expect(status).not.toBe(0)
      expectRefusal(
        await shy.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true }),
        20001,
      )
    })

    it('may be done once', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      await openDoors(owner, group_id)
      dataOf(await owner.post('/group/destroy', { group_id }))
      expectRefusal(await owner.post('/group/destroy', { group_id }), 20001)
    })
  })
}
