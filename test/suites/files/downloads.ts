import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import { lacking } from '../../support/capabilities.ts'
import {
  avatarOf,
  expectBytes,
  expectRefused,
  placeFor,
  type Reading,
  type Reply,
  read,
  sendFile,
  toUser,
} from '../../support/files.ts'
import {
  animatedGif,
  avif,
  hostile,
  joined,
  jpeg,
  mp3,
  png,
  polyglot,
  someBytes,
  stubMp4,
  text,
  voice,
  webp,
} from '../../support/fixtures.ts'
import { dataOf, people, type User } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** What keeps hostile bytes harmless, on every download. */
const guards = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'private, max-age=31536000, immutable',
  'access-control-allow-origin': '*',
}

const headersOf = ({ headers }: Reply, names: readonly string[]) =>
  Object.fromEntries(names.map(name => [name, headers.get(name)]))
const expectGuards = (reply: Reply) => expect(headersOf(reply, Object.keys(guards))).toEqual(guards)

/** What a download is besides its bytes (docs/behaviour.md, section 7; file-security 1 to 7, 26). */
export const downloads: Suite = (instance, _pace, target) => {
  let sender: User
  let friend: User
  beforeAll(async () => {
    const couple = await people(instance(), ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })

  /** Answered by the service itself: where downloads are redirected to a store, mini programs are not. */
  const own: Reading =
    lacking(target, 'own downloads') === undefined ? {} : { query: { source: 'miniprogram' } }
  const get = (url: string, { query, ...rest }: Reading = {}) =>
    read(friend, url, { ...rest, query: { ...own.query, ...query } })
  const sent = (bytes: Bytes, file_type = 100) => sendFile(sender, { ...toUser(friend), file_type }, bytes)

  describe('headers', () => {
    it('keep hostile bytes harmless on every answer with bytes, and let pages of any origin show them (security 3, 22)', async () => {
      const [file, picture, sound] = [
        await sent(someBytes(500)),
        await sent(await jpeg(), 102),
        await sent(voice(), 101),
      ]
      const avatar = await avatarOf(sender, await png())
      const replies = [
        await get(file),
        await get(file, { method: 'HEAD' }),
        await get(file, { headers: { range: 'bytes=0-9' } }),
        await get(picture),
        await get(picture, { query: { image_type: 2 } }),
        await get(picture, { query: { image_type: 3 } }),
        await get(sound),
        await get(sound, { query: { format: 'mp3' } }),
        await get(avatar),
        await get(avatar, { query: { image_type: 2 } }),
      ]
      for (const reply of replies) {
        expect([200, 206]).toContain(reply.status)
        expectGuards(reply)
        expect(reply.headers.get('accept-ranges')).toBe('bytes')
        expect(reply.headers.get('etag')).toMatch(/^"[\x21\x23-\x7e]+"$/)
        expect(reply.headers.get('x-request-id')).toMatch(/\w/)
        expect(reply.headers.get('content-disposition')).toMatch(
          /^(inline|attachment); filename="[\w.() -]+"; filename\*=UTF-8''[\w.%-]+$/,
        )
      }
    })

    it('of an error are those of an answer in JSON, which no cache keeps', async () => {
      const url = await sent(someBytes(500))
      for (const reply of [
        await read({ headers: {} }, url),
        await get(url, { query: { image_type: 2 } }),
        await get(`${url}x`),
      ]) {
        expect(
          headersOf(reply, [
            'content-type',
            'x-content-type-options',
            'cache-control',
            'content-disposition',
            'etag',
          ]),
        ).toEqual({
          'content-type': 'application/json',
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
          'content-disposition': null,
          etag: null,
        })
      }
    })

    it('are the same for HEAD, which has no body (security 26)', async () => {
      const url = await sent(await png(), 102)
      for (const [query, headers] of [
        [{}, {}],
        [{ image_type: 2 }, {}],
        // This size is made for the request and not stored.
        [{ image_type: 2, w: 77 }, {}],
        [{}, { range: 'bytes=3-9' }],
      ] as const) {
        const [whole, head] = [
          await get(url, { query, headers }),
          await get(url, { query, headers, method: 'HEAD' }),
        ]
        const names = [
          'content-type',
          'content-length',
          'etag',
          'content-disposition',
          'content-range',
          'accept-ranges',
          'cache-control',
        ]
        expect(head.status).toBe(whole.status)
        expect(headersOf(head, names)).toEqual(headersOf(whole, names))
        expect(head.headers.get('content-length')).toBe(String(whole.bytes.length))
        expect(head.bytes).toHaveLength(0)
      }
      for (const reply of [
        await get(`${url}x`, { method: 'HEAD' }),
        await read({ headers: {} }, url, { method: 'HEAD' }),
      ]) {
        expect([401, 403]).toContain(reply.status)
        expect(reply.bytes).toHaveLength(0)
      }
    })

    it('answer preflights, and other methods with 405', async () => {
      const url = await sent(someBytes(5))
      const asked = {
        origin: 'https://chat.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'access-token, app_id, range',
      }
      const preflight = await fetch(url, { method: 'OPTIONS', headers: asked })
      expect(preflight.status).toBe(204)
      for (const name of ['access-token', 'app_id', 'range', 'if-none-match', 'if-range']) {
        expect(preflight.headers.get('access-control-allow-headers')).toContain(name)
      }
      for (const method of ['POST', 'PUT', 'DELETE'])
        expect((await fetch(url, { method, headers: friend.headers })).status).toBe(405)
    })
  })

  // The service keeps small files in memory. Large ones come from the store as they are sent.
  describe.each([1000, 400_000])('a range of %i bytes', size => {
    const last = size - 1
    const bytes = someBytes(size)
    let url: string
    beforeAll(async () => {
      url = await sent(bytes)
    })

    it.each([
      ['bytes=0-0', 0, 0],
      ['bytes=0-499', 0, 499],
      ['bytes=500-', 500, last],
      [`bytes=${last}-`, last, last],
      ['bytes=-1', last, last],
      [`bytes=-${size}`, 0, last],
      ['bytes=-500000', 0, last],
      [`bytes=0-${last}`, 0, last],
      ['bytes=990-500000', 990, last],
      ['bytes=0-999999999999999', 0, last],
    ])('%s is answered with 206', async (range, start, end) => {
      const reply = await get(url, { headers: { range } })
      expect({
        status: reply.status,
        range: reply.headers.get('content-range'),
        length: reply.headers.get('content-length'),
      }).toEqual({ status: 206, range: `bytes ${start}-${end}/${size}`, length: String(end - start + 1) })
      expect(Buffer.compare(reply.bytes, bytes.subarray(start, end + 1))).toBe(0)
    })

    it.each([`bytes=${size}-`, `bytes=${size}-${size + 1}`, 'bytes=999999999-', 'bytes=-0'])(
      '%s is answered with 416',
      async range => {
        const reply = await get(url, { headers: { range } })
        expectRefused(reply, 416, 416)
        expect(reply.headers.get('content-range')).toBe(`bytes */${size}`)
      },
    )

    it.each([
      'bytes=5-2',
      'bytes=0-1,5-6',
      `bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-${i}`).join(',')}`,
      'bytes=-',
      'bytes=a-b',
      'bytes=0x0-5',
      'bytes=1.5-2',
      'bytes=--5',
      'items=0-5',
      'bytes',
      '0-5',
      'bytes=99999999999999999999-',
      'bytes=0-99999999999999999999',
    ])('%s is answered with the whole, or not at all (security 26)', async range => {
      const reply = await get(url, { headers: { range } })
      if (reply.status === 416) expectRefused(reply, 416, 416)
      else if (reply.status === 206)
        expect(reply.headers.get('content-range')).toMatch(new RegExp(`^bytes \\d+-${last}/${size}$`))
      else expectBytes(reply, bytes)
    })

    it('of a file of no bytes is answered with 416, or with the file', async () => {
      const empty = await sent(new Uint8Array())
      for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
        const reply = await get(empty, { headers: { range } })
        if (reply.status !== 416) expectBytes(reply, new Uint8Array())
      }
    })

    it('holds for pictures that were made, too', async () => {
      const picture = await sent(await jpeg(), 102)
      const whole = await get(picture, { query: { image_type: 2 } })
      const reply = await get(picture, { query: { image_type: 2 }, headers: { range: 'bytes=10-19' } })
      expect([reply.status, reply.headers.get('content-range')]).toEqual([
        206,
        `bytes 10-19/${whole.bytes.length}`,
      ])
      expect(Buffer.compare(reply.bytes, whole.bytes.subarray(10, 20))).toBe(0)
    })

    it('is taken only of the version that If-Range names', async () => {
      const etag = (await get(url)).headers.get('etag') ?? ''
      const range = 'bytes=0-9'
      expect((await get(url, { headers: { range, 'if-range': etag } })).status).toBe(206)
      for (const condition of ['"another"', `W/${etag}`, 'Wed, 21 Oct 2015 07:28:00 GMT', '']) {
        const reply = await get(url, { headers: { range, 'if-range': condition } })
        if (condition === '') continue
        expectBytes(reply, bytes)
        expect(reply.headers.get('content-length')).toBe(String(size))
      }
    })
  })

  describe('a tag', () => {
    it('stays while the bytes do, and differs for other bytes and other forms (security 26)', async () => {
      const [one, same, other] = [
        await sent(await jpeg(), 102),
        await sent(await jpeg(), 102),
        await sent(await png(), 102),
      ]
      const tags = new Map<string, string>()
      for (const [name, url, query] of [
        ['one', one, {}],
        ['thumbnail', one, { image_type: 2 }],
        ['cover', one, { image_type: 3 }],
        ['larger', one, { image_type: 2, w: 300 }],
        ['other', other, {}],
      ] as const) {
        const [first, second] = [await get(url, { query }), await get(url, { query })]
        expect(first.headers.get('etag')).toBe(second.headers.get('etag'))
        tags.set(name, first.headers.get('etag') ?? '')
      }
      expect(new Set(tags.values()).size).toBe(tags.size)
      expectBytes(await get(same), await jpeg())
    })

    it('that is known saves the bytes', async () => {
      const url = await sent(someBytes(500))
      const whole = await get(url)
      const etag = whole.headers.get('etag') ?? ''
      for (const known of [etag, `W/${etag}`, `"another", ${etag}`, `"a",W/${etag} , "b"`, '*']) {
        for (const method of ['GET', 'HEAD'] as const) {
          const reply = await get(url, { method, headers: { 'if-none-match': known } })
          expect({ known, status: reply.status, size: reply.bytes.length }).toEqual({
            known,
            status: 304,
            size: 0,
          })
          expect(headersOf(reply, ['etag', 'cache-control', 'access-control-allow-origin'])).toEqual(
            headersOf(whole, ['etag', 'cache-control', 'access-control-allow-origin']),
          )
        }
      }
      for (const unknown of ['"another"', etag.slice(1, -1), `${etag.slice(0, -1)}x"`, '""']) {
        expectBytes(await get(url, { headers: { 'if-none-match': unknown } }), someBytes(500))
      }
      expect((await get(url, { headers: { 'if-none-match': etag, range: 'bytes=0-5' } })).status).toBe(304)
    })
  })

  describe('the type', () => {
    const files: readonly (readonly [string, string, () => Bytes | Promise<Bytes>])[] = [
      ['a JPEG', 'image/jpeg', () => jpeg(40, 20)],
      ['a PNG', 'image/png', () => png()],
      ['a GIF', 'image/gif', () => animatedGif(40, 20)],
      ['a WebP', 'image/webp', () => webp(40, 20)],
      ['an AVIF', 'image/avif', () => avif(40, 20)],
      ['AMR', 'audio/amr', () => voice()],
      ['MP3', 'audio/mpeg', () => mp3()],
      ['MP4', 'video/mp4', stubMp4],
      ['a PNG that goes on as HTML', 'image/png', polyglot],
      [
        'a GIF that is a script as well',
        'image/gif',
        () => text('GIF89a=1;/*<html><script>alert(1)</script>*/'),
      ],
    ]

    it.each(files)('of %s is %s, shown in place (security 2, 4)', async (_, type, make) => {
      const bytes = await make()
      const reply = await read(friend, await sent(bytes))
      expectBytes(reply, bytes)
      expect(reply.headers.get('content-type')).toBe(type)
      expect(reply.headers.get('content-disposition')).toMatch(/^inline;/)
    })

    it.each(Object.entries(hostile))(
      'of %s is nothing that runs, saved and not shown, whatever it was sent as (security 1, 2, 4)',
      async (_, bytes) => {
        for (const file_type of [100, 101, 102, 103, 104]) {
          const place = await placeFor(sender, { ...toUser(friend), file_type })
          const form = new FormData()
          for (const [name, value] of Object.entries(place.oss_body_param)) form.append(name, value)
          form.append('file', new Blob([bytes], { type: 'image/png' }), 'harmless.png')
          await fetch(place.upload_url, {
            method: place.upload_method,
            body: place.upload_method === 'PUT' ? bytes : form,
          })
          const reply = await read(friend, place.download_url)
          expectBytes(reply, bytes)
          expect(reply.headers.get('content-type')).toMatch(/^application\/(octet-stream|pdf)$/)
          expect(reply.headers.get('content-disposition')).toMatch(/^attachment;/)
        }
      },
    )

    it('of what is known but not for showing is told, and it is saved', async () => {
      for (const [type, bytes] of [
        ['application/pdf', text('%PDF-1.7\n')],
        ['application/zip', joined(text('PK\x05\x06'), new Uint8Array(18))],
        ['image/tiff', joined(Uint8Array.of(0x49, 0x49, 0x2a, 0, 8, 0, 0, 0), new Uint8Array(200))],
        ['application/octet-stream', someBytes(100)],
        ['application/octet-stream', text('plain text')],
      ] as const) {
        const reply = await read(friend, await sent(bytes))
        expect({ type: reply.headers.get('content-type') }).toEqual({ type })
        expect(reply.headers.get('content-disposition')).toMatch(/^attachment;/)
      }
    })
  })

  it('a name that is none is refused without a search for it (security 7)', async () => {
    const { app_id } = instance()
    const names = [
      '../x',
      '..\\x',
      '%2e%2e%2f',
      '%252e%252e%252f',
      '/etc/passwd',
      'C:\\x',
      `${app_id}/avatar/../chat/1`,
      `${app_id}/avatar/..`,
      `${app_id}/avatar/`,
      `${app_id}//avatar/1`,
      `/${app_id}/avatar/1`,
      `${app_id}/avatar/1/`,
      `${app_id}/avatar/1\0`,
      `${app_id}/avatar/1.i2-200x200`,
      `${app_id}/avatar/1\r\nx: y`,
      '//',
      '.',
      'cohort.db',
      `${app_id}/avatar/${'1'.repeat(10_000)}`,
      'x'.repeat(10_000),
      "' OR 1=1 --",
      '\u202e',
    ]
    for (const name of names) {
      const avatar = await read(
        friend,
        `${instance().url}/file/download/avatar?object_name=${encodeURIComponent(name)}`,
      )
      expect
        .soft({ name, status: avatar.status, code: avatar.code })
        .toEqual({ name, status: 404, code: 20022 })
      const chat = await read(
        friend,
        `${instance().url}/file/download/chat?file_sign=${encodeURIComponent(name)}`,
      )
      expect.soft({ name, status: chat.status, code: chat.code }).toEqual({ name, status: 403, code: 10030 })
      for (const reply of [avatar, chat]) expect.soft(reply.message).not.toMatch(/\/|\\|SELECT|objects/)
    }
    for (const path of ['/file/download/avatar', '/file/download/avatar?object_name=']) {
      expectRefused(await read(friend, `${instance().url}${path}`), 400, 10002, 'object_name')
    }
    for (const path of ['/file/download/chat', '/file/download/chat?file_sign=']) {
      expectRefused(await read(friend, `${instance().url}${path}`), 400, 10002, 'file_sign')
    }
  })

  it('a parameter that is wrong is named', async () => {
    const url = await sent(await png(), 102)
    for (const [name, values] of [
      ['image_type', ['0', '4', '-1', 'thumbnail', '2.0', '22']],
      ['thumbnail_strategy', ['0', '3', 'x']],
      ['format', ['wav', 'MP3', 'x']],
      ['w', ['NaN', 'Infinity', 'wide', '0x10', '1e999', '12px']],
      ['h', ['NaN', '-Infinity', 'high', '1,5']],
    ] as const) {
      for (const value of values)
        expectRefused(await get(url, { query: { image_type: 2, [name]: value } }), 400, 10002, name)
    }
    for (const query of [
      { image_type: '' },
      { image_type: 1, w: '', h: '' },
      { format: '', thumbnail_strategy: '' },
      { source: 'x', unknown: 'y' },
    ]) {
      expectBytes(await get(url, { query }), await png())
    }
  })

  it('many at once get their parts of a large file', async () => {
    const bytes = someBytes(3_000_000)
    const url = await sent(bytes)
    const ranges = [
      [0, 2_999_999],
      [0, 524_287],
      [524_287, 524_289],
      [1, 1_048_577],
      [2_999_998, 2_999_999],
      [600_000, 2_700_000],
    ] as const
    await Promise.all(
      [...ranges, ...ranges].map(async ([start, end]) => {
        const reply = await get(url, { headers: { range: `bytes=${start}-${end}` } })
        expect([reply.status, reply.bytes.length]).toEqual([206, end - start + 1])
        expect(Buffer.compare(reply.bytes, bytes.subarray(start, end + 1))).toBe(0)
      }),
    )
  })

  it('many at once get what is theirs', async () => {
    const urls: string[] = []
    for (let i = 0; i < 20; i++) urls.push(await sent(someBytes(20_000 + i, i)))
    const replies = await Promise.all(urls.map(url => read(friend, url)))
    for (const [i, reply] of replies.entries()) expectBytes(reply, someBytes(20_000 + i, i))
  })

  it('a reader that goes away in the middle leaves the rest working', async () => {
    const bytes = someBytes(4 * 1024 * 1024)
    const url = await sent(bytes)
    for (let i = 0; i < 20; i++) {
      const response = await fetch(url, { headers: friend.headers })
      const reader = response.body?.getReader()
      await reader?.read()
      await reader?.cancel()
    }
    expectBytes(await read(friend, url), bytes)
    expect(dataOf(await friend.get('/group/user_joined'))).toEqual([])
  })
}
