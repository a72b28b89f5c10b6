import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Claims, Client, signToken } from '../support/client.ts'
import {
  addMembers,
  dataOf,
  expectRefusal,
  infoOf,
  newGroup,
  openDoors,
  people as peopleOf,
  succeeded,
  type User,
} from '../support/groups.ts'
import { type ClockedInstance, startClocked } from '../support/in-process.ts'
import { sendTo } from '../support/uploads.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/**
 * Tokens, links and ids under a clock that goes on, or back: the service itself, with a clock that the test
 * sets.
 */
describe('as the clock goes', () => {
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
  const clientWith = async (claims: Claims, id = 4711) => {
    const { app_id, secret } = service
    const token = await signToken(secret, {
      app: app_id,
      role: 1,
      sub: String(id),
      iat: seconds(),
      ...claims,
    })
    return new Client(service, { app_id, 'access-token': token })
  }
  const seconds = () => Math.floor(service.now() / second)

  describe('access tokens', () => {
    const joined = (client: Client) => client.get('/group/user_joined')

    it('are 402 from their exp on, also when they were just good', async () => {
      const cached = await clientWith({ exp: seconds() + 60 })
      const unseen = await clientWith({ exp: seconds() + 60 }, 4712)
      for (let n = 0; n < 3; n++) dataOf(await joined(cached))
      service.advance(minute - second)
      dataOf(await joined(cached))
      service.advance(second)
      for (const client of [cached, unseen, cached]) expectRefusal(await joined(client), 402)
      service.advance(hour)
      for (const client of [cached, unseen]) expectRefusal(await joined(client), 402)
    })

    it('are good for years without exp', async () => {
      const client = await clientWith({})
      dataOf(await joined(client))
      service.advance(3 * 365 * day)
      dataOf(await joined(client))
    })

    it('are 10008 until their nbf and good from then on', async () => {
      const client = await clientWith({ nbf: seconds() + 3600 })
      for (let n = 0; n < 2; n++) expectRefusal(await joined(client), 10008)
      service.advance(hour)
      dataOf(await joined(client))
    })

    it('are 10008 if they were made in the future', async () => {
      const client = await clientWith({ iat: seconds() + 3600 })
      expectRefusal(await joined(client), 10008)
      service.advance(hour)
      dataOf(await joined(client))
    })

    it('of administrators pass as well', async () => {
      const { app_id, secret } = service
      const token = await signToken(secret, { app: app_id, role: 2, iat: seconds(), exp: seconds() + 10 })
      const admin = new Client(service, { app_id, 'access-token': token })
      dataOf(await admin.get('/group/public_list'))
      service.advance(11 * second)
      expectRefusal(await admin.get('/group/public_list'), 402)
    })
  })

  it('upload URLs are good for 15 minutes', async () => {
    const { user } = await people(['user'])
    const ask = async () => dataOf(await user.get('/file/upload/avatar/user'))
    const png = new Uint8Array(
      Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64',
      ),
    )
    const [early, late] = [await ask(), await ask()]
    service.advance(15 * minute - 1)
    expect(await (await sendTo(early, png)).json()).toMatchObject({ code: 200, data: true })
    service.advance(1)
    expect(await (await sendTo(late, png)).json()).toMatchObject({ code: 10031, data: null })
    const download = (url: string) => fetch(url, { headers: user.headers })
    expect((await download(early.download_url)).status).toBe(200)
    expect((await download(late.download_url)).status).toBe(404)
  })

  it('a cursor stays good', async () => {
    const { owner } = await people(['owner'])
    const group_id = await newGroup(owner)
    const user_list = Array.from({ length: 5 }, (_, i) => 40_000_000 + i)
    dataOf(await owner.post('/group/invite', { group_id, user_list }))
    const page = (cursor = '') => owner.get('/group/member_list', { group_id, limit: 3, cursor })
    const first = await page()
    service.advance(400 * day)
    await service.restart()
    const rest = await page(first.cursor)
    expect([...dataOf(first), ...dataOf(rest)].map(member => member.user_id)).toEqual([
      owner.id,
      ...user_list,
    ])
    expect(rest.cursor).toBe('')
  })

  describe('when the clock jumps back', () => {
    it('ids go on growing, so that lists keep their order', async () => {
      const { owner, user } = await people(['owner', 'user'])
      const group_id = await newGroup(owner, { type: 2, user_list: [user.id] })
      const publish = async (title: string) =>
        dataOf(await owner.post('/group/announcement/edit', { group_id, title, content: '' })).id as number
      const share = async (name: string) =>
        dataOf(
          await owner.post('/group/file/upload', { group_id, name, size: 1, url: 'https://example.org/x' }),
        ).file_id as number
      const announcements = [await publish('First')]
      const files = [await share('first')]
      const rooms = [group_id]
      for (const jump of [-hour, -1, second, -day, 2 * day]) {
        service.advance(jump)
        announcements.push(await publish(String(jump)))
        files.push(await share(String(jump)))
        rooms.push(await newGroup(owner, { type: 2 }))
      }
      const idsOf = async (path: string, id: string) =>
        dataOf(await user.get(path, { group_id })).map((item: Record<string, number>) => item[id])
      expect(await idsOf('/group/announcement/list', 'id')).toEqual(announcements)
      expect(dataOf(await user.get('/group/announcement/last', { group_id })).id).toBe(announcements.at(-1))
      expect(await idsOf('/group/file/list', 'file_id')).toEqual([...files].reverse())
      expect(dataOf(await user.get('/group/public_list')).slice(0, rooms.length)).toEqual(
        [...rooms].reverse(),
      )
      expect(new Set([...announcements, ...files, ...rooms]).size).toBe(
        announcements.length + files.length + rooms.length,
      )
    })

    it('bans, applications and invitations stand', async () => {
      const { owner, member, applicant, shy } = await people(['owner', 'member', 'applicant', 'shy'])
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      const group_id = await newGroup(owner, { user_list: [member.id, shy.id] })
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
      dataOf(await owner.post('/group/settings/ban_all', { group_id, duration: 5 }))
      dataOf(await applicant.post('/group/apply', { group_id }))
      const until = service.now() + 5 * minute
      service.advance(-hour)
      expect(dataOf(await owner.get('/group/banned_list', { group_id }))).toMatchObject([
        { user_id: member.id, expired_time: until },
      ])
      expect(await infoOf(member, group_id)).toMatchObject({ ban_expire_time: until / second })
      expect(
        dataOf(await owner.post('/group/apply/handle', { group_id, user_id: applicant.id, approval: true })),
      ).toEqual(succeeded(applicant.id))
      expect(
        dataOf(await shy.post('/group/invite/handle', { group_id, user_id: owner.id, approval: true })),
      ).toBe(true)
      service.advance(hour + 5 * minute)
      expect(dataOf(await owner.get('/group/banned_list', { group_id }))).toEqual([])
    })

    it('and the service starts anew, newest is still newest', async () => {
      const { owner, user, friend } = await people(['owner', 'user', 'friend'])
      dataOf(await friend.post('/user/settings', { group_confirm: true }))
      const group_id = await newGroup(owner, { type: 2 })
      const publish = async (title: string) =>
        dataOf(await owner.post('/group/announcement/edit', { group_id, title, content: '' })).id as number
      service.advance(day)
      const before = await publish('a day ahead')
      const place = dataOf(await user.get('/file/upload/avatar/user'))
      const invite = () => owner.post('/group/invite', { group_id, user_list: [friend.id] })
      dataOf(await invite())
      for (let n = 0; n < 3; n++) {
        service.advance(n === 0 ? -day : 0)
        await service.restart()
        const after = await publish('corrected')
        expect(after).toBeGreaterThan(before)
        expect(dataOf(await owner.get('/group/announcement/last', { group_id })).id).toBe(after)
        const room = await newGroup(owner, { type: 2 })
        expect(dataOf(await user.get('/group/public_list'))[0]).toBe(room)
        const next = dataOf(await user.get('/file/upload/avatar/user'))
        expect(next.download_url).not.toBe(place.download_url)
        const invited = await newGroup(owner, { user_list: [friend.id] })
        expect(dataOf(await friend.get('/group/invitation_list', { limit: 1 }))).toMatchObject([
          { group_id: invited },
        ])
      }
    })

    it.each([
      ['before 2024', Date.UTC(2015, 5, 1)],
      ['at the start of 1970', 0],
      ['in 2100', Date.UTC(2100, 5, 1)],
      ['at the end of what a date can be', 8_640_000_000_000_000 - 400 * day],
    ])('and stands %s, ids are safe and grow', async (_, now) => {
      const there = service.now()
      for (const restarts of [false, true]) {
        service.advance(now - service.now())
        if (restarts) await service.restart()
        const [owner, user] = [await clientWith({}, 51), await clientWith({}, 52)]
        const made: number[] = []
        for (let n = 0; n < 3; n++) {
          const group_id = await newGroup(owner, { type: 2 })
          await openDoors(owner, group_id)
          expect(dataOf(await user.post('/group/apply', { group_id }))).toEqual(succeeded(52))
          made.push(
            group_id,
            dataOf(await owner.post('/group/announcement/edit', { group_id, title: 'a', content: '' })).id,
          )
        }
        expect(made).toEqual([...made].sort((a, b) => a - b))
        expect(new Set(made).size).toBe(made.length)
        for (const id of made) expect(Number.isSafeInteger(id) && id > 0).toBe(true)
        service.advance(there - service.now())
        const next = await newGroup(owner)
        expect(next).toBeGreaterThan(made.at(-1) ?? 0)
      }
    })

    it('and the service starts anew, everything goes on', async () => {
      const { owner, user } = await people(['owner', 'user'])
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [user])
      service.advance(-day)
      await service.restart()
      const another = await newGroup(owner)
      await openDoors(owner, another)
      expect(dataOf(await user.post('/group/apply', { group_id: another }))).toEqual(succeeded(user.id))
      expect(new Set(dataOf(await user.get('/group/user_joined')))).toEqual(new Set([group_id, another]))
      dataOf(await user.post('/group/leave', { group_id }))
    })
  })
})
