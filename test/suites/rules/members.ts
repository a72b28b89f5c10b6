import { describe, expect, it } from 'vitest'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  infoOf,
  newGroup,
  people,
  type User,
} from '../../support/groups.ts'
import type { Rules } from '../rules.ts'

interface Member {
  readonly user_id: number
  readonly display_name: string
  readonly expired_time: number
  readonly join_time: number
}

/**
 * What members see of each other, and their own settings in a group (docs/behaviour.md, sections 4 and 8).
 */
export const memberRules: Rules = instance => {
  describe('hide_member_info', () => {
    const names = ['owner', 'admin', 'member', 'other'] as const

    const setup = async () => {
      const cast = await people(instance(), names)
      const { owner, admin, member, other } = cast
      const group_id = await newGroup(owner)
      await addAdmins(owner, group_id, [admin])
      await addMembers(owner, group_id, [member, other])
      for (const name of names)
        dataOf(await cast[name].post('/group/display_name', { group_id, value: `I am ${name}` }))
      dataOf(
        await owner.post('/group/ban', {
          group_id,
          user_list: [admin.id, member.id, other.id],
          duration: -1,
        }),
      )
      const user_list = names.map(name => cast[name].id)
      /** Every list in which members appear, as this caller sees it: by list, then by name. */
      const seenBy = async (caller: User) => {
        const lists: Record<string, Member[]> = {
          member_list: dataOf(await caller.get('/group/member_list', { group_id })),
          'members/display_name': dataOf(
            await caller.post('/group/members/display_name', { group_id, user_list }),
          ),
          admin_list: dataOf(await caller.get('/group/admin_list', { group_id })),
          banned_list: dataOf(await caller.get('/group/banned_list', { group_id })),
        }
        return (name: (typeof names)[number], list: string) =>
          lists[list]?.find(member => member.user_id === cast[name].id)
      }
      return { ...cast, cast, group_id, seenBy }
    }
    const listsOf = {
      owner: ['member_list', 'members/display_name', 'admin_list'],
      admin: ['member_list', 'members/display_name', 'admin_list', 'banned_list'],
      member: ['member_list', 'members/display_name', 'banned_list'],
      other: ['member_list', 'members/display_name', 'banned_list'],
    } as const

    it.each(names)('leaves nothing unseen by the %s of another while it is off', async viewer => {
      const { cast, seenBy } = await setup()
      const seen = await seenBy(cast[viewer])
      for (const name of names) {
        for (const list of listsOf[name]) {
          expect(seen(name, list)).toMatchObject({
            display_name: `I am ${name}`,
            expired_time: name === 'owner' ? 0 : -1,
            join_time: expect.any(Number),
          })
        }
      }
    })

    it.each(names)('hides from the %s only what ordinary members are to each other', async viewer => {
      const { owner, cast, group_id, seenBy } = await setup()
      dataOf(await owner.call('PUT', '/group/settings/hide_member_info', { body: { group_id, value: true } }))
      expect(await infoOf(cast[viewer], group_id)).toMatchObject({ hide_member_info: true })
      const ordinary = ['member', 'other']
      const seen = await seenBy(cast[viewer])
      for (const name of names) {
        for (const list of listsOf[name]) {
          const hidden = ordinary.includes(viewer) && ordinary.includes(name) && viewer !== name
          const shown = hidden
            ? { display_name: '', expired_time: 0 }
            : { display_name: `I am ${name}`, expired_time: name === 'owner' ? 0 : -1 }
          expect({ list, ...seen(name, list) }).toEqual({
            list,
            user_id: cast[name].id,
            join_time: expect.any(Number),
            ...shown,
          })
        }
      }
    })

    it('is for admins to switch, on and off again', async () => {
      const { admin, member, other, group_id, seenBy } = await setup()
      const set = (by: User, value: boolean) =>
        by.post('/group/settings/hide_member_info', { group_id, value })
      expectRefusal(await set(member, true), 20012)
      expect(dataOf(await set(admin, true))).toBe(true)
      expect((await seenBy(member))('other', 'member_list')).toMatchObject({ display_name: '' })
      expect(dataOf(await set(admin, false))).toBe(true)
      expect((await seenBy(member))('other', 'member_list')).toMatchObject({ display_name: 'I am other' })
      expect((await seenBy(other))('member', 'member_list')).toMatchObject({ display_name: 'I am member' })
    })
  })

  it('members/display_name answers in the order asked, once each, and leaves out non-members', async () => {
    const { owner, member, stranger } = await people(instance(), ['owner', 'member', 'stranger'])
    const group_id = await newGroup(owner, { user_list: [member.id] })
    dataOf(await member.post('/group/display_name', { group_id, value: 'Me' }))
    const user_list = [member.id, stranger.id, owner.id, member.id]
    expect(dataOf(await owner.post('/group/members/display_name', { group_id, user_list }))).toMatchObject([
      { user_id: member.id, display_name: 'Me', expired_time: 0 },
      { user_id: owner.id, display_name: '', expired_time: 0 },
    ])
    expectRefusal(await stranger.post('/group/members/display_name', { group_id, user_list }), 20011)
  })

  it('display names are per group and can be emptied', async () => {
    const { owner } = await people(instance(), ['owner'])
    const [a, b] = [await newGroup(owner), await newGroup(owner)]
    const nameIn = async (group_id: number) =>
      dataOf(await owner.get('/group/member_list', { group_id }))[0].display_name
    expect(
      dataOf(await owner.call('PUT', '/group/display_name', { body: { group_id: a, value: 'In A' } })),
    ).toBe(true)
    expect([await nameIn(a), await nameIn(b)]).toEqual(['In A', ''])
    dataOf(await owner.post('/group/display_name', { group_id: a, value: '' }))
    expect(await nameIn(a)).toBe('')
  })

  describe('modes', () => {
    it.each([0, 1, 2])('msg_mute_mode %d is taken', async msg_mute_mode => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      expect(
        dataOf(await owner.call('PUT', '/group/msg/mute_mode', { body: { group_id, msg_mute_mode } })),
      ).toEqual({})
      expect(await infoOf(owner, group_id)).toMatchObject({ msg_mute_mode, msg_push_mode: 0 })
    })

    it.each([0, 1, 2, 3, 4])('msg_push_mode %d is taken', async msg_push_mode => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      expect(dataOf(await owner.post('/group/msg/push_mode', { group_id, msg_push_mode }))).toEqual({})
      expect(await infoOf(owner, group_id)).toMatchObject({ msg_mute_mode: 0, msg_push_mode })
      expect(dataOf(await owner.get('/group/settings', { group_id }))).toMatchObject({ msg_push_mode })
    })

    it('outside of that are 10002 for muting and 20003 for pushing, whoever asks', async () => {
      const { owner, stranger } = await people(instance(), ['owner', 'stranger'])
      const group_id = await newGroup(owner)
      for (const mode of [-1, 3])
        expectRefusal(
          await owner.post('/group/msg/mute_mode', { group_id, msg_mute_mode: mode }),
          10002,
          'msg_mute_mode',
        )
      for (const mode of [-1, 5, 2 ** 53 - 1]) {
        expectRefusal(
          await owner.post('/group/msg/push_mode', { group_id, msg_push_mode: mode }),
          20003,
          'msg_push_mode',
        )
      }
      expect(await infoOf(owner, group_id)).toMatchObject({ msg_mute_mode: 0, msg_push_mode: 0 })
      for (const to of [group_id, 1]) {
        expectRefusal(
          await stranger.post('/group/msg/mute_mode', { group_id: to, msg_mute_mode: 3 }),
          10002,
          'msg_mute_mode',
        )
        expectRefusal(
          await stranger.post('/group/msg/push_mode', { group_id: to, msg_push_mode: 5 }),
          20003,
          'msg_push_mode',
        )
      }
    })

    it('not_disturb true is msg_mute_mode 1, false 0', async () => {
      const { owner, member } = await people(instance(), ['owner', 'member'])
      const group_id = await newGroup(owner, { user_list: [member.id] })
      for (const [value, msg_mute_mode] of [
        [true, 1],
        [false, 0],
      ] as const) {
        dataOf(await member.post('/group/msg/not_disturb', { group_id, value }))
        expect(await infoOf(member, group_id)).toMatchObject({ msg_mute_mode })
        expect(await infoOf(owner, group_id)).toMatchObject({ msg_mute_mode: 0 })
      }
    })
  })

  describe('numbers and booleans', () => {
    it('may come as decimal strings, and booleans as 0 and 1, in the body and in the query', async () => {
      const { owner, member } = await people(instance(), ['owner', 'member'])
      const group_id = await newGroup(owner, { user_list: [String(member.id)] })
      const set = (value: unknown) =>
        owner.post('/group/settings/enable_read_ack', { group_id: String(group_id), value })
      const readAck = async () => (await infoOf(owner, group_id)).read_ack
      for (const value of [1, '1', 'true', true]) {
        dataOf(await set(0))
        dataOf(await set(value))
        expect(await readAck()).toBe(true)
      }
      for (const value of [0, '0', 'false', false]) {
        dataOf(await set(1))
        dataOf(await set(value))
        expect(await readAck()).toBe(false)
      }
      dataOf(
        await owner.call('POST', '/group/settings/enable_read_ack', {
          query: { group_id, value: 1 },
          body: {},
        }),
      )
      expect(await readAck()).toBe(true)
      dataOf(
        await owner.call('PUT', '/group/settings/enable_read_ack', {
          query: { group_id: 5, value: 1 },
          body: { group_id, value: false },
        }),
      )
      expect(await readAck()).toBe(false)
      expect(
        dataOf(
          await owner.call('DELETE', '/group/kick', {
            query: { group_id },
            body: { user_list: [String(member.id)] },
          }),
        ),
      ).toMatchObject([{ user_id: member.id, result: 'success' }])
    })
  })
}
