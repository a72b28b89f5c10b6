import { describe, expect, it } from 'vitest'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  failed,
  infoOf,
  memberIds,
  newGroup,
  people,
  someReason,
  succeeded,
  type User,
} from '../../support/groups.ts'
import type { Rules } from '../rules.ts'

const minute = 60_000
const tenYears = 5_256_000

/**
 * Bans, ban_all and the blacklist (docs/behaviour.md, sections 4 and 5). What takes time to show is in
 * test/unit/expiry.test.ts.
 */
export const banRules: Rules = instance => {
  const setup = async () => {
    const cast = await people(instance(), ['owner', 'admin', 'second', 'member', 'friend', 'stranger'])
    const { owner, admin, second, member, friend } = cast
    const group_id = await newGroup(owner)
    await addAdmins(owner, group_id, [admin, second])
    await addMembers(owner, group_id, [member, friend])
    const banned = async (by: User = member) => {
      const answer = await by.get('/group/banned_list', { group_id })
      const found: { user_id: number; expired_time: number }[] = dataOf(answer)
      expect(answer.total).toBe(found.length)
      return found
    }
    const ban = (users: User[], duration: number, by = owner) =>
      by.post('/group/ban', { group_id, user_list: users.map(user => user.id), duration })
    const unban = (users: User[], by = owner) =>
      by.post('/group/unban', { group_id, user_list: users.map(user => user.id) })
    const expiryOf = async (user: User) => {
      const [found] = dataOf(
        await owner.post('/group/members/display_name', { group_id, user_list: [user.id] }),
      )
      return found.expired_time as number
    }
    return { ...cast, group_id, banned, ban, unban, expiryOf }
  }

  describe('ban', () => {
    it.each([1, 60, tenYears])('lasts %d minutes', async duration => {
      const { member, banned, ban, expiryOf } = await setup()
      const before = Date.now()
      expect(dataOf(await ban([member], duration))).toEqual([succeeded(member.id)])
      const [found] = await banned()
      expect(found).toMatchObject({ user_id: member.id, display_name: '', join_time: expect.any(Number) })
      const until = found?.expired_time ?? 0
      expect(until).toBeGreaterThanOrEqual(before + duration * minute)
      expect(until).toBeLessThan(before + duration * minute + minute)
      expect(await expiryOf(member)).toBe(until)
    })

    it('-1 is for ever', async () => {
      const { member, banned, ban, expiryOf } = await setup()
      dataOf(await ban([member], -1))
      expect(await banned()).toMatchObject([{ user_id: member.id, expired_time: -1 }])
      expect(await expiryOf(member)).toBe(-1)
    })

    it.each([0, -2, tenYears + 1, 1.5])('takes no duration of %d', async duration => {
      const { member, owner, group_id, banned, ban } = await setup()
      expectRefusal(await ban([member], duration), 10002, 'duration')
      expect(await banned()).toEqual([])
      expectRefusal(await owner.post('/group/settings/ban_all', { group_id, duration }), 10002, 'duration')
      expect(await infoOf(owner, group_id)).toMatchObject({ ban_expire_time: 0 })
    })

    it('is replaced by a new one, shorter or longer', async () => {
      const { member, ban, banned, expiryOf } = await setup()
      dataOf(await ban([member], -1))
      dataOf(await ban([member], 5))
      const short = await expiryOf(member)
      expect(short).toBeGreaterThan(0)
      dataOf(await ban([member], 500))
      expect(await expiryOf(member)).toBeGreaterThan(short + 400 * minute)
      dataOf(await ban([member], 5))
      expect(await expiryOf(member)).toBeLessThan(short + 400 * minute)
      expect(await banned()).toHaveLength(1)
    })

    it('is for members of a lower role only; the other items of the batch proceed', async () => {
      const { owner, admin, second, member, friend, stranger, ban, banned } = await setup()
      const answer = dataOf(await ban([stranger, second, owner, member, admin, friend], 5, admin))
      expect(answer).toEqual([
        failed(stranger.id, someReason),
        failed(second.id, someReason),
        failed(owner.id, someReason),
        succeeded(member.id),
        failed(admin.id, someReason),
        succeeded(friend.id),
      ])
      expect((await banned()).map(user => user.user_id)).toEqual([member.id, friend.id])
      expect(dataOf(await ban([admin, owner], 5, owner))).toEqual([
        succeeded(admin.id),
        failed(owner.id, someReason),
      ])
    })

    it('is lifted by unban, which succeeds for who is not banned', async () => {
      const { member, friend, stranger, owner, ban, unban, banned, expiryOf } = await setup()
      dataOf(await ban([member], -1))
      expect(dataOf(await unban([member, friend, stranger]))).toEqual([
        succeeded(member.id),
        succeeded(friend.id),
        failed(stranger.id, someReason),
      ])
      expect(await banned(owner)).toEqual([])
      expect(await expiryOf(member)).toBe(0)
    })
  })

  describe('ban_all', () => {
    const seconds = async (answer: Promise<{ data: { ban_expire_time: number } }>) =>
      (await answer).data.ban_expire_time

    it('answers its end in seconds, and info and settings say the same', async () => {
      const { owner, admin, member, group_id } = await setup()
      for (const duration of [1, 90, tenYears]) {
        const before = Math.floor(Date.now() / 1000)
        const until = await seconds(admin.post('/group/settings/ban_all', { group_id, duration }))
        expect(until).toBeGreaterThanOrEqual(before + duration * 60)
        expect(until).toBeLessThan(before + duration * 60 + 60)
        expect(await infoOf(member, group_id)).toMatchObject({ ban_expire_time: until })
        expect(dataOf(await owner.get('/group/settings', { group_id }))).toMatchObject({
          ban_expire_time: until,
        })
      }
    })

    it('is for ever with -1 and ends with unban_all', async () => {
      const { admin, member, group_id, banned } = await setup()
      expect(dataOf(await admin.post('/group/settings/ban_all', { group_id, duration: -1 }))).toEqual({
        ban_expire_time: -1,
      })
      expect(await infoOf(member, group_id)).toMatchObject({ ban_expire_time: -1 })
      expect(await banned()).toEqual([])
      expect(dataOf(await admin.post('/group/settings/unban_all', { group_id }))).toBe(true)
      expect(await infoOf(member, group_id)).toMatchObject({ ban_expire_time: 0 })
      expect(dataOf(await admin.post('/group/settings/unban_all', { group_id }))).toBe(true)
    })
  })

  describe('block', () => {
    const blocked = async (by: User, group_id: number) => {
      const answer = await by.get('/group/blocked_list', { group_id })
      const found: { user_id: number; group_id: number; created_at: string }[] = dataOf(answer)
      expect(answer.total).toBe(found.length)
      return found
    }

    it('removes members and takes non-members too, once', async () => {
      const { owner, admin, member, stranger, group_id } = await setup()
      const block = (by: User) => by.post('/group/block', { group_id, user_list: [stranger.id, member.id] })
      expect(dataOf(await block(admin))).toEqual([succeeded(stranger.id), succeeded(member.id)])
      expect(await memberIds(owner, group_id)).not.toContain(member.id)
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 4 })
      const found = await blocked(owner, group_id)
      expect(found.map(user => user.user_id)).toEqual([member.id, stranger.id])
      for (const { created_at, group_id: of } of found) {
        expect(of).toBe(group_id)
        expect(new Date(created_at).toISOString()).toBe(created_at)
        expect(Math.abs(Date.parse(created_at) - Date.now())).toBeLessThan(minute)
      }
      const refusal = await member.post('/group/apply', { group_id })
      expectRefusal(refusal, 20018)
      expect(dataOf(await block(owner))).toEqual([
        failed(stranger.id, refusal.message ?? ''),
        failed(member.id, refusal.message ?? ''),
      ])
      expect(await blocked(owner, group_id)).toEqual(found)
    })

    it('is not for the same or a higher role', async () => {
      const { owner, admin, second, member, group_id } = await setup()
      const user_list = [owner.id, second.id, admin.id, member.id]
      expect(dataOf(await admin.post('/group/block', { group_id, user_list }))).toEqual([
        failed(owner.id, someReason),
        failed(second.id, someReason),
        failed(admin.id, someReason),
        succeeded(member.id),
      ])
      expect(
        dataOf(await owner.post('/group/block', { group_id, user_list: [owner.id, second.id] })),
      ).toEqual([failed(owner.id, someReason), succeeded(second.id)])
      expect(
        dataOf(await owner.get('/group/admin_list', { group_id })).map(
          (user: { user_id: number }) => user.user_id,
        ),
      ).toEqual([owner.id, admin.id])
    })

    it('is lifted by unblock, which fails for who is not blocked', async () => {
      const { owner, member, stranger, group_id } = await setup()
      dataOf(await owner.post('/group/block', { group_id, user_list: [member.id] }))
      expect(
        dataOf(
          await owner.call('DELETE', '/group/unblock', {
            body: { group_id, user_list: [stranger.id, member.id] },
          }),
        ),
      ).toEqual([failed(stranger.id, someReason), succeeded(member.id)])
      expect(await blocked(owner, group_id)).toEqual([])
      expect(await memberIds(owner, group_id)).not.toContain(member.id)
      await addMembers(owner, group_id, [member])
    })

    it('ends a ban with the membership', async () => {
      const { owner, member, group_id, ban, banned } = await setup()
      dataOf(await ban([member], -1))
      dataOf(await owner.post('/group/block', { group_id, user_list: [member.id] }))
      expect(await banned(owner)).toEqual([])
    })
  })

  describe('kick', () => {
    it('is for a lower role only; the other items proceed', async () => {
      const { owner, admin, second, member, friend, stranger, group_id } = await setup()
      const user_list = [friend, owner, second, stranger, admin, member].map(user => user.id)
      expect(dataOf(await admin.call('DELETE', '/group/kick', { body: { group_id, user_list } }))).toEqual([
        succeeded(friend.id),
        failed(owner.id, someReason),
        failed(second.id, someReason),
        failed(stranger.id, someReason),
        failed(admin.id, someReason),
        succeeded(member.id),
      ])
      expect(await memberIds(owner, group_id)).toEqual([owner.id, admin.id, second.id])
      expect(dataOf(await owner.post('/group/kick', { group_id, user_list: [owner.id, admin.id] }))).toEqual([
        failed(owner.id, someReason),
        succeeded(admin.id),
      ])
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 2, owner_id: owner.id })
    })
  })

  describe('admins', () => {
    it('are made of members only and unmade of admins only', async () => {
      const { owner, admin, member, stranger, group_id } = await setup()
      const user_list = [stranger.id, owner.id, admin.id, member.id]
      expect(dataOf(await owner.post('/group/admin/add', { group_id, user_list }))).toEqual([
        failed(stranger.id, someReason),
        failed(owner.id, someReason),
        failed(admin.id, someReason),
        succeeded(member.id),
      ])
      expectRefusal(await admin.post('/group/admin/add', { group_id, user_list }), 20013)
      dataOf(await owner.post('/group/admin/remove', { group_id, user_list: [member.id] }))
      expect(
        dataOf(await owner.call('DELETE', '/group/admin/remove', { body: { group_id, user_list } })),
      ).toEqual([
        failed(stranger.id, someReason),
        failed(owner.id, someReason),
        succeeded(admin.id),
        failed(member.id, someReason),
      ])
      expectRefusal(await admin.post('/group/kick', { group_id, user_list: [member.id] }), 20012)
    })
  })
}
