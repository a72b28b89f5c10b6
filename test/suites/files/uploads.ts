import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import { lacking } from '../../support/capabilities.ts'
import {
  deliver,
  expectBytes,
  expectRefused,
  newTenants,
  placeFor,
  type Reply,
  read,
  replyOf,
  send,
  sendFile,
  toUser,
} from '../../support/files.ts'
import { joined, jpeg, mp3, png, someBytes, stubMp4, text, voice } from '../../support/fixtures.ts'
import { dataOf, expectRefusal, people, type Tenant, type User } from '../../support/groups.ts'
import { headOf, openRaw } from '../../support/raw-http.ts'
import type { UploadTarget } from '../../support/uploads.ts'
import type { Suite } from '../all.ts'

const limit = 1000

const put = async (place: UploadTarget, body: BodyInit, headers: Record<string, string> = {}): Promise<Reply> =>
  replyOf(await fetch(place.upload_url, { method: 'PUT', body, headers }))
const post = async (place: UploadTarget, body: BodyInit, headers: Record<string, string> = {}): Promise<Reply> =>
  replyOf(await fetch(place.upload_url, { method: 'POST', body, headers }))

/** Sends the bytes in pieces, without saying how many there will be. */
const chunked = async (
  method: string,
  place: UploadTarget,
  pieces: readonly Bytes[],
  headers: Record<string, string> = {},
): Promise<Reply> => {
  const body = new ReadableStream<Bytes>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
  const request: RequestInit & { duplex: 'half' } = { method, body, headers, duplex: 'half' }
  return replyOf(await fetch(place.upload_url, request))
}

