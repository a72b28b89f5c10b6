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
  replyOf,
  send,
  sendFile,
  toUser,
} from '../../support/files.ts'
import { joined, png, someBytes, text } from '../../support/fixtures.ts'
import { people, type Tenant } from '../../support/groups.ts'
import {
  boundary,
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

/**
 * How bytes get in: by the URL that an upload operation answered (docs/behaviour.md, section 7; file-security
 * 4, 6, 11, 17, 18).
 */
export const uploads: Suite = (instance, _pace, target) => {
  let small: Tenant
  beforeAll(async () => {
    small = (await newTenants(instance(), 'uploads', { small: { upload_max_bytes: 1000 } })).small
  })

  const couple = (app?: Tenant) => people(instance(), ['sender', 'friend'], app)

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

  it('keeps what it has answered for, also when it is killed right after (docs/behaviour.md, section 6)', async () => {
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

  // Everything below is about URLs of the service itself.
  if (lacking(target, 'own upload URLs') !== undefined) return

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
      expect(JSON.parse(new TextDecoder().decode(reply.bytes))).toEqual({
        code: 200,
        data: true,
        message: null,
      })
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
      for (const name of [
        'a.png',
        '../../etc/passwd',
        'a"; filename="b.html',
        'x\u202egnp.exe',
        '.',
        'é\u0000',
        'n'.repeat(10_000),
      ]) {
        const form = new FormData()
        for (const [field, value] of fields) form.append(field, value)
        form.append('file', new Blob([picture], { type: 'text/html' }), name)
        form.append('after', 'ignored')
        const place = await placeFor(sender, toUser(friend))
        expect(await post(place, form)).toMatchObject(taken)
        const reply = await read(friend, place.download_url)
        expectBytes(reply, picture)
        expect(reply.headers.get('content-type')).toBe('image/png')
        expect(reply.headers.get('content-disposition')).toMatch(
          /^inline; filename="[\w.() -]*"; filename\*=UTF-8''[\w.!~%-]*$/,
        )
      }
    })

    it('may be laid out in every way that the standard allows', async () => {
      const { sender, friend } = await couple()
      const bytes = joined(text('\r\n--a-boundar'), someBytes(300), text('\r\n--'), text('\r\n'))
      const junk = part('name="other"', text('undefined'))
      const forms: readonly Bytes[] = [
        joined(part('name="file"; filename="a"', bytes), closing),
        joined(text('a preamble\r\n'), junk, part('name=file; filename=a', bytes), closing),
        joined(
          part('filename="file"; name="file"', bytes, 'content-type: text/html\r\nx-more: 1\r\n'),
          junk,
          closing,
        ),
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
        expect(
          await post(place, form, {
            'content-type': `multipart/form-data; charset=utf-8; boundary="${boundary}"`,
          }),
        ).toMatchObject(taken)
        expectBytes(await read(friend, place.download_url), bytes)
      }
    })

    it('may come in any pieces', async () => {
      const { sender, friend } = await couple()
      const bytes = joined(text('\r\n--a-boundar\r'), someBytes(40), text('\r\n-'))
      const form = joined(
        part('name="other"', text('undefined')),
        part('name="file"; filename="a"', bytes),
        closing,
      )
      for (const length of [1, 7, 64]) {
        const pieces = Array.from({ length: Math.ceil(form.length / length) }, (_, i) =>
          form.slice(i * length, (i + 1) * length),
        )
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
        [
          'another boundary',
          joined(text('--other\r\ncontent-disposition: form-data; name="file"\r\n\r\nx\r\n--other--')),
        ],
        ['no end', file],
        ['no end in its headers', text(`--${boundary}\r\ncontent-disposition: form-data; name="file"`)],
        ['forty thousand fields', joined(...new Array<Uint8Array>(40_000).fill(junk), file, closing)],
        ['an endless field', joined(part('name="other"', someBytes(3 * 1024 * 1024)), file, closing)],
        ['an endless preamble', joined(someBytes(3 * 1024 * 1024), file, closing)],
        [
          'endless headers',
          joined(text(`--${boundary}\r\nx: `), new Uint8Array(200_000).fill(65), file, closing),
        ],
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
        expect(await send(place, bytes)).toMatchObject({ status: 410, code: 10030 })
        expect(await put(place, bytes)).toMatchObject({ status: 410, code: 10030 })
      }
      expectBytes(await read(friend, place.download_url), first)
    })

    it('takes one of two uploads at the same time', async () => {
      const { sender, friend } = await couple()
      for (let round = 0; round < 5; round++) {
        const place = await placeFor(sender, toUser(friend))
        const files = Array.from({ length: 4 }, (_, i) => someBytes(50_000, round * 10 + i))
        const replies = await Promise.all(
          files.map((bytes, i) => (i % 2 === 0 ? put(place, bytes) : send(place, bytes))),
        )
        expect(codesOf(replies)).toEqual([200, 10030, 10030, 10030])
        expectBytes(
          await read(friend, place.download_url),
          files[replies.findIndex(({ code }) => code === 200)] ?? new Uint8Array(),
        )
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
        expect.soft({ at, status: reply.status, code: reply.code }).toEqual({ at, status: 403, code: 10030 })
      }
      for (const other of [
        '',
        slot.slice(0, -1),
        `${slot}A`,
        slot.replaceAll('~', '~~'),
        '../../x',
        `${slot}\0`,
        'x'.repeat(10_000),
      ]) {
        const url = new URL(place.upload_url)
        url.searchParams.set('slot', other)
        expect(await put({ ...place, upload_url: url.href }, 'x')).toMatchObject({ status: 403, code: 10030 })
      }
      await expectNothingThere(friend, place)
      await deliver(place, someBytes(5))
    })

    it('cannot be put together from two, of one app or of two (security 17)', async () => {
      const { sender, friend } = await couple()
      const { sender: stranger, friend: other } = await couple(small)
      const slots = await Promise.all(
        [
          placeFor(sender, toUser(friend)),
          placeFor(sender, toUser(friend)),
          placeFor(stranger, toUser(other)),
        ].map(async place => {
          const url = new URL((await place).upload_url)
          return { url, pieces: (url.searchParams.get('slot') ?? '').split('~') }
        }),
      )
      for (const one of slots) {
        for (const another of slots) {
          if (one === another) continue
          for (const i of one.pieces.keys()) {
            const pieces = one.pieces.map((piece, at) => (at === i ? (another.pieces[i] ?? '') : piece))
            if (pieces.join('~') === one.pieces.join('~') || pieces.join('~') === another.pieces.join('~'))
              continue
            const url = new URL(one.url)
            url.searchParams.set('slot', pieces.join('~'))
            expect((await replyOf(await fetch(url, { method: 'PUT', body: 'x' }))).code).toBe(10030)
          }
        }
      }
    })
  })
}
