import { beforeAll, describe, expect, it } from 'vitest'
import { callers } from '../../support/client.ts'
import {
  avatarOf,
  type Delivery,
  expectBytes,
  expectRefused,
  newTenants,
  read,
  sendFile,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { jpeg, someBytes, voice } from '../../support/fixtures.ts'
import { dataOf, newGroup, people, type Tenant, type User } from '../../support/groups.ts'
import { operatorOf } from '../../support/operator.ts'
import type { Suite } from '../all.ts'

/** Files go when they are older than their app keeps them (docs/moderation.md). */
export const retention: Suite = instance => {
  let tenants: Record<'keeping' | 'chat' | 'shared' | 'both', Tenant>
  beforeAll(async () => {
    tenants = await newTenants(instance(), 'retention', {
      keeping: {},
      chat: { retention_chat_days: 10 },
      shared: { retention_shared_days: 10 },
      both: { retention_chat_days: 10, retention_shared_days: 10 },
    })
  })

  const share = async (owner: User, group_id: number, url: string): Promise<number> =>
    dataOf(await owner.post('/group/file/upload', { group_id, name: 'a file', size: 10, url })).file_id
  const shared = (group_id: number, file_type = 200): Delivery => ({ ...toGroup(group_id), file_type })
  const filesOf = async (owner: User, group_id: number): Promise<number[]> =>
    dataOf(await owner.get('/group/file/list', { group_id })).map((file: { file_id: number }) => file.file_id)
  const usageOf = async ({ app_id, secret }: Tenant) =>
    dataOf(await (await callers(instance(), app_id, secret).admin()).get('/admin/usage'))

  /** Has the service do at once what it does by itself. */
  const tidy = async () => {
    const operator = await operatorOf(instance())
    for (const name of ['collect-unfinished', 'expire-files', 'collect-released'])
      dataOf(await operator.post('/operator/job/run', { name }))
  }

  const versionOf = async (owner: User, group_id: number): Promise<number> =>
    Number(dataOf(await owner.get('/group/sync', { group_id, limit: 1 })).state.split('.')[1])

  const expectGone = async (reader: User, url: string, query = {}) =>
    expectRefused(await read(reader, url, { query }), 404, 20022)

  it('is off by default: nothing goes, however old it is', async () => {
    const { owner, friend } = await people(instance(), ['owner', 'friend'], tenants.keeping)
    const group_id = await newGroup(owner)
    const chat = await sendFile(owner, toUser(friend), someBytes(30))
    const file = await sendFile(owner, shared(group_id), someBytes(31))
    const file_id = await share(owner, group_id, file)
    instance().makeFilesOlder(20_000)
    await tidy()
    expectBytes(await read(friend, chat), someBytes(30))
    expectBytes(await read(owner, file), someBytes(31))
    expect(await filesOf(owner, group_id)).toEqual([file_id])
  })

  it('removes what is old and no more: chat files, shared files and their records, each by its own setting', async () => {
    for (const name of ['chat', 'shared', 'both'] as const) {
      const { owner, friend } = await people(instance(), ['owner', 'friend'], tenants[name])
      const group_id = await newGroup(owner)
      const avatar = await avatarOf(owner, await jpeg())
      const old = {
        chat: await sendFile(owner, toUser(friend), someBytes(30)),
        inGroup: await sendFile(owner, toGroup(group_id), someBytes(31)),
        shared: await sendFile(owner, shared(group_id), someBytes(32)),
        unrecorded: await sendFile(owner, shared(group_id), someBytes(33)),
      }
      const [recorded, elsewhere] = [
        await share(owner, group_id, old.shared),
        await share(owner, group_id, 'https://example.org/a.pdf'),
      ]
      for (const url of [...Object.values(old), avatar]) expect((await read(owner, url)).status).toBe(200)
      const version = await versionOf(owner, group_id)
      instance().makeFilesOlder(11)
      const young = {
        chat: await sendFile(owner, toUser(friend), someBytes(34)),
        shared: await sendFile(owner, shared(group_id), someBytes(35)),
      }
      const youngRecord = await share(owner, group_id, young.shared)
      await tidy()
      const chatGoes = name !== 'shared'
      const sharedGoes = name !== 'chat'
      for (const [url, goes] of [
        [old.chat, chatGoes],
        [old.inGroup, chatGoes],
        [old.shared, sharedGoes],
        [old.unrecorded, sharedGoes],
      ] as const) {
        if (goes) await expectGone(owner, url)
        else expect((await read(owner, url)).status).toBe(200)
      }
      expectBytes(await read(friend, young.chat), someBytes(34))
      expectBytes(await read(owner, young.shared), someBytes(35))
      expect((await read(friend, avatar)).status).toBe(200)
      expect(await filesOf(owner, group_id)).toEqual(
        sharedGoes ? [youngRecord] : [youngRecord, elsewhere, recorded],
      )
      // One version for the young record, and one for all old ones together.
      expect(await versionOf(owner, group_id)).toBe(version + (sharedGoes ? 2 : 1))
    }
  })

  it('keeps a chat file as long as its record is among the shared files', async () => {
    const { owner } = await people(instance(), ['owner'], tenants.both)
    const group_id = await newGroup(owner)
    const url = await sendFile(owner, toGroup(group_id), someBytes(40))
    instance().makeFilesOlder(11)
    const file_id = await share(owner, group_id, url)
    await tidy()
    expectBytes(await read(owner, url), someBytes(40))
    expect(await filesOf(owner, group_id)).toEqual([file_id])
    instance().makeFilesOlder(11)
    await tidy()
    await expectGone(owner, url)
    expect(await filesOf(owner, group_id)).toEqual([])
  })

  it('ends forwards together with the file', async () => {
    const { owner, friend } = await people(instance(), ['owner', 'friend'], tenants.both)
    const url = await sendFile(owner, toUser(friend), someBytes(41))
    const file_sign = url.split('sign=')[1] ?? ''
    const forwarded = dataOf(
      await friend.get('/file/upload/forward', { file_sign, to_id: owner.id, to_type: 1 }),
    )
    instance().makeFilesOlder(11)
    await tidy()
    await expectGone(friend, url)
    await expectGone(owner, forwarded)
  })

  describe('what was deleted', () => {
    it('is gone from the store with all that was made of it, gives its bytes back, and is told', async () => {
      const tenant = tenants.both
      const { owner } = await people(instance(), ['owner'], tenant)
      const group_id = await newGroup(owner)
      await tidy()
      const before = { objects: await instance().storedObjects(), usage: await usageOf(tenant) }
      const picture = await sendFile(owner, shared(group_id, 202), await jpeg())
      const sound = await sendFile(owner, { ...toGroup(group_id), file_type: 101 }, voice())
      const file_id = await share(owner, group_id, picture)
      for (const query of [{}, { image_type: 2 }, { image_type: 3 }])
        expect((await read(owner, picture, { query })).status).toBe(200)
      expect((await read(owner, sound, { query: { format: 'mp3' } })).status).toBe(200)
      expect(await instance().storedObjects()).toBeGreaterThanOrEqual(before.objects + 4)
      instance().makeFilesOlder(11)
      await tidy()
      expect(await usageOf(tenant)).toEqual(before.usage)
      await expect.poll(() => instance().storedObjects(), { timeout: 10_000 }).toBe(before.objects)
      for (const query of [{}, { image_type: 2 }, { image_type: 3 }]) await expectGone(owner, picture, query)
      await expectGone(owner, sound, { format: 'mp3' })

      const server = await callers(instance(), tenant.app_id, tenant.secret).admin()
      const events = dataOf(await server.get('/events', { after: 'earliest', limit: 500 }))
      const told = events.filter(({ kind }: { kind: string }) => kind === 'group.file.deleted')
      const version = await versionOf(owner, group_id)
      expect(told.at(-1)).toMatchObject({
        files: [file_id],
        group_id,
        group_version: version,
        by_id: null,
        acting: 'service',
      })
      const deleted = events.filter(({ kind }: { kind: string }) => kind === 'file.deleted')
      expect(deleted.length).toBeGreaterThanOrEqual(2)
    })
  })
}
