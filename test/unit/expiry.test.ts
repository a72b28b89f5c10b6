import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  dataOf,
  expectRefusal,
  infoOf,
  memberIds,
  newGroup,
  people as peopleOf,
  qrOf,
  succeeded,
  type User,
} from '../support/groups.ts'
import { type ClockedInstance, startClocked } from '../support/in-process.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const week = 7 * day

/** What takes time: the service itself, with a clock that the test sets. */
describe('as time passes', () => {
  let service: ClockedInstance
  beforeAll(async () => {
    service = await startClocked()
  })
  beforeEach(() => {
    // On the hour, so that seconds are whole.
    service.advance(hour - (service.now() % hour))
  })
  afterEach(() => {
    expect(service.broken()).toEqual([])
  })
  afterAll(() => service.stop())

  const people = async <const Name extends string>(names: readonly Name[]): Promise<Record<Name, User>> =>
    peopleOf(service, names)
  const applying = async () => {
    const { owner, user } = await people(['owner', 'user'])
    const group_id = await newGroup(owner)
    return {
      owner,
      user,
      group_id,
      apply: () => user.post('/group/apply', { group_id }),
      handle: (approval = true) =>
        owner.post('/group/apply/handle', { group_id, user_id: user.id, approval }),
      listed: async () => dataOf(await owner.post('/group/application_list', { group_list: [group_id] })),
    }
  }
  const inviting = async () => {
    const { owner, member, shy } = await people(['owner', 'member', 'shy'])
    dataOf(await shy.post('/user/settings', { group_confirm: true }))
    const group_id = await newGroup(owner, { user_list: [member.id] })
    return {
      owner,
      member,
      shy,
      group_id,
      invite: async (by = owner) =>
        expect(dataOf(await by.post('/group/invite', { group_id, user_list: [shy.id] }))).toEqual([
          succeeded(shy.id),
        ]),
      handle: (user_id: number, approval = true) =>
        shy.post('/group/invite/handle', { group_id, user_id, approval }),
    }
  }

  describe('applications', () => {
    it('are good for 7 days', async () => {
      const early = await applying()
      dataOf(await early.apply())
      expect(await early.listed()).toMatchObject([{ expired_time: service.now() + week, status: 0 }])
      service.advance(week - 1)
      expect(dataOf(await early.handle())).toEqual(succeeded(early.user.id))

      for (const approval of [true, false]) {
        const late = await applying()
        dataOf(await late.apply())
        service.advance(week)
        expectRefusal(await late.handle(approval), 20014)
        expect(await memberIds(late.owner, late.group_id)).toEqual([late.owner.id])
      }
    })

    it('are renewed by applying again, before and after', async () => {
      const { user, apply, handle, listed } = await applying()
      dataOf(await apply())
      service.advance(week - hour)
      dataOf(await apply())
      expect(await listed()).toMatchObject([{ expired_time: service.now() + week }])
      service.advance(2 * week)
      expectRefusal(await handle(), 20014)
      dataOf(await apply())
      expect(dataOf(await handle())).toEqual(succeeded(user.id))
    })

    it('are good for as long as the app says', async () => {
      await service.setApp({ application_minutes: 10 })
      const { user, apply, handle } = await applying()
      dataOf(await apply())
      service.advance(10 * minute)
      expectRefusal(await handle(), 20014)
      dataOf(await apply())
      service.advance(10 * minute - 1)
      expect(dataOf(await handle())).toEqual(succeeded(user.id))
      await service.setApp({})
    })
  })

  describe('invitations', () => {
    it('are good for 7 days', async () => {
      const early = await inviting()
      await early.invite()
      expect(dataOf(await early.shy.get('/group/invitation_list'))).toMatchObject([
        { expired_time: service.now() + week, updated_at: new Date(service.now()).toISOString(), status: 0 },
      ])
      service.advance(week - 1)
      expect(dataOf(await early.handle(early.owner.id))).toBe(true)

      const late = await inviting()
      await late.invite()
      service.advance(week)
      for (const approval of [true, false]) {
        for (const inviter of [late.owner, late.shy])
          expectRefusal(await late.handle(inviter.id, approval), 20015)
      }
      expect(await memberIds(late.owner, late.group_id)).toEqual([late.owner.id, late.member.id])
      await late.invite()
      expect(dataOf(await late.handle(late.owner.id))).toBe(true)
    })

    it('are good for as long as the app says', async () => {
      await service.setApp({ invitation_minutes: 10 })
      const { owner, invite, handle } = await inviting()
      await invite()
      service.advance(10 * minute)
      expectRefusal(await handle(owner.id), 20015)
      await invite()
      service.advance(10 * minute - 1)
      expect(dataOf(await handle(owner.id))).toBe(true)
      await service.setApp({})
    })

    it('that are over do not stand before one that is not', async () => {
      const { owner, member, shy, invite, handle } = await inviting()
      await invite(owner)
      await service.setApp({ invitation_minutes: 10 })
      await invite(member)
      await service.setApp({})
      service.advance(hour)
      expectRefusal(await handle(member.id), 20015)
      // The newest pending one is the owner's.
      expect(dataOf(await handle(shy.id))).toBe(true)
    })
  })

  describe('QR codes', () => {
    it('are good for 7 days', async () => {
      const { owner, first, second } = await people(['owner', 'first', 'second'])
      const group_id = await newGroup(owner)
      const code = dataOf(await owner.get('/group/qrcode/sign', { group_id }))
      expect(code).toMatchObject({ create_at: service.now(), expire_at: service.now() + week })
      const { qr_info } = code
      service.advance(week - 1)
      dataOf(await first.post('/group/qrcode/invite', { qr_info }))
      service.advance(1)
      expectRefusal(await second.post('/group/qrcode/invite', { qr_info }), 20025)
      expectRefusal(await first.post('/group/qrcode/invite', { qr_info }), 20025)
      expectRefusal(
        await second.post('/group/qrcode/invite', {
          qr_info: qr_info.replace(String(code.expire_at), String(service.now() + week)),
        }),
        20024,
      )
      dataOf(await second.post('/group/qrcode/invite', { qr_info: await qrOf(owner, group_id) }))
    })

    it('are good for as long as the app says', async () => {
      await service.setApp({ qrcode_minutes: 1 })
      const { owner, user } = await people(['owner', 'user'])
      const qr_info = await qrOf(owner, await newGroup(owner))
      service.advance(minute)
      expectRefusal(await user.post('/group/qrcode/invite', { qr_info }), 20025)
      await service.setApp({})
    })
  })

  describe('bans', () => {
    const banning = async () => {
      const { owner, member, other } = await people(['owner', 'member', 'other'])
      const group_id = await newGroup(owner, { user_list: [member.id, other.id] })
      return {
        owner,
        member,
        other,
        group_id,
        ban: async (user: User, duration: number) =>
          dataOf(await owner.post('/group/ban', { group_id, user_list: [user.id], duration })),
        banned: async () => {
          const answer = await owner.get('/group/banned_list', { group_id })
          const ids = dataOf(answer).map((user: { user_id: number }) => user.user_id)
          expect(answer.total).toBe(ids.length)
          return ids
        },
        expiries: async () => {
          const lists = [
            dataOf(await owner.get('/group/member_list', { group_id })),
            dataOf(
              await owner.post('/group/members/display_name', {
                group_id,
                user_list: [owner.id, member.id, other.id],
              }),
            ),
          ]
          const [times, same] = lists.map(list =>
            list.map((user: { expired_time: number }) => user.expired_time),
          )
          expect(same).toEqual(times)
          return times
        },
      }
    }

    it('end by themselves', async () => {
      const { member, other, ban, banned, expiries } = await banning()
      await ban(member, 5)
      await ban(other, 60)
      const [short, long] = [service.now() + 5 * minute, service.now() + hour]
      expect(await expiries()).toEqual([0, short, long])
      service.advance(5 * minute - 1)
      expect(await banned()).toEqual([member.id, other.id])
      expect(await expiries()).toEqual([0, short, long])
      service.advance(1)
      expect(await banned()).toEqual([other.id])
      expect(await expiries()).toEqual([0, 0, long])
      service.advance(hour)
      expect(await banned()).toEqual([])
      expect(await expiries()).toEqual([0, 0, 0])
      await ban(member, 1)
      expect(await banned()).toEqual([member.id])
    })

    it('last ten years, and for ever', async () => {
      const { member, other, ban, banned, expiries } = await banning()
      await ban(member, 5_256_000)
      await ban(other, -1)
      const end = service.now() + 5_256_000 * minute
      service.advance(5_256_000 * minute - 1)
      expect(await expiries()).toEqual([0, end, -1])
      service.advance(1)
      expect(await banned()).toEqual([other.id])
      service.advance(20 * 365 * day)
      expect(await banned()).toEqual([other.id])
      expect(await expiries()).toEqual([0, 0, -1])
      service.advance(-30 * 365 * day)
    })

    it('of all end by themselves', async () => {
      const { owner, member, group_id } = await banning()
      const seen = async () => [
        (await infoOf(member, group_id)).ban_expire_time,
        dataOf(await owner.get('/group/settings', { group_id })).ban_expire_time,
      ]
      const { ban_expire_time } = dataOf(
        await owner.post('/group/settings/ban_all', { group_id, duration: 5 }),
      )
      expect(ban_expire_time).toBe((service.now() + 5 * minute) / second)
      service.advance(5 * minute - 1)
      expect(await seen()).toEqual([ban_expire_time, ban_expire_time])
      service.advance(1)
      expect(await seen()).toEqual([0, 0])
      dataOf(await owner.post('/group/settings/ban_all', { group_id, duration: -1 }))
      service.advance(365 * day)
      expect(await seen()).toEqual([-1, -1])
    })
  })
})
