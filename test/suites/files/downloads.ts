import { describe, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import { chatFiles, headersOf } from '../../support/downloads.ts'
import {
  avatarOf,
  expectBytes,
  expectRefused,
  placeFor,
  type Reply,
  read,
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
import { dataOf } from '../../support/groups.ts'
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

const expectGuards = (reply: Reply) => expect(headersOf(reply, Object.keys(guards))).toEqual(guards)

/** What a download is besides its bytes (docs/behaviour.md, section 7; file-security 1 to 7, 26). */
export const downloads: Suite = (instance, _pace, target) => {
  const couple = chatFiles(instance, target)
  const { get, sent } = couple

  describe('headers', () => {
    it('keep hostile bytes harmless on every answer with bytes, and let pages of any origin show them (security 3, 22)', async () => {
      const [file, picture, sound] = [
        await sent(someBytes(500)),
        await sent(await jpeg(), 102),
        await sent(voice(), 101),
      ]
      const avatar = await avatarOf(couple.sender, await png())
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
        expect((await fetch(url, { method, headers: couple.friend.headers })).status).toBe(405)
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
      const reply = await read(couple.friend, await sent(bytes))
      expectBytes(reply, bytes)
      expect(reply.headers.get('content-type')).toBe(type)
      expect(reply.headers.get('content-disposition')).toMatch(/^inline;/)
    })

    it.each(Object.entries(hostile))(
      'of %s is nothing that runs, saved and not shown, whatever it was sent as (security 1, 2, 4)',
      async (_, bytes) => {
        for (const file_type of [100, 101, 102, 103, 104]) {
          const place = await placeFor(couple.sender, { ...toUser(couple.friend), file_type })
          const form = new FormData()
          for (const [name, value] of Object.entries(place.oss_body_param)) form.append(name, value)
          form.append('file', new Blob([bytes], { type: 'image/png' }), 'harmless.png')
          await fetch(place.upload_url, {
            method: place.upload_method,
            body: place.upload_method === 'PUT' ? bytes : form,
          })
          const reply = await read(couple.friend, place.download_url)
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
        const reply = await read(couple.friend, await sent(bytes))
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
        couple.friend,
        `${instance().url}/file/download/avatar?object_name=${encodeURIComponent(name)}`,
      )
      expect
        .soft({ name, status: avatar.status, code: avatar.code })
        .toEqual({ name, status: 404, code: 20022 })
      const chat = await read(
        couple.friend,
        `${instance().url}/file/download/chat?file_sign=${encodeURIComponent(name)}`,
      )
      expect.soft({ name, status: chat.status, code: chat.code }).toEqual({ name, status: 403, code: 10030 })
      for (const reply of [avatar, chat]) expect.soft(reply.message).not.toMatch(/\/|\\|SELECT|objects/)
    }
    for (const path of ['/file/download/avatar', '/file/download/avatar?object_name=']) {
      expectRefused(await read(couple.friend, `${instance().url}${path}`), 400, 10002, 'object_name')
    }
    for (const path of ['/file/download/chat', '/file/download/chat?file_sign=']) {
      expectRefused(await read(couple.friend, `${instance().url}${path}`), 400, 10002, 'file_sign')
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

  it('many at once get what is theirs', async () => {
    const urls: string[] = []
    for (let i = 0; i < 20; i++) urls.push(await sent(someBytes(20_000 + i, i)))
    const replies = await Promise.all(urls.map(url => read(couple.friend, url)))
    for (const [i, reply] of replies.entries()) expectBytes(reply, someBytes(20_000 + i, i))
  })

  it('a reader that goes away in the middle leaves the rest working', async () => {
    const bytes = someBytes(4 * 1024 * 1024)
    const url = await sent(bytes)
    for (let i = 0; i < 20; i++) {
      const response = await fetch(url, { headers: couple.friend.headers })
      const reader = response.body?.getReader()
      await reader?.read()
      await reader?.cancel()
    }
    expectBytes(await read(couple.friend, url), bytes)
    expect(dataOf(await couple.friend.get('/group/user_joined'))).toEqual([])
  })
}
