import { beforeAll, describe, expect, it } from 'vitest'
import { lacking } from '../../support/capabilities.ts'
import { type Client, callers } from '../../support/client.ts'
import {
  expectBytes,
  expectRefused,
  newTenants,
  nobody,
  placeFor,
  read,
  sdkSignOf,
  send,
  sendFile,
  signOf,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { jpeg, someBytes, voice } from '../../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** When the bytes go (docs/behaviour.md, section 7; file-security 27). */
export const deletion: Suite = (instance, _pace, target) => {
  let quota: Tenant
  beforeAll(async () => {
    quota = (await newTenants(instance(), 'deletion', { quota: { user_quota_bytes: 1000 } })).quota
  })

  /** Records a file with the group; its id. */
  const share = async (client: Client, group_id: number, url: string): Promise<number> =>
    dataOf(await client.post('/group/file/upload', { group_id, name: 'a file', size: 10, url })).file_id
  const remove = async (client: Client, group_id: number, file_id: number) =>
    expect(dataOf(await client.post('/group/file/delete', { group_id, file_list: [file_id] }))).toMatchObject(
      [{ file_id, result: 'success' }],
    )

  const onDemand = lacking(target, 'tidying up on demand') === undefined

  const expectGone = async (reader: Client, url: string, query = {}) => {
    const reply = await read(reader, url, { query })
    expect([404, 410]).toContain(reply.status)
    expectRefused(reply, reply.status, reply.status === 404 ? 20022 : 410)
  }

  describe('a shared file that was deleted', () => {
    it('is gone at once, and all that was made of it (security 27)', async () => {
      const { owner, member } = await people(instance(), ['owner', 'member'])
      const { admin } = callers(instance())
      const { app_id, secret } = instance()
      const group_id = await newGroup(owner, { user_list: [member.id] })
      const forms: readonly (readonly [
        number,
        Uint8Array<ArrayBuffer>,
        readonly Readonly<Record<string, string | number>>[],
      ])[] = [
        [202, await jpeg(300, 200), [{}, { image_type: 2 }, { image_type: 3 }, { image_type: 2, w: 20 }]],
        [201, voice(), [{}, { format: 'mp3' }]],
        [200, someBytes(100), [{}]],
      ]
      for (const [file_type, bytes, queries] of forms) {
        const url = await sendFile(member, { ...toGroup(group_id), file_type }, bytes)
        const file_id = await share(member, group_id, url)
        for (const query of queries) expect((await read(owner, url, { query })).status).toBe(200)
        await remove(member, group_id, file_id)
        await instance().gc?.()
        for (const query of queries) {
          for (const reader of [owner, member, await admin()]) await expectGone(reader, url, query)
          await expectGone({ ...(await admin()), ...nobody } as Client, url, {
            ...query,
            app_id,
            sdk_sign: sdkSignOf(secret, signOf(url)),
          })
        }
        await expectGone(owner, url, { image_type: 2, w: 31 })
        expectRefusal(
          await member.get('/file/upload/forward', { file_sign: signOf(url), to_id: owner.id }),
          20022,
        )
      }
    })

    it.runIf(onDemand)('gives its bytes back to the quota', async () => {
      const { owner, friend } = await people(instance(), ['owner', 'friend'], quota)
      const group_id = await newGroup(owner)
      const url = await sendFile(owner, { ...toGroup(group_id), file_type: 200 }, someBytes(900))
      const file_id = await share(owner, group_id, url)
      // A file that went straight to a store counts from when it is first asked for.
      expectBytes(await read(owner, url), someBytes(900))
      const place = await placeFor(owner, toUser(friend))
      const refused = await send(place, someBytes(800))
      if (lacking(target, 'own upload URLs') === undefined) expect(refused.code).toBe(10009)
      else expectRefused(await read(friend, place.download_url), 507, 10009)
      await remove(owner, group_id, file_id)
      let taken = 0
      while (taken !== 200) {
        await instance().gc?.()
        const next = await placeFor(owner, toUser(friend))
        await send(next, someBytes(800))
        taken = (await read(friend, next.download_url)).status
      }
    })

    it('stays for those to whom it was forwarded', async () => {
      const { owner, member, friend } = await people(instance(), ['owner', 'member', 'friend'])
      const group_id = await newGroup(owner, { user_list: [member.id] })
      const url = await sendFile(owner, { ...toGroup(group_id), file_type: 200 }, someBytes(50))
      const file_id = await share(owner, group_id, url)
      const again: string = dataOf(
        await member.get('/file/upload/forward', { file_sign: signOf(url), to_id: friend.id }),
      )
      await remove(owner, group_id, file_id)
      await instance().gc?.()
      for (const reader of [owner, member]) await expectGone(reader, url)
      for (const reader of [member, friend]) expectBytes(await read(reader, again), someBytes(50))
    })

    it('stays as long as another record names it', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const url = await sendFile(owner, { ...toGroup(group_id), file_type: 200 }, someBytes(50))
      const [one, other] = [await share(owner, group_id, url), await share(owner, group_id, url)]
      await remove(owner, group_id, one)
      await instance().gc?.()
      expectBytes(await read(owner, url), someBytes(50))
      await remove(owner, group_id, other)
      await expectGone(owner, url)
    })
  })

  it('who shares the file of another and deletes that again does not delete the file', async () => {
    const { owner, member, friend } = await people(instance(), ['owner', 'member', 'friend'])
    const group_id = await newGroup(owner, { user_list: [member.id] })
    const other = await newGroup(member)
    const inChat = await sendFile(owner, toGroup(group_id), someBytes(50))
    const toFriend = await sendFile(owner, toUser(friend), someBytes(51))
    const shared = await sendFile(owner, { ...toGroup(group_id), file_type: 200 }, someBytes(52))
    await share(owner, group_id, shared)
    for (const url of [inChat, toFriend, shared]) {
      for (const at of [group_id, other]) await remove(member, at, await share(member, at, url))
    }
    await instance().gc?.()
    expectBytes(await read(member, inChat), someBytes(50))
    expectBytes(await read(friend, toFriend), someBytes(51))
    expectBytes(await read(member, shared), someBytes(52))
  })

  describe('the bytes of another', () => {
    /** Other ways to write a download URL, all of which download the same. */
    const spellings = (url: string): string[] => {
      const { pathname, search } = new URL(url)
      const [, sign = ''] = url.split('sign=')
      const escaped = `%${sign.charCodeAt(0).toString(16)}${sign.slice(1)}`
      return [
        url,
        pathname + search,
        url.replace(sign, escaped),
        url.replace('?', '?image_type=1&'),
        url.replace('/download/', '/%64ownload/'),
        `${url}&image_type=2#x`,
      ]
    }

    it('stay, whoever records them, whatever is deleted by whom did not send them', async () => {
      const { owner, sender, member } = await people(instance(), ['owner', 'sender', 'member'])
      const group_id = await newGroup(owner, { user_list: [sender.id, member.id] })
      const unrecorded = await sendFile(sender, { ...toGroup(group_id), file_type: 200 }, someBytes(60))
      const recorded = await sendFile(sender, { ...toGroup(group_id), file_type: 200 }, someBytes(61))
      const escaped = await sendFile(sender, { ...toGroup(group_id), file_type: 200 }, someBytes(62))
      await share(sender, group_id, recorded)
      await share(sender, group_id, spellings(escaped)[2] as string)
      const all = { unrecorded, recorded, escaped }
      for (const url of Object.values(all)) {
        for (const spelling of spellings(url)) {
          await remove(member, group_id, await share(member, group_id, spelling))
        }
      }
      await instance().gc?.()
      for (const [i, url] of Object.values(all).entries())
        expectBytes(await read(member, url), someBytes(60 + i))
    })

    it('go when the sender or an admin deletes the last record, however that spells their URL', async () => {
      const { owner, sender, member } = await people(instance(), ['owner', 'sender', 'member'])
      const group_id = await newGroup(owner, { user_list: [sender.id, member.id] })
      for (const deleter of [sender, owner]) {
        for (const which of [0, 1, 2, 3, 4]) {
          const url = await sendFile(sender, { ...toGroup(group_id), file_type: 200 }, someBytes(63))
          const spelling = spellings(url)[which] as string
          const file_id = await share(sender, group_id, spelling)
          const other = await share(member, group_id, url)
          await remove(deleter, group_id, file_id)
          expectBytes(await read(member, url), someBytes(63))
          await remove(owner, group_id, other)
          await instance().gc?.()
          await expectGone(sender, url)
        }
      }
    })

    it('stay when a forward of them is recorded and deleted', async () => {
      const { sender, member } = await people(instance(), ['sender', 'member'])
      const from = await newGroup(sender, { user_list: [member.id] })
      const to = await newGroup(member)
      const url = await sendFile(sender, { ...toGroup(from), file_type: 200 }, someBytes(64))
      const again: string = dataOf(
        await member.get('/file/upload/forward', { file_sign: signOf(url), to_id: to, to_type: 2 }),
      )
      await remove(member, to, await share(member, to, again))
      await instance().gc?.()
      expectBytes(await read(member, url), someBytes(64))
      await expectGone(member, again)
    })
  })

  it.runIf(onDemand)('the files of a dissolved group go with it', async () => {
    const { owner, friend } = await people(instance(), ['owner', 'friend'], quota)
    const group_id = await newGroup(owner)
    const url = await sendFile(owner, toGroup(group_id), someBytes(1000))
    expectBytes(await read(owner, url), someBytes(1000))
    dataOf(await owner.post('/group/destroy', { group_id }))
    expect([403, 404]).toContain((await read(owner, url)).status)
    let taken = 0
    while (taken !== 200) {
      await instance().gc?.()
      const place = await placeFor(owner, toUser(friend))
      await send(place, someBytes(1000))
      taken = (await read(friend, place.download_url)).status
    }
    await expectGone(owner, url)
  })
}
