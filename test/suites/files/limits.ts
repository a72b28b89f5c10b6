import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import { lacking } from '../../support/capabilities.ts'
import {
  deliver,
  expectBytes,
  newTenants,
  placeFor,
  type Reply,
  read,
  send,
  sendFile,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { jpeg, mp3, png, someBytes, text, voice } from '../../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people, type Tenant } from '../../support/groups.ts'
import { headOf, openRaw } from '../../support/raw-http.ts'
import {
  chunked,
  closing,
  codesOf,
  expectNothingThere,
  multipart,
  part,
  post,
  put,
  taken,
} from '../../support/upload-requests.ts'
import type { UploadTarget } from '../../support/uploads.ts'
import type { Suite } from '../all.ts'

const limit = 1000

/** What may not get in: too much, of the wrong kind, too often (file-security 5, 10, 12, 16, 17). */
export const uploadLimits: Suite = (instance, _pace, target) => {
  const apps = {
    small: { upload_max_bytes: limit },
    pending: { pending_uploads: 3 },
    single: { pending_uploads: 1 },
    userQuota: { user_quota_bytes: 1000 },
    appQuota: { app_quota_bytes: 1000 },
    failing: { user_quota_bytes: 1000, upload_max_bytes: limit },
    derived: {},
  }
  let tenants: Record<keyof typeof apps, Tenant>
  beforeAll(async () => {
    tenants = await newTenants(instance(), 'limits', apps)
  })

  const couple = (app?: Tenant) => people(instance(), ['sender', 'friend'], app)

  it('bounds the upload URLs that a user may hold unused (security 17)', async () => {
    const { sender, friend } = await couple(tenants.pending)
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        i % 2 === 0
          ? sender.get('/file/upload/chat', { file_type: 100, to_id: friend.id })
          : sender.get('/file/upload/avatar/user'),
      ),
    )
    expect(codesOf(asked)).toEqual([200, 200, 200, 10009, 10009, 10009, 10009, 10009])
    expectRefusal(await sender.get('/file/upload/avatar/user'), 10009)
    await placeFor(friend, toUser(sender))
  })

  // Everything below is about URLs of the service itself.
  if (lacking(target, 'own upload URLs') !== undefined) return

  it('gives a place back when it was used (security 17)', async () => {
    const { sender, friend } = await couple(tenants.single)
    for (let i = 0; i < 3; i++) await sendFile(sender, toUser(friend), someBytes(10))
    await placeFor(sender, toUser(friend))
    expectRefusal(await sender.get('/file/upload/chat', { file_type: 100, to_id: friend.id }), 10009)
  })

  describe('the size', () => {
    const ways: readonly (readonly [string, (place: UploadTarget, bytes: Bytes) => Promise<Reply>])[] = [
      ['PUT', put],
      ['PUT in chunks', (place, bytes) => chunked('PUT', place, [bytes.slice(0, 500), bytes.slice(500)])],
      ['a form', send],
      [
        'a form in chunks',
        (place, bytes) => chunked('POST', place, [part('name="file"', bytes), closing], multipart),
      ],
    ]

    it.each(ways)('is counted to the byte: %s (security 10, 12)', async (_, way) => {
      const { sender, friend } = await couple(tenants.small)
      for (const size of [limit - 1, limit]) {
        const place = await placeFor(sender, toUser(friend))
        expect(await way(place, someBytes(size))).toMatchObject(taken)
        expectBytes(await read(friend, place.download_url), someBytes(size))
      }
      const place = await placeFor(sender, toUser(friend))
      for (const size of [limit + 1, 5 * limit]) {
        const reply = await way(place, someBytes(size))
        expect(reply).toMatchObject({ status: 413, code: 413 })
        expect(reply.message).toContain(String(limit))
        await expectNothingThere(friend, place)
      }
      expect(await way(place, someBytes(7))).toMatchObject(taken)
      expectBytes(await read(friend, place.download_url), someBytes(7))
    })

    it.each(ways)(
      'that is far too large is refused in words that reach the client: %s (security 10)',
      async (_, way) => {
        const { sender, friend } = await couple(tenants.small)
        const place = await placeFor(sender, toUser(friend))
        const reply = await way(place, someBytes(8 * 1024 * 1024))
        expect(reply).toMatchObject({ status: 413, code: 413 })
        expect(reply.message).toContain(String(limit))
        await expectNothingThere(friend, place)
      },
    )

    it('that was announced as larger than what comes leaves nothing (security 10)', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, toUser(friend))
      const heads = [
        headOf('PUT', place.upload_url, { 'content-length': 5000 }),
        headOf('POST', place.upload_url, { ...multipart, 'content-length': 5000 }) +
          Buffer.from(part('name="file"', new Uint8Array())).toString(),
        `${headOf('PUT', place.upload_url, { 'transfer-encoding': 'chunked' })}5000\r\n`,
      ]
      for (const head of heads) {
        const connection = await openRaw(place.upload_url)
        await connection.write(head)
        await connection.write(someBytes(400))
        connection.breakOff()
      }
      await expectNothingThere(friend, place)
      // Until the service has noticed, the URL is in use.
      let reply = await put(place, someBytes(9))
      while (reply.code === 10030) reply = await put(place, someBytes(9))
      expect(reply).toMatchObject(taken)
      expectBytes(await read(friend, place.download_url), someBytes(9))
    })

    it('that was announced as smaller than what comes is what was announced, or nothing is there (security 10)', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, toUser(friend))
      const connection = await openRaw(place.upload_url)
      await connection.write(headOf('PUT', place.upload_url, { 'content-length': 10 }))
      await connection.write(someBytes(500))
      expect([200, 400]).toContain(await connection.status())
      connection.breakOff()
      // A server may drop the request with the rest that is none: then the URL can be used.
      let [got, sent] = [await read(friend, place.download_url), 0]
      while (got.status === 404 && sent !== 200) {
        sent = (await put(place, someBytes(10))).code
        got = await read(friend, place.download_url)
      }
      expectBytes(got, someBytes(10))
    })

    it('cannot be said twice, or with words (security 10)', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, toUser(friend))
      const lengths = [
        'content-length: 5\r\ncontent-length: 500',
        'content-length: -5',
        'content-length: five',
        'content-length: 5\r\ntransfer-encoding: chunked',
      ]
      for (const length of lengths) {
        const connection = await openRaw(place.upload_url)
        await connection.write(
          headOf('PUT', place.upload_url, {}).replace('\r\n\r\n', `\r\n${length}\r\n\r\n`),
        )
        await connection.write('hello')
        connection.breakOff()
      }
      await expectNothingThere(friend, place)
    })
  })

  it('of one user eight may be under way at a time, and others are not held up', async () => {
    const { sender, friend } = await couple()
    const begin = async () => {
      const connection = await openRaw(instance().url)
      await connection.write(
        headOf('PUT', (await placeFor(sender, toUser(friend))).upload_url, { 'content-length': 100 }),
      )
      return connection
    }
    /** An upload too many is refused; until all are under way, it is not. */
    const untilRefused = async () => {
      const place = await placeFor(sender, toUser(friend))
      let reply = await put(place, 'x')
      for (let i = 0; i < 100 && reply.code === 200; i++)
        reply = await put(await placeFor(sender, toUser(friend)), 'x')
      expect(reply).toMatchObject({ status: 429, code: 429 })
      expect(reply.headers.get('retry-after')).toMatch(/^\d+$/)
      return place
    }
    const connections = []
    for (let i = 0; i < 8; i++) connections.push(await begin())
    await untilRefused()
    expectBytes(await read(sender, await sendFile(friend, toUser(sender), someBytes(10))), someBytes(10))
    const [first] = connections
    await first?.write(someBytes(100))
    expect(await first?.status()).toBe(200)
    connections.push(await begin())
    await untilRefused()
    for (const connection of connections) connection.breakOff()
    let reply = await put(await placeFor(sender, toUser(friend)), someBytes(10))
    while (reply.status === 429) reply = await put(await placeFor(sender, toUser(friend)), someBytes(10))
    expect(reply).toMatchObject(taken)
  })

  describe('the kind', () => {
    it('of the bytes decides how they are sent on, not the one that was asked for (security 5)', async () => {
      const { sender, friend } = await couple()
      const files: readonly (readonly [Bytes, string, 'inline' | 'attachment'])[] = [
        [await jpeg(40, 20), 'image/jpeg', 'inline'],
        [voice(1), 'audio/amr', 'inline'],
        [mp3(), 'audio/mpeg', 'inline'],
        [text('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'application/octet-stream', 'attachment'],
        [someBytes(300), 'application/octet-stream', 'attachment'],
        [new Uint8Array(), 'application/octet-stream', 'attachment'],
      ]
      for (const file_type of [100, 101, 102, 103, 104]) {
        for (const [bytes, type, disposition] of files) {
          const reply = await read(friend, await sendFile(sender, { ...toUser(friend), file_type }, bytes))
          expectBytes(reply, bytes)
          if (lacking(target, 'own downloads') !== undefined) continue
          expect(reply.headers.get('content-type')).toBe(type)
          expect(reply.headers.get('content-disposition')).toMatch(new RegExp(`^${disposition};`))
        }
      }
    })

    it('that was refused leaves the URL as it was', async () => {
      const { sender, friend } = await couple()
      const place: UploadTarget = dataOf(await sender.get('/file/upload/avatar/user'))
      const picture = await png()
      for (const send of [put, post])
        expect(
          await send(place, '<svg xmlns="http://www.w3.org/2000/svg"/>', { 'content-type': 'image/png' }),
        ).toMatchObject({
          status: 415,
        })
      expect(await put(place, picture)).toMatchObject(taken)
      expectBytes(await read(friend, place.download_url), picture)
    })

    it('of an avatar is a picture', async () => {
      const { sender, friend } = await couple()
      const place: UploadTarget = dataOf(await sender.get('/file/upload/avatar/user'))
      for (const bytes of [mp3(), someBytes(100), text('<svg xmlns="http://www.w3.org/2000/svg"/>')])
        expect(await send(place, bytes)).toMatchObject({ status: 415 })
      await expectNothingThere(friend, place)
      const picture = await png()
      expectBytes(await read(friend, await deliver(place, picture)), picture)
    })
  })

  describe('a quota', () => {
    const spend = async (places: readonly UploadTarget[], size: number) =>
      codesOf(
        await Promise.all(
          places.map((place, i) => (i % 2 === 0 ? put : send)(place, someBytes(size, i + 1))),
        ),
      )

    it('of a user holds to the byte, whoever is faster (security 16)', async () => {
      const { sender, friend } = await couple(tenants.userQuota)
      const places = await Promise.all(Array.from({ length: 6 }, () => placeFor(sender, toUser(friend))))
      expect(await spend(places, 300)).toEqual([200, 200, 200, 10009, 10009, 10009])
      const codes = await Promise.all(
        places.map(async ({ download_url }) => (await read(friend, download_url)).status),
      )
      expect([...codes].sort()).toEqual([200, 200, 200, 404, 404, 404])
      const [one, two] = places.filter((_, i) => codes[i] === 404) as [UploadTarget, UploadTarget]
      expect(await put(one, someBytes(101))).toMatchObject({ status: 507, code: 10009 })
      expect(await put(one, someBytes(100))).toMatchObject(taken)
      expect(await put(two, someBytes(1))).toMatchObject({ status: 507, code: 10009 })
      expect(await put(two, new Uint8Array())).toMatchObject(taken)
      await sendFile(friend, toUser(sender), someBytes(1000))
    })

    it('of an app holds to the byte, whoever is faster (security 16)', async () => {
      const { a, b, c, d } = await people(instance(), ['a', 'b', 'c', 'd'], tenants.appQuota)
      const places = await Promise.all([a, b, c, d, a, b].map(sender => placeFor(sender, toUser(a))))
      expect(await spend(places, 400)).toEqual([200, 200, 10009, 10009, 10009, 10009])
      const { sender, friend } = await couple(tenants.appQuota)
      expect(await send(await placeFor(sender, toUser(friend)), someBytes(201))).toMatchObject({
        code: 10009,
      })
      await sendFile(sender, toUser(friend), someBytes(200))
      expect(await send(await placeFor(sender, toUser(friend)), someBytes(1))).toMatchObject({ code: 10009 })
    })

    it.runIf(lacking(target, 'tidying up on demand') === undefined)(
      'counts what is made of a file, which needs room, and gives it back with the file',
      async () => {
        const { derived } = tenants
        const { sender, friend } = await couple(derived)
        const group_id = await newGroup(sender)
        const picture = await jpeg(400, 300)
        const url = await sendFile(sender, { ...toGroup(group_id), file_type: 202 }, picture)
        const { file_id } = dataOf(
          await sender.post('/group/file/upload', { group_id, name: 'x', size: 1, url }),
        )
        const made = (w: number) => read(sender, url, { query: { image_type: 2, w, h: w } })
        const kept = (await made(200)).bytes.length
        const quota = picture.length + kept + 500
        await instance().setApp(derived.app_id, { user_quota_bytes: quota })
        // There is no room for this one: it is made for whoever asks.
        expect((await made(320)).bytes.length).toBeGreaterThan(500)
        const place = await placeFor(sender, toUser(friend))
        expect(await put(place, someBytes(501))).toMatchObject({ status: 507, code: 10009 })
        expect(await put(place, someBytes(500))).toMatchObject(taken)
        expect((await made(320)).status).toBe(200)
        dataOf(await sender.post('/group/file/delete', { group_id, file_list: [file_id] }))
        await instance().gc?.()
        expect(
          await put(await placeFor(sender, toUser(friend)), someBytes(picture.length + kept)),
        ).toMatchObject(taken)
        expect(await put(await placeFor(sender, toUser(friend)), someBytes(1))).toMatchObject({ code: 10009 })
      },
    )

    it('gets back what a failed upload took (security 16)', async () => {
      const { sender, friend } = await couple(tenants.failing)
      const place: UploadTarget = dataOf(await sender.get('/file/upload/avatar/user'))
      for (let i = 0; i < 3; i++) expect(await put(place, someBytes(900))).toMatchObject({ status: 415 })
      for (let i = 0; i < 3; i++)
        expect(await put(place, someBytes(limit + 1))).toMatchObject({ status: 413 })
      await sendFile(sender, toUser(friend), someBytes(1000))
    })
  })
}
