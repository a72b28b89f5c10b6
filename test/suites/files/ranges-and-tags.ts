import { beforeAll, describe, expect, it } from 'vitest'
import { chatFiles, headersOf } from '../../support/downloads.ts'
import { expectBytes, expectRefused } from '../../support/files.ts'
import { jpeg, png, someBytes } from '../../support/fixtures.ts'
import type { Suite } from '../all.ts'

/**
 * What a reader may ask for instead of the whole: a part of it (Range), or nothing if it has that version
 * already (If-None-Match). docs/behaviour.md, section 7; file-security 26.
 */
export const rangesAndTags: Suite = (instance, _pace, target) => {
  const { get, sent } = chatFiles(instance, target)

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
}
