import { beforeAll, describe, expect, it } from 'vitest'
import { Client, callers, signToken } from '../../support/client.ts'
import { newTenant, times } from '../../support/crowds.ts'
import { administratorOf, eventsAfter, FrameReader } from '../../support/events.ts'
import { addAdmins, addMembers, dataOf, newGroup, people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** Server-Sent Events: /events/stream for servers, /events/mine for users. */
export const streamsSuite: Suite = (instance, pace) => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await newTenant(instance(), 'events-streams')
  })
  const setup = async () => {
    const admin = await administratorOf(instance(), tenant)
    const cast = await people(instance(), ['owner', 'friend', 'other'], tenant)
    return { tenant, admin, ...cast }
  }

  describe('/events/stream', () => {
    it('says hello, then each event with its cursor and kind', async () => {
      const { admin, owner } = await setup()
      const stream = await FrameReader.open(admin, '/events/stream')
      expect(stream.status).toBe(200)
      expect(stream.headers.get('content-type')).toBe('text/event-stream')
      expect(stream.headers.get('x-accel-buffering')).toBe('no')
      expect(stream.headers.get('cache-control')).toBe('no-store')
      const hello = await stream.next()
      expect(hello?.event).toBe('hello')
      expect(JSON.parse(hello?.data ?? '{}')).toMatchObject({ resumed: false, head: hello?.id })
      const group_id = await newGroup(owner)
      const [created, joined] = [await stream.next(), await stream.next()]
      expect([created?.event, joined?.event]).toEqual(['group.created', 'group.member.joined'])
      expect(JSON.parse(joined?.data ?? '{}')).toMatchObject({
        cursor: joined?.id,
        group_id,
        users: [owner.id],
      })
      stream.close()
    })

    it('goes on where a reader stopped, by Last-Event-ID as by after', async () => {
      const { admin, owner } = await setup()
      const first = await FrameReader.open(admin, '/events/stream')
      const hello = await first.next()
      first.close()
      const group_id = await newGroup(owner)
      dataOf(await owner.post('/group/info/name', { group_id, value: 'Missed' }))
      const missed = (await eventsAfter(admin, hello?.id ?? '')).map(({ cursor }) => cursor)
      expect(missed).toHaveLength(3)
      for (const [path, headers] of [
        [`/events/stream?after=${hello?.id}`, {}],
        ['/events/stream', { 'last-event-id': hello?.id ?? '' }],
      ] as const) {
        const stream = await FrameReader.open(admin, path, headers)
        expect(await stream.nextData()).toMatchObject({ resumed: true })
        const found = []
        for (const _ of missed) found.push((await stream.next())?.id)
        expect(found).toEqual(missed)
        stream.close()
      }
      // Readers in pages of another origin send it, too, where they read with fetch.
      const preflight = await admin.call('OPTIONS', '/events/stream')
      expect(preflight.headers.get('access-control-allow-headers')).toContain('last-event-id')
    })

    it('says so where it cannot go on from a cursor', async () => {
      const { admin } = await setup()
      const stream = await FrameReader.open(admin, '/events/stream', { 'last-event-id': 'zzzzzz.3' })
      expect(await stream.nextData()).toMatchObject({ resumed: false })
      stream.close()
    })

    it('can be narrowed to kinds', async () => {
      const { admin, owner } = await setup()
      const stream = await FrameReader.open(admin, '/events/stream?kinds=group.destroyed')
      await stream.next()
      const group_id = await newGroup(owner)
      dataOf(await owner.post('/group/destroy', { group_id }))
      expect(await stream.next()).toMatchObject({ event: 'group.destroyed' })
      stream.close()
    })

    it('is closed to users, and takes a token in the query where a browser sends no headers', async () => {
      const { tenant, owner } = await setup()
      expect((await FrameReader.open(owner, '/events/stream')).status).toBe(403)
      const token = await signToken(tenant.secret, { app: tenant.app_id, role: 2 })
      const bare = new Client(instance(), {})
      const stream = await FrameReader.open(
        bare,
        `/events/stream?app_id=${tenant.app_id}&access-token=${token}`,
      )
      expect((await stream.next())?.event).toBe('hello')
      stream.close()
    })
  })

  describe('/events/mine', () => {
    it('hints at what happens in the groups of the caller, and in no other', async () => {
      const { owner, friend, other } = await setup()
      const group_id = await newGroup(owner)
      const stream = await FrameReader.open(friend, '/events/mine')
      expect((await stream.next())?.event).toBe('hello')
      dataOf(await owner.post('/group/info/name', { group_id, value: 'Not a member yet' }))
      await addMembers(owner, group_id, [friend])
      await newGroup(other)
      dataOf(await owner.post('/group/info/name', { group_id, value: 'A member' }))
      expect(await stream.nextData()).toEqual({ group_id, version: 3, kind: 'group.member.joined' })
      expect(await stream.nextData()).toEqual({ group_id, version: 4, kind: 'group.profile.changed' })
      stream.close()
    })

    it('tells who is kicked, and then nothing more', async () => {
      const { owner, friend } = await setup()
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [friend])
      const stream = await FrameReader.open(friend, '/events/mine')
      await stream.next()
      dataOf(await owner.post('/group/kick', { group_id, user_list: [friend.id] }))
      dataOf(await owner.post('/group/info/name', { group_id, value: 'Without' }))
      const own = await newGroup(friend)
      expect(await stream.nextData()).toEqual({ group_id, version: 3, kind: 'group.member.kicked' })
      expect(await stream.nextData()).toEqual({ group_id: own, version: 1, kind: 'group.created' })
      stream.close()
    })

    it('keeps applications, bans, the blacklist and others’ preferences from ordinary members', async () => {
      const { owner, friend, other } = await setup()
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [friend, other])
      const [plain, admin] = [
        await FrameReader.open(friend, '/events/mine'),
        await FrameReader.open(owner, '/events/mine'),
      ]
      await plain.next()
      await admin.next()
      dataOf(await other.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 1 }))
      dataOf(await owner.post('/group/ban', { group_id, user_list: [other.id], duration: 5 }))
      dataOf(await owner.post('/group/ban', { group_id, user_list: [friend.id], duration: 5 }))
      dataOf(await owner.post('/group/destroy', { group_id }))
      const kindsOf = async (stream: FrameReader, count: number) => {
        const kinds = []
        for (const _ of times(count)) kinds.push((await stream.nextData())?.kind)
        return kinds
      }
      expect(await kindsOf(plain, 2)).toEqual(['group.member.banned', 'group.destroyed'])
      expect(await kindsOf(admin, 3)).toEqual([
        'group.member.banned',
        'group.member.banned',
        'group.destroyed',
      ])
      plain.close()
      admin.close()
    })

    it('tells a new admin what admins hear', async () => {
      const { owner, friend, other } = await setup()
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [friend, other])
      const stream = await FrameReader.open(friend, '/events/mine')
      await stream.next()
      await addAdmins(owner, group_id, [friend])
      dataOf(await owner.post('/group/ban', { group_id, user_list: [other.id], duration: 5 }))
      expect((await stream.nextData())?.kind).toBe('group.admin.granted')
      expect((await stream.nextData())?.kind).toBe('group.member.banned')
      stream.close()
    })

    it('is open twenty times for one user at most, and as often for the next', async () => {
      const { friend, other } = await setup()
      // A HEAD has no stream to hold.
      for (const _ of times(25)) expect((await friend.call('HEAD', '/events/mine')).status).toBe(200)
      const streams = await Promise.all(times(20).map(() => FrameReader.open(friend, '/events/mine')))
      expect(streams.map(({ status }) => status)).toEqual(times(20).map(() => 200))
      const answer = await friend.get('/events/mine')
      expect(answer).toMatchObject({ status: 429, code: 429 })
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      const another = await FrameReader.open(other, '/events/mine')
      expect(another.status).toBe(200)
      for (const stream of streams) stream.close()
      another.close()
      // A Worker learns only with the next comments that a reader has gone.
      if (pace === 'slow') return
      const status = async () => {
        const again = await FrameReader.open(friend, '/events/mine')
        again.close()
        return again.status
      }
      await expect.poll(status, { timeout: 20_000 }).toBe(200)
    })

    it('ends with the token', async () => {
      const { tenant, friend } = await setup()
      const exp = Math.floor(Date.now() / 1000) + 1
      const token = await signToken(tenant.secret, {
        app: tenant.app_id,
        role: 1,
        sub: String(friend.id),
        exp,
      })
      const { app_id } = tenant
      const stream = await FrameReader.open(
        new Client(instance(), { app_id, 'access-token': token }),
        '/events/mine',
      )
      expect((await stream.next())?.event).toBe('hello')
      // Clocks may differ by half a minute; a token that was let in stays good no longer than it says.
      expect(await stream.ended(15_000)).toBe(true)
    })

    it('ends when the secret behind the token is gone', async () => {
      const own = await newTenant(instance(), 'events-rotated')
      const { friend } = await people(instance(), ['friend'], own)
      const stream = await FrameReader.open(friend, '/events/mine')
      await stream.next()
      const secret = await instance().rotateSecret(own.app_id, { dropOld: true })
      expect(await stream.ended(20_000)).toBe(true)
      const again = await callers(instance(), own.app_id, secret).as(friend.id)
      const stream2 = await FrameReader.open(again, '/events/mine')
      expect((await stream2.next())?.event).toBe('hello')
      stream2.close()
    })
  })

  it.skipIf(pace === 'slow')('a thousand streams hear of one change', async () => {
    const { admin, owner } = await setup()
    const streams = await Promise.all(times(1000).map(() => FrameReader.open(admin, '/events/stream')))
    for (const stream of streams) expect((await stream.next())?.event).toBe('hello')
    await newGroup(owner)
    for (const stream of streams) expect((await stream.next())?.event).toBe('group.created')
    for (const stream of streams) stream.close()
  })
}
