import { beforeAll, describe, expect, it } from 'vitest'
import { type Client, callers } from '../../support/client.ts'
import {
  deliver,
  expectBytes,
  expectRefused,
  newTenants,
  placeFor,
  read,
  sendFile,
  signOf,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { jpeg, someBytes, voice } from '../../support/fixtures.ts'
import { addMembers, dataOf, expectRefusal, newGroup, people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'
import { conversions } from './pictures.ts'

interface Receiver {
  readonly to_id: number
  readonly to_type?: number
}

/** Forwarding: new readers for the same bytes (docs/behaviour.md, section 7; file-security 20, 21, 28). */
export const forwards: Suite = instance => {
  let tenants: Record<'neighbour' | 'quota', Tenant>
  beforeAll(async () => {
    tenants = await newTenants(instance(), 'forwards', { neighbour: {}, quota: { user_quota_bytes: 100 } })
  })

  const ask = (client: Client, url: string, receiver: Receiver) =>
    client.get('/file/upload/forward', {
      file_sign: signOf(url),
      to_id: receiver.to_id,
      ...(receiver.to_type !== undefined && { to_type: receiver.to_type }),
    })
  const forwarded = async (client: Client, url: string, receiver: Receiver): Promise<string> =>
    dataOf(await ask(client, url, receiver))

  it('answers a download URL like any other', async () => {
    const { sender, friend, third } = await people(instance(), ['sender', 'friend', 'third'])
    const bytes = someBytes(400)
    const url = await sendFile(sender, toUser(friend), bytes)
    for (const receiver of [{ to_id: third.id }, toUser(third)]) {
      const again = await forwarded(friend, url, receiver)
      expect(again).toMatch(/^https?:\/\/[^?]+\/file\/download\/chat\?file_sign=[\w.-]+$/)
      expect(signOf(again)).not.toBe(signOf(url))
      expectBytes(await read(third, again), bytes)
      expectBytes(await read(friend, again), bytes)
    }
  })

  it('opens the file for its new receiver, and for nobody else (security 20)', async () => {
    const { owner, member, friend, stranger, other } = await people(instance(), [
      'owner',
      'member',
      'friend',
      'stranger',
      'other',
    ])
    const [from, to] = [
      await newGroup(owner, { user_list: [member.id] }),
      await newGroup(friend, { user_list: [other.id] }),
    ]
    const bytes = await jpeg(300, 200)
    const url = await sendFile(owner, { ...toGroup(from), file_type: 102 }, bytes)
    const first = await forwarded(member, url, toUser(friend))
    const second = await forwarded(friend, first, toGroup(to))
    const mayRead: readonly (readonly [string, readonly Client[], readonly Client[]])[] = [
      [url, [owner, member], [friend, other, stranger]],
      [first, [member, friend], [owner, other, stranger]],
      [second, [friend, other], [owner, member, stranger]],
    ]
    for (const [at, readers, others] of mayRead) {
      for (const query of [{}, { image_type: 2 }]) {
        for (const reader of readers) expect((await read(reader, at, { query })).status).toBe(200)
        for (const reader of others) expectRefused(await read(reader, at, { query }), 403, 10010)
      }
    }
  })

  it('outlives the place of its forwarder, and the group it came from', async () => {
    const { owner, member, friend } = await people(instance(), ['owner', 'member', 'friend'])
    const group_id = await newGroup(owner, { user_list: [member.id] })
    const bytes = someBytes(200)
    const url = await sendFile(owner, toGroup(group_id), bytes)
    const before = await forwarded(member, url, toUser(friend))
    dataOf(await owner.post('/group/kick', { group_id, user_list: [member.id] }))
    expectRefused(await read(member, url), 403, 10010)
    expectRefusal(await ask(member, url, toUser(friend)), 10010)
    for (const reader of [member, friend]) expectBytes(await read(reader, before), bytes)
    const further = await forwarded(friend, before, toUser(owner))
    dataOf(await owner.post('/group/destroy', { group_id }))
    await instance().gc?.()
    expect([403, 404]).toContain((await read(owner, url)).status)
    for (const reader of [member, friend]) expectBytes(await read(reader, before), bytes)
    for (const reader of [friend, owner]) expectBytes(await read(reader, further), bytes)
  })

  describe('is ended by POST /file/revoke', () => {
    const revoke = (client: Client, url: string) => client.post('/file/revoke', { file_sign: signOf(url) })
    const expectEnded = async (reader: Client, url: string) => {
      expectRefused(await read(reader, url), 404, 20022)
      expectRefusal(await ask(reader, url, { to_id: 1 }), 20022)
    }

    it('by the sender of the original: every grant of it, whichever of them is named', async () => {
      const { sender, friend, third } = await people(instance(), ['sender', 'friend', 'third'])
      for (const named of [0, 1, 2]) {
        const url = await sendFile(sender, toUser(friend), someBytes(70))
        const first = await forwarded(friend, url, toUser(third))
        const second = await forwarded(third, first, toUser(friend))
        const all = [url, first, second]
        for (const client of [friend, third]) expectRefusal(await revoke(client, url), 10010)
        expectBytes(await read(friend, second), someBytes(70))
        expect(dataOf(await revoke(sender, all[named] as string))).toBe(true)
        await instance().gc?.()
        for (const ended of all) await expectEnded(friend, ended)
        expectRefusal(await revoke(sender, url), 20022)
      }
    })

    it('by an admin of the group it was sent to: what was sent there, and forwarded from there', async () => {
      const names = ['owner', 'sender', 'member', 'friend', 'other'] as const
      const { owner, sender, member, friend, other } = await people(instance(), names)
      const group_id = await newGroup(owner, { user_list: [sender.id, member.id] })
      const url = await sendFile(sender, toGroup(group_id), someBytes(71))
      const fromGroup = await forwarded(member, url, toUser(friend))
      const further = await forwarded(friend, fromGroup, toUser(other))
      const direct = await sendFile(sender, toUser(friend), someBytes(72))
      const into = await forwarded(sender, direct, toGroup(group_id))
      for (const client of [member, friend, other]) expectRefusal(await revoke(client, url), 10010)
      expectRefusal(await revoke(owner, fromGroup), 10010)
      for (const ended of [url, into]) expect(dataOf(await revoke(owner, ended))).toBe(true)
      await instance().gc?.()
      for (const [reader, ended] of [
        [member, url],
        [sender, url],
        [friend, fromGroup],
        [other, further],
        [member, into],
      ] as const)
        await expectEnded(reader, ended)
      expectBytes(await read(friend, direct), someBytes(72))
    })

    it("by the app's own server, and by one bound to the group as by its owner", async () => {
      const { owner, friend } = await people(instance(), ['owner', 'friend'])
      const group_id = await newGroup(owner)
      const [toFriend, inGroup] = [
        await sendFile(owner, toUser(friend), someBytes(73)),
        await sendFile(owner, toGroup(group_id), someBytes(74)),
      ]
      const bound = await callers(instance()).admin({ group_id })
      expectRefusal(await revoke(bound, toFriend), 10010)
      expect(dataOf(await revoke(bound, inGroup))).toBe(true)
      await expectEnded(owner, inGroup)
      expect(dataOf(await revoke(await callers(instance()).admin(), toFriend))).toBe(true)
      await expectEnded(friend, toFriend)
    })

    it('with a sign of this app alone', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const { stranger } = await people(instance(), ['stranger'], tenants.neighbour)
      const url = await sendFile(sender, toUser(friend), someBytes(75))
      expectRefusal(await revoke(stranger, url), 10030)
      expectRefusal(await revoke(sender, `${url}x`), 10030)
      expectRefusal(await sender.post('/file/revoke', {}), 10002, 'file_sign')
    })
  })

  it('copies nothing: it costs no quota, and what was made of the file is there', async () => {
    const { sender, friend, third } = await people(instance(), ['sender', 'friend', 'third'], tenants.quota)
    const url = await sendFile(sender, { ...toUser(friend), file_type: 101 }, voice(1).slice(0, 6 + 32 * 2))
    const mp3 = await read(friend, url, { query: { format: 'mp3' } })
    expect(mp3.status).toBe(200)
    const made = await conversions(instance())
    for (let i = 0; i < 5; i++) {
      const again = await forwarded(friend, url, toUser(third))
      expectBytes(await read(third, again, { query: { format: 'mp3' } }), mp3.bytes)
    }
    expect(await conversions(instance())).toBe(made)
    await sendFile(friend, toUser(third), someBytes(100))
  })

  it('may come before the bytes', async () => {
    const { sender, friend, third } = await people(instance(), ['sender', 'friend', 'third'])
    const place = await placeFor(sender, toUser(friend))
    const again = await forwarded(sender, place.download_url, toUser(third))
    expectRefused(await read(third, again), 404, 20022)
    await deliver(place, someBytes(30))
    expectBytes(await read(third, again), someBytes(30))
  })

  describe('is refused', () => {
    it('to who may not read the file (security 21)', async () => {
      const { owner, member, outsider } = await people(instance(), ['owner', 'member', 'outsider'])
      const group_id = await newGroup(owner, { user_list: [member.id] })
      const [toFriend, inGroup] = [
        await sendFile(owner, toUser(member), someBytes(10)),
        await sendFile(owner, toGroup(group_id), someBytes(10)),
      ]
      for (const url of [toFriend, inGroup]) {
        expectRefusal(await ask(outsider, url, toUser(outsider)), 10010)
        expectRefusal(
          await ask(await callers(instance()).admin({ user_id: outsider.id }), url, toUser(outsider)),
          10010,
        )
      }
      dataOf(await owner.post('/group/block', { group_id, user_list: [member.id] }))
      expectRefusal(await ask(member, inGroup, toUser(member)), 10010)
      dataOf(await owner.post('/group/destroy', { group_id }))
      for (const client of [owner, member])
        expect([10010, 20022]).toContain((await ask(client, inGroup, toUser(owner))).code)
    })

    it('with a sign that is wrong, or of another app (security 8)', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const { stranger } = await people(instance(), ['stranger'], tenants.neighbour)
      const url = await sendFile(sender, toUser(friend), someBytes(10))
      expectRefusal(await ask(stranger, url, toUser(stranger)), 10030)
      for (const sign of [
        'x',
        `${signOf(url)}x`,
        signOf(url).replace('.', '..'),
        '../x',
        "' OR 1=1",
        'x'.repeat(200),
      ]) {
        expectRefusal(await ask(friend, `sign=${sign}`, toUser(sender)), 10030)
      }
      expectRefusal(await friend.get('/file/upload/forward', { to_id: sender.id }), 10002, 'file_sign')
      expectRefusal(await ask(friend, `sign=${'x'.repeat(600)}`, toUser(sender)), 10002, 'file_sign')
      for (const to_id of [0, -1]) expectRefusal(await ask(friend, url, { to_id }), 10002, 'to_id')
      for (const to_type of [0, 3])
        expectRefusal(await ask(friend, url, { to_id: 1, to_type }), 10002, 'to_type')
    })

    it('to a group that the caller may not send to', async () => {
      const { owner, member, outsider } = await people(instance(), ['owner', 'member', 'outsider'])
      const { stranger } = await people(instance(), ['stranger'], tenants.neighbour)
      const url = await sendFile(owner, toUser(member), someBytes(10))
      const foreign = await newGroup(stranger)
      const group_id = await newGroup(owner)
      for (const [at, code] of [
        [group_id, 20011],
        [foreign, 20001],
        [5, 20001],
      ] as const) {
        expectRefusal(await ask(member, url, toGroup(at)), code)
      }
      await addMembers(owner, group_id, [member, outsider])
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
      expectRefusal(await ask(member, url, toGroup(group_id)), 10010)
      dataOf(await owner.post('/group/unban', { group_id, user_list: [member.id] }))
      dataOf(await owner.post('/group/settings/ban_all', { group_id, duration: 5 }))
      expectRefusal(await ask(member, url, toGroup(group_id)), 10010)
      dataOf(await owner.post('/group/settings/unban_all', { group_id }))
      const again = await forwarded(member, url, toGroup(group_id))
      expectBytes(await read(outsider, again), someBytes(10))
      dataOf(await owner.post('/group/destroy', { group_id }))
      expectRefusal(await ask(member, url, toGroup(group_id)), 20001)
    })

    it('to an administrator who does not say as whom', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const { admin } = callers(instance())
      const url = await sendFile(sender, toUser(friend), someBytes(10))
      expectRefusal(await ask(await admin(), url, toUser(friend)), 10002, 'user_id')
      expectBytes(
        await read(sender, await forwarded(await admin({ user_id: friend.id }), url, toUser(sender))),
        someBytes(10),
      )
    })
  })
}