const boundary = 'a-boundary'
const multipart = { 'content-type': `multipart/form-data; boundary=${boundary}` }
const part = (disposition: string, content: Uint8Array, more = ''): Bytes =>
  joined(text(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${more}\r\n`), content, text('\r\n'))
const closing = text(`--${boundary}--\r\n`)

const taken = { status: 200, code: 200 }

/** The codes of answers that came in any order, the lowest first. */
const codesOf = (answers: readonly { readonly code: number }[]): number[] => answers.map(({ code }) => code).sort((a, b) => a - b)

/** How bytes get in: by the URL that an upload operation answered (spec: behaviour, section 7; file-security 4, 5, 10 to 12, 16 to 18). */
export const uploads: Suite = (instance, _pace, target) => {
  const apps = {
    small: { upload_max_bytes: limit },
    pending: { pending_uploads: 3 },
    single: { pending_uploads: 1 },
    userQuota: { user_quota_bytes: 1000 },
    appQuota: { app_quota_bytes: 1000 },
    failing: { user_quota_bytes: 1000, upload_max_bytes: limit },
  }
  let tenants: Record<keyof typeof apps, Tenant>
  beforeAll(async () => {
    tenants = await newTenants(instance(), 'uploads', apps)
  })

  const couple = (app?: Tenant) => people(instance(), ['sender', 'friend'], app)

  const expectNothingThere = async (reader: User, { download_url }: UploadTarget) =>
    expectRefused(await read(reader, download_url, { query: { source: 'miniprogram' } }), 404, 20022)

  it('takes a file by the method that the answer names', async () => {
    const { sender, friend } = await couple()
    const bytes = someBytes(5000)
    expectBytes(await read(friend, await sendFile(sender, toUser(friend), bytes)), bytes)
  })

  it('takes a file of no bytes at all, and one of several mebibytes', async () => {
    const { sender, friend } = await couple()
    for (const bytes of [new Uint8Array(), someBytes(9 * 1024 * 1024 + 1)]) {
      expectBytes(await read(friend, await sendFile(sender, toUser(friend), bytes)), bytes)
    }
  })

  it('keeps what it has answered for, also when it is killed right after (spec: behaviour, section 6)', async () => {
    const { sender, friend } = await couple()
    const bytes = someBytes(100_000)
    const url = await sendFile(sender, toUser(friend), bytes)
    await instance().crash()
    expectBytes(await read(friend, url), bytes)
  })

  it('answers that there is nothing until the bytes are there', async () => {
    const { sender, friend } = await couple()
    const place = await placeFor(sender, toUser(friend))
    for (const reader of [sender, friend]) await expectNothingThere(reader, place)
    expectBytes(await read(friend, await deliver(place, someBytes(10))), someBytes(10))
  })

  it('bounds the upload URLs that a user may hold unused (security 17)', async () => {
    const { sender, friend } = await couple(tenants.pending)
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        i % 2 === 0 ? sender.get('/file/upload/chat', { file_type: 100, to_id: friend.id }) : sender.get('/file/upload/avatar/user'),
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

  it('names POST, and takes PUT as well', async () => {
    const { sender, friend } = await couple()
    const bytes = someBytes(3000)
    const ways: readonly ((place: UploadTarget) => Promise<Reply>)[] = [
      place => send(place, bytes),
      place => put(place, bytes),
      place => put(place, bytes, { 'content-type': 'image/png' }),
      place => chunked('PUT', place, [bytes.slice(0, 1), bytes.slice(1, 2999), bytes.slice(2999)]),
    ]
    for (const way of ways) {
      const place = await placeFor(sender, toUser(friend))
      expect([place.upload_method, place.oss_body_param]).toEqual(['POST', {}])
      const reply = await way(place)
      expect(JSON.parse(new TextDecoder().decode(reply.bytes))).toEqual({ code: 200, data: true, message: null })
      expect(reply.status).toBe(200)
      expectBytes(await read(friend, place.download_url), bytes)
    }
  })

  it('answers preflights of other origins, and other methods with 405', async () => {
    const { sender, friend } = await couple()
    const { upload_url } = await placeFor(sender, toUser(friend))
    const preflight = await fetch(upload_url, {
      method: 'OPTIONS',
      headers: { origin: 'https://chat.example', 'access-control-request-method': 'PUT' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/PUT.*POST|POST.*PUT/)
    for (const method of ['GET', 'DELETE']) expect((await fetch(upload_url, { method })).status).toBe(405)
  })

  describe('a form', () => {
    it('may carry anything beside its field file, whose name and type mean nothing (security 4, 6)', async () => {
      const { sender, friend } = await couple()
      const picture = await png()
      const fields: readonly (readonly [string, string])[] = [
        ['key', 'undefined'],
        ['policy', 'undefined'],
        ['OSSAccessKeyId', 'undefined'],
        ['filename', 'file'],
        ['files', 'x'.repeat(10_000)],
      ]
      for (const name of ['a.png', '../../etc/passwd', 'a"; filename="b.html', 'x\u202egnp.exe', '.', 'é\u0000', 'n'.repeat(10_000)]) {
        const form = new FormData()
        for (const [field, value] of fields) form.append(field, value)
        form.append('file', new Blob([picture], { type: 'text/html' }), name)
        form.append('after', 'ignored')
        const place = await placeFor(sender, toUser(friend))
        expect(await post(place, form)).toMatchObject(taken)
        const reply = await read(friend, place.download_url)
        expectBytes(reply, picture)
        expect(reply.headers.get('content-type')).toBe('image/png')
        expect(reply.headers.get('content-disposition')).toMatch(/^inline; filename="[\w.() -]*"; filename\*=UTF-8''[\w.!~%-]*$/)
      }
    })

    it('may be laid out in every way that the standard allows', async () => {
      const { sender, friend } = await couple()
      const bytes = joined(text('\r\n--a-boundar'), someBytes(300), text('\r\n--'), text('\r\n'))
      const junk = part('name="other"', text('undefined'))
      const forms: readonly Bytes[] = [
        joined(part('name="file"; filename="a"', bytes), closing),
        joined(text('a preamble\r\n'), junk, part('name=file; filename=a', bytes), closing),
        joined(part('filename="file"; name="file"', bytes, 'content-type: text/html\r\nx-more: 1\r\n'), junk, closing),
        joined(junk, junk, part('name="file"', bytes), text(`--${boundary}-- \r\nan epilogue`)),
        joined(
          part('name="notfile"', text('no')),
          part('name="file2"', text('no')),
          part('name="file"', bytes),
          part('name="file"', text('the second')),
          closing,
        ),
      ]
      for (const form of forms) {
        const place = await placeFor(sender, toUser(friend))
        expect(await post(place, form, { 'content-type': `multipart/form-data; charset=utf-8; boundary="${boundary}"` })).toMatchObject(
          taken,
        )
        expectBytes(await read(friend, place.download_url), bytes)
      }
    })

    it('may come in any pieces', async () => {
      const { sender, friend } = await couple()
      const bytes = joined(text('\r\n--a-boundar\r'), someBytes(40), text('\r\n-'))
      const form = joined(part('name="other"', text('undefined')), part('name="file"; filename="a"', bytes), closing)
      for (const length of [1, 7, 64]) {
        const pieces = Array.from({ length: Math.ceil(form.length / length) }, (_, i) => form.slice(i * length, (i + 1) * length))
        const place = await placeFor(sender, toUser(friend))
        expect(await chunked('POST', place, pieces, multipart)).toMatchObject(taken)
        expectBytes(await read(friend, place.download_url), bytes)
      }
    })

    it('that is broken or boundless is refused, leaves nothing, and the URL may be used again (security 11)', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, toUser(friend))
      const file = part('name="file"; filename="a"', someBytes(100))
      const junk = part('name="other"', text('undefined'))
      const inner = 'inner'
      const forms: readonly (readonly [string, Bytes])[] = [
        ['nothing', new Uint8Array()],
        ['no field file', joined(junk, junk, closing)],
        ['another boundary', joined(text('--other\r\ncontent-disposition: form-data; name="file"\r\n\r\nx\r\n--other--'))],
        ['no end', file],
        ['no end in its headers', text(`--${boundary}\r\ncontent-disposition: form-data; name="file"`)],
        ['forty thousand fields', joined(...new Array<Uint8Array>(40_000).fill(junk), file, closing)],
        ['an endless field', joined(part('name="other"', someBytes(3 * 1024 * 1024)), file, closing)],
        ['an endless preamble', joined(someBytes(3 * 1024 * 1024), file, closing)],
        ['endless headers', joined(text(`--${boundary}\r\nx: `), new Uint8Array(200_000).fill(65), file, closing)],
        ['a huge name', joined(part(`name="${'n'.repeat(200_000)}"`, text('x')), file, closing)],
        [
          'the file in a form in the form',
          joined(
            part(
              'name="files"',
              text(`--${inner}\r\ncontent-disposition: form-data; name="file"\r\n\r\nx\r\n--${inner}--`),
              `content-type: multipart/mixed; boundary=${inner}\r\n`,
            ),
            closing,
          ),
        ],
      ]
      for (const [what, form] of forms) {
        const reply = await post(place, form, multipart)
        expect.soft({ what, status: reply.status }).toEqual({ what, status: 400 })
        expect.soft(reply.message).toMatch(/form/)
      }
      for (const type of [
        'multipart/form-data',
        'multipart/form-data; boundary=',
        'multipart/form-data; boundary=""',
        `multipart/form-data; boundary=${'b'.repeat(71)}`,
      ]) {
        const reply = await post(place, joined(file, closing), { 'content-type': type })
        expect.soft({ type, status: reply.status }).toEqual({ type, status: 400 })
      }
      await expectNothingThere(friend, place)
      expectBytes(await read(friend, await deliver(place, someBytes(5))), someBytes(5))
    })
  })

  describe('a URL', () => {
    it('works once: what is stored never changes (security 17, 18)', async () => {
      const { sender, friend } = await couple()
      const [first, second] = [someBytes(100, 1), someBytes(100, 2)]
      const place = await placeFor(sender, toUser(friend))
      await deliver(place, first)
      for (const bytes of [first, second]) {
        expect(await send(place, bytes)).toMatchObject({ status: 200, code: 10030 })
        expect(await put(place, bytes)).toMatchObject({ status: 200, code: 10030 })
      }
      expectBytes(await read(friend, place.download_url), first)
    })

    it('takes one of two uploads at the same time', async () => {
      const { sender, friend } = await couple()
      for (let round = 0; round < 5; round++) {
        const place = await placeFor(sender, toUser(friend))
        const files = Array.from({ length: 4 }, (_, i) => someBytes(50_000, round * 10 + i))
        const replies = await Promise.all(files.map((bytes, i) => (i % 2 === 0 ? put(place, bytes) : send(place, bytes))))
        expect(codesOf(replies)).toEqual([200, 10030, 10030, 10030])
        expectBytes(await read(friend, place.download_url), files[replies.findIndex(({ code }) => code === 200)] ?? new Uint8Array())
      }
    })

    it('is refused with any character changed (security 17, 18)', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, toUser(friend))
      const slot = new URL(place.upload_url).searchParams.get('slot') ?? ''
      expect(slot.length).toBeGreaterThan(30)
      for (let at = 0; at < slot.length; at++) {
        const url = new URL(place.upload_url)
        url.searchParams.set('slot', slot.slice(0, at) + (slot[at] === '1' ? '2' : '1') + slot.slice(at + 1))
        const reply = await put({ ...place, upload_url: url.href }, 'x')
        expect.soft({ at, status: reply.status, code: reply.code }).toEqual({ at, status: 200, code: 10030 })
      }
      for (const other of ['', slot.slice(0, -1), `${slot}A`, slot.replaceAll('~', '~~'), '../../x', `${slot}\0`, 'x'.repeat(10_000)]) {
        const url = new URL(place.upload_url)
        url.searchParams.set('slot', other)
        expect(await put({ ...place, upload_url: url.href }, 'x')).toMatchObject({ status: 200, code: 10030 })
      }
      await expectNothingThere(friend, place)
      await deliver(place, someBytes(5))
    })

    it('cannot be put together from two, of one app or of two (security 17)', async () => {
      const { sender, friend } = await couple()
      const { sender: stranger, friend: other } = await couple(tenants.small)
      const slots = await Promise.all(
        [placeFor(sender, toUser(friend)), placeFor(sender, toUser(friend)), placeFor(stranger, toUser(other))].map(async place => {
          const url = new URL((await place).upload_url)
          return { url, pieces: (url.searchParams.get('slot') ?? '').split('~') }
        }),
      )
      for (const one of slots) {
        for (const another of slots) {
          if (one === another) continue
          for (const i of one.pieces.keys()) {
            const pieces = one.pieces.map((piece, at) => (at === i ? (another.pieces[i] ?? '') : piece))
            if (pieces.join('~') === one.pieces.join('~') || pieces.join('~') === another.pieces.join('~')) continue
            const url = new URL(one.url)
            url.searchParams.set('slot', pieces.join('~'))
            expect((await replyOf(await fetch(url, { method: 'PUT', body: 'x' }))).code).toBe(10030)
          }
        }
      }
    })
  })

  describe('the size', () => {
    const ways: readonly (readonly [string, (place: UploadTarget, bytes: Bytes) => Promise<Reply>])[] = [
      ['PUT', put],
      ['PUT in chunks', (place, bytes) => chunked('PUT', place, [bytes.slice(0, 500), bytes.slice(500)])],
      ['a form', send],
      ['a form in chunks', (place, bytes) => chunked('POST', place, [part('name="file"', bytes), closing], multipart)],
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

    it.each(ways)('that is far too large is refused in words that reach the client: %s (security 10)', async (_, way) => {
      const { sender, friend } = await couple(tenants.small)
      const place = await placeFor(sender, toUser(friend))
      const reply = await way(place, someBytes(8 * 1024 * 1024))
      expect(reply).toMatchObject({ status: 413, code: 413 })
      expect(reply.message).toContain(String(limit))
      await expectNothingThere(friend, place)
    })

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
        await connection.write(headOf('PUT', place.upload_url, {}).replace('\r\n\r\n', `\r\n${length}\r\n\r\n`))
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
      await connection.write(headOf('PUT', (await placeFor(sender, toUser(friend))).upload_url, { 'content-length': 100 }))
      return connection
    }
    /** An upload too many is refused; until all are under way, it is not. */
    const untilRefused = async () => {
      const place = await placeFor(sender, toUser(friend))
      let reply = await put(place, 'x')
      for (let i = 0; i < 100 && reply.code === 200; i++) reply = await put(await placeFor(sender, toUser(friend)), 'x')
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
    it('of the bytes must be the one that was asked for (security 5)', async () => {
      const { sender, friend } = await couple()
      const files = {
        picture: await jpeg(40, 20),
        sound: voice(1),
        mp3: mp3(),
        video: stubMp4(),
        plain: someBytes(300),
        nothing: new Uint8Array(),
      }
      const fitting: Readonly<Record<number, readonly (keyof typeof files)[]>> = {
        100: ['picture', 'sound', 'mp3', 'video', 'plain', 'nothing'],
        101: ['sound', 'mp3'],
        102: ['picture'],
        103: ['video'],
        104: ['sound', 'mp3'],
      }
      for (const [file_type, fits] of Object.entries(fitting)) {
        for (const [name, bytes] of Object.entries(files)) {
          const place = await placeFor(sender, { ...toUser(friend), file_type: Number(file_type) })
          const reply = await send(place, bytes)
          const expected = fits.some(fit => fit === name) ? 200 : 415
          expect
            .soft({ file_type, name, status: reply.status, code: reply.code })
            .toEqual({ file_type, name, status: expected, code: expected })
          if (expected === 200) continue
          expect.soft(reply.message).toMatch(/picture|audio|video/)
          await expectNothingThere(friend, place)
        }
      }
    })

    it('that was refused leaves the URL as it was', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, { ...toUser(friend), file_type: 102 })
      const picture = await png()
      for (const send of [put, post])
        expect(await send(place, '<svg xmlns="http://www.w3.org/2000/svg"/>', { 'content-type': 'image/png' })).toMatchObject({
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
      codesOf(await Promise.all(places.map((place, i) => (i % 2 === 0 ? put : send)(place, someBytes(size, i + 1)))))

    it('of a user holds to the byte, whoever is faster (security 16)', async () => {
      const { sender, friend } = await couple(tenants.userQuota)
      const places = await Promise.all(Array.from({ length: 6 }, () => placeFor(sender, toUser(friend))))
      expect(await spend(places, 300)).toEqual([200, 200, 200, 10009, 10009, 10009])
      const codes = await Promise.all(places.map(async ({ download_url }) => (await read(friend, download_url)).status))
      expect([...codes].sort()).toEqual([200, 200, 200, 404, 404, 404])
      const [one, two] = places.filter((_, i) => codes[i] === 404) as [UploadTarget, UploadTarget]
      expect(await put(one, someBytes(101))).toMatchObject({ code: 10009 })
      expect(await put(one, someBytes(100))).toMatchObject(taken)
      expect(await put(two, someBytes(1))).toMatchObject({ code: 10009 })
      expect(await put(two, new Uint8Array())).toMatchObject(taken)
      await sendFile(friend, toUser(sender), someBytes(1000))
    })

    it('of an app holds to the byte, whoever is faster (security 16)', async () => {
      const { a, b, c, d } = await people(instance(), ['a', 'b', 'c', 'd'], tenants.appQuota)
      const places = await Promise.all([a, b, c, d, a, b].map(sender => placeFor(sender, toUser(a))))
      expect(await spend(places, 400)).toEqual([200, 200, 10009, 10009, 10009, 10009])
      const { sender, friend } = await couple(tenants.appQuota)
      expect(await send(await placeFor(sender, toUser(friend)), someBytes(201))).toMatchObject({ code: 10009 })
      await sendFile(sender, toUser(friend), someBytes(200))
      expect(await send(await placeFor(sender, toUser(friend)), someBytes(1))).toMatchObject({ code: 10009 })
    })

    it('gets back what a failed upload took (security 16)', async () => {
      const { sender, friend } = await couple(tenants.failing)
      const place = await placeFor(sender, { ...toUser(friend), file_type: 102 })
      for (let i = 0; i < 3; i++) expect(await put(place, someBytes(900))).toMatchObject({ status: 415 })
      for (let i = 0; i < 3; i++) expect(await put(place, someBytes(limit + 1))).toMatchObject({ status: 413 })
      await sendFile(sender, toUser(friend), someBytes(1000))
    })
  })
}
