import { beforeAll, describe, expect, it } from 'vitest'
import { type Client, callers } from '../../support/client.ts'
import {
  avatarOf,
  expectBytes,
  expectRefused,
  nameOf,
  newTenants,
  nobody,
  type Reading,
  type Reply,
  read,
  readByUrl,
  sdkSignOf,
  sendFile,
  signOf,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { jpeg, someBytes, voice } from '../../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people, type Tenant, type User } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** A file under quarantine: nobody but administrators reads it (docs/moderation.md). */
export const quarantine: Suite = instance => {
  let tenant: Tenant
  let server: Client
  beforeAll(async () => {
    tenant = (await newTenants(instance(), 'quarantine', { app: {} })).app
    server = await callers(instance(), tenant.app_id, tenant.secret).admin()
  })

  const world = async () => {
    const users = await people(instance(), ['sender', 'member', 'friend'], tenant)
    const group_id = await newGroup(users.sender, { user_list: [users.member.id] })
    return { ...users, group_id }
  }
  const share = async (owner: User, group_id: number, url: string): Promise<number> =>
    dataOf(await owner.post('/group/file/upload', { group_id, name: 'a file', size: 10, url })).file_id
  const filesOf = async (client: Client, group_id: number): Promise<number[]> =>
    dataOf(await client.get('/group/file/list', { group_id })).map(
      (file: { file_id: number }) => file.file_id,
    )
  const putAway = async (url: string, reason = 'not for children') =>
    dataOf(await server.post('/moderation/quarantine', { file_sign: signOf(url), reason }))
  const release = async (url: string) =>
    dataOf(await server.post('/moderation/release', { file_sign: signOf(url) }))

  /** Every form in which a picture can be asked for. */
  const forms: readonly Reading[] = [
    {},
    { query: { image_type: 2 } },
    { query: { image_type: 3, w: 64, h: 64 } },
    { query: { image_type: 2, w: 37 } },
    { query: { download: 1 } },
    { query: { source: 'miniprogram' } },
    { headers: { range: 'bytes=0-9' } },
  ]
  const expectWithheld = (reply: Reply, naming = '') => expectRefused(reply, 403, 10032, naming)

  it('is read by nobody but administrators, in no form, by no URL that was given out, until it is released', async () => {
    const { sender, member, friend, group_id } = await world()
    const bytes = await jpeg(300, 200)
    const url = await sendFile(sender, { ...toGroup(group_id), file_type: 202 }, bytes)
    const forwarded = dataOf(
      await member.get('/file/upload/forward', { file_sign: signOf(url), to_id: friend.id, to_type: 1 }),
    )
    const signed = { sdk_sign: sdkSignOf(tenant.secret, signOf(url)), app_id: tenant.app_id }
    // All of it was read before, so all of it may be in memory or in the store.
    for (const form of forms) {
      for (const reader of [sender, member]) expect((await read(reader, url, form)).status).toBeLessThan(300)
      expect((await read(friend, forwarded, form)).status).toBeLessThan(300)
    }
    const { etag = '' } = Object.fromEntries(
      (await read(member, url, { query: { source: 'miniprogram' } })).headers,
    )
    expect((await read(nobody, url, { query: signed })).status).toBe(200)
    // Where clients download from the store, this is a URL of the store.
    const { headers, status } = await read(member, url, { redirect: 'manual' })
    const location = headers.get('location')
    expect(location === null ? 200 : 302).toBe(status)
    if (location !== null) expect((await read(nobody, location)).status).toBe(200)

    expect(await putAway(url)).toMatchObject({ quarantined: true, reason: 'not for children' })
    for (const form of forms) {
      expectWithheld(await read(sender, url, form), 'not for children')
      expectWithheld(await read(member, url, form))
      expectWithheld(await readByUrl(member, url, form))
      expectWithheld(await read(friend, forwarded, form))
    }
    expectWithheld(await read(nobody, url, { query: signed }))
    expectWithheld(await read(member, url, { headers: { 'if-none-match': etag } }))
    expect((await read(member, url, { method: 'HEAD' })).status).toBe(403)
    expect((await read(member, url, { redirect: 'manual' })).status).toBe(403)
    if (location !== null) expect((await read(nobody, location)).status).toBe(404)
    // The reason is for the sender alone, and who acts as a user has the user's rights.
    expect((await read(member, url)).message).not.toContain('children')
    const acting = await callers(instance(), tenant.app_id, tenant.secret).admin({ user_id: member.id })
    expectWithheld(await read(acting, url))
    const inGroup = await callers(instance(), tenant.app_id, tenant.secret).admin({ group_id })
    expectWithheld(await read(inGroup, url))
    expectBytes(await read(server, url), bytes)
    expect((await read(server, url, { query: { image_type: 2 } })).status).toBe(200)

    expect(await release(url)).toMatchObject({ quarantined: false })
    for (const reader of [sender, member]) expectBytes(await read(reader, url), bytes)
    expectBytes(await read(friend, forwarded), bytes)
  })

  it('of voice gives no MP3', async () => {
    const { sender, friend } = await world()
    const url = await sendFile(sender, { ...toUser(friend), file_type: 101 }, voice())
    expect((await read(friend, url, { query: { format: 'mp3' } })).status).toBe(200)
    await putAway(url)
    expectWithheld(await read(friend, url, { query: { format: 'mp3' } }))
    expectWithheld(await read(friend, url, { query: { format: 'amr' } }))
  })

  it('that is an avatar is withheld as well, and named by its object_name', async () => {
    const { sender, friend } = await world()
    const url = await avatarOf(sender, await jpeg())
    expect((await read(friend, url, { query: { image_type: 2 } })).status).toBe(200)
    const object_name = nameOf(url)
    dataOf(await server.post('/moderation/quarantine', { object_name, reason: 'an insult' }))
    expectWithheld(await read(sender, url), 'an insult')
    expectWithheld(await read(friend, url, { query: { image_type: 2 } }))
    expectWithheld(
      await read(nobody, url, {
        query: { sdk_sign: sdkSignOf(tenant.secret, object_name), app_id: tenant.app_id },
      }),
    )
    dataOf(await server.post('/moderation/release', { object_name }))
    expect((await read(friend, url)).status).toBe(200)
  })

  it('cannot be forwarded, and is not among the shared files', async () => {
    const { sender, member, friend, group_id } = await world()
    const url = await sendFile(sender, { ...toGroup(group_id), file_type: 200 }, someBytes(70))
    const [file_id, other] = [
      await share(sender, group_id, url),
      await share(sender, group_id, 'https://example.org/a.pdf'),
    ]
    await read(sender, url)
    await putAway(url)
    for (const client of [sender, member]) {
      expectRefusal(
        await client.get('/file/upload/forward', { file_sign: signOf(url), to_id: friend.id, to_type: 1 }),
        10032,
      )
      expect(await filesOf(client, group_id)).toEqual([other])
      expectRefusal(await client.get('/group/file', { group_id, file_id }), 20022)
    }
    expect(await filesOf(server, group_id)).toEqual([other, file_id])
    await release(url)
    expect(await filesOf(member, group_id)).toEqual([other, file_id])
    expect(dataOf(await member.get('/group/file', { group_id, file_id })).file_id).toBe(file_id)
  })

  it('may be put there before anybody read it', async () => {
    const { sender, friend } = await world()
    const url = await sendFile(sender, toUser(friend), someBytes(71))
    await putAway(url)
    expectWithheld(await read(friend, url))
    await release(url)
    expectBytes(await read(friend, url), someBytes(71))
  })

  describe('an administrator', () => {
    const events = async (kind: string) =>
      dataOf(await server.get('/events', { after: 'earliest', limit: 500, kinds: kind }))
    const listed = async () => dataOf(await server.get('/moderation/quarantined', { limit: 1000 }))

    it('does each twice with the same answer and one event', async () => {
      const { sender, friend } = await world()
      const url = await sendFile(sender, toUser(friend), someBytes(72))
      await read(sender, url)
      const first = await putAway(url, 'once')
      expect(await putAway(url, 'twice')).toEqual(first)
      const { object_name } = first
      const of = (list: { object_name: string }[]) => list.filter(event => event.object_name === object_name)
      expect(of(await events('file.quarantined'))).toMatchObject([
        { reason: 'once', acting: 'administrator', by_id: null },
      ])
      expect(of(await listed())).toMatchObject([{ reason: 'once', user_id: sender.id, size: 72 }])
      const back = await release(url)
      expect(await release(url)).toEqual(back)
      expect(of(await events('file.released'))).toHaveLength(1)
      expect(of(await listed())).toEqual([])
    })

    it('lists them page by page, the latest first, and reads each where the list says', async () => {
      const { sender, friend } = await world()
      const urls: string[] = []
      for (const size of [80, 81, 82]) urls.push(await sendFile(sender, toUser(friend), someBytes(size)))
      // The size of a file that came straight to the store is known when it was read.
      for (const url of urls) await read(sender, url)
      for (const url of urls) await putAway(url)
      const sizes: number[] = []
      let cursor = ''
      do {
        const page = await server.get('/moderation/quarantined', { limit: 2, cursor })
        for (const { size, user_id, download } of dataOf(page)) {
          if (user_id !== sender.id) continue
          sizes.push(size)
          expectBytes(await read(server, instance().url + download), someBytes(size))
        }
        cursor = page.cursor
      } while (cursor !== '')
      expect([...sizes].sort()).toEqual([80, 81, 82])
      expectRefusal(await server.get('/moderation/quarantined', { cursor: 'another' }), 10002, 'cursor')
    })

    it('deletes one for everybody: URLs, forwards and records', async () => {
      const { sender, member, friend, group_id } = await world()
      const url = await sendFile(sender, { ...toGroup(group_id), file_type: 200 }, someBytes(73))
      await share(sender, group_id, url)
      const forwarded = dataOf(
        await member.get('/file/upload/forward', { file_sign: signOf(url), to_id: friend.id, to_type: 1 }),
      )
      await putAway(url)
      const { object_name } = dataOf(await server.post('/moderation/delete', { file_sign: signOf(url) }))
      for (const [reader, at] of [
        [sender, url],
        [server, url],
        [friend, forwarded],
      ] as const)
        expectRefused(await read(reader, at), 404, 20022)
      expect(await filesOf(server, group_id)).toEqual([])
      expect((await listed()).map((file: { object_name: string }) => file.object_name)).not.toContain(
        object_name,
      )
      expectRefusal(await server.post('/moderation/release', { object_name }), 20022)
      expectRefusal(await server.post('/moderation/quarantine', { object_name }), 20022)
    })

    it('of another app, and everybody else, may do nothing of it', async () => {
      const { sender, friend, group_id } = await world()
      const url = await sendFile(sender, toUser(friend), someBytes(74))
      const { object_name } = await putAway(url)
      await release(url)
      const admin = (acting: { user_id?: number; group_id?: number }) =>
        callers(instance(), tenant.app_id, tenant.secret).admin(acting)
      for (const client of [sender, await admin({ user_id: sender.id }), await admin({ group_id })]) {
        for (const action of ['quarantine', 'release', 'delete'])
          expectRefusal(await client.post(`/moderation/${action}`, { object_name }), 10010)
        expectRefusal(await client.get('/moderation/quarantined'), 10010)
      }
      const foreign = await callers(instance()).admin()
      for (const action of ['quarantine', 'release', 'delete']) {
        expectRefusal(await foreign.post(`/moderation/${action}`, { object_name }), 20022)
        expectRefusal(await foreign.post(`/moderation/${action}`, { file_sign: signOf(url) }), 10030)
        expectRefusal(await server.post(`/moderation/${action}`, {}), 10002, 'object_name')
        expectRefusal(
          await server.post(`/moderation/${action}`, { object_name, file_sign: signOf(url) }),
          10002,
        )
      }
      expectBytes(await read(friend, url), someBytes(74))
    })
  })
}
