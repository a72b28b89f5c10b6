import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import { lacking } from '../../support/capabilities.ts'
import { callers } from '../../support/client.ts'
import {
  avatarOf,
  expectBytes,
  expectRefused,
  type Reply,
  read,
  readByUrl,
  sendFile,
  toUser,
} from '../../support/files.ts'
import {
  animatedGif,
  avif,
  hostile,
  joined,
  jpeg,
  manyFrames,
  mp4,
  png,
  someBytes,
  stubMp4,
  turnedJpeg,
  voice,
  webp,
} from '../../support/fixtures.ts'
import { people, type User } from '../../support/groups.ts'
import {
  BLUE,
  bytesOf,
  CLEAR,
  type Colour,
  distance,
  fixture,
  GREEN,
  look,
  lyingPng,
  paint,
  QUARTERS,
  type Quarters,
  quarters,
  RED,
} from '../../support/pictures.ts'
import type { Instance } from '../../support/target.ts'
import type { Suite } from '../all.ts'

/** JPEG moves colours a little, scaling blends neighbours. */
const near = 40

/** How many pictures and voice messages the service has converted since it started. */
export async function conversions(instance: Instance): Promise<number> {
  const { data } = await (await callers(instance).admin()).get('/metrics')
  return Number(/^cohort_conversions_total (\d+)$/m.exec(data)?.[1] ?? 0)
}

/** Where the quarters of a stored picture are seen when its EXIF orientation is heeded. */
const seenAt: Readonly<Record<number, readonly [number, number, number, number]>> = {
  1: [0, 1, 2, 3],
  2: [1, 0, 3, 2],
  3: [3, 2, 1, 0],
  4: [2, 3, 0, 1],
  5: [0, 2, 1, 3],
  6: [2, 0, 3, 1],
  7: [3, 1, 2, 0],
  8: [1, 3, 0, 2],
}

/** Thumbnails and covers (docs/behaviour.md, section 7; file-security 13 to 15). */
export const pictures: Suite = (instance, _pace, target) => {
  let sender: User
  let friend: User
  beforeAll(async () => {
    const couple = await people(instance(), ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })

  const sent = (bytes: Bytes, file_type = 102) => sendFile(sender, { ...toUser(friend), file_type }, bytes)
  const thumbnail = (url: string, query: Readonly<Record<string, string | number>> = {}) =>
    read(friend, url, { query: { image_type: 2, ...query } })
  const cover = (url: string, query: Readonly<Record<string, string | number>> = {}) =>
    read(friend, url, { query: { image_type: 3, ...query } })

  const sizeOf = async (reply: Reply): Promise<[number, number]> => {
    expect(reply.status, reply.message).toBe(200)
    expect(reply.headers.get('content-type')).toMatch(/^image\/(jpeg|png)$/)
    expect(reply.headers.get('content-disposition')).toMatch(/^inline;/)
    const { width, height } = await look(reply.bytes)
    return [width, height]
  }
  const expectQuarters = async (reply: Reply, colours: Quarters) => {
    const seen = (await look(reply.bytes)).quarters()
    for (const [i, colour] of colours.entries())
      expect(distance(seen[i] ?? CLEAR, colour), `quarter ${i}: ${seen[i]}`).toBeLessThan(near)
  }

  it('a thumbnail fits into 200 × 200, or what is asked for, and keeps its proportions', async () => {
    const url = await sent(await jpeg(400, 200))
    for (const [query, size] of [
      [{}, [200, 100]],
      [{ w: 100 }, [100, 50]],
      [{ h: 50 }, [100, 50]],
      [{ w: 60, h: 60 }, [60, 30]],
      [{ w: 300, h: 10 }, [20, 10]],
      [{ w: 99.6, h: '100.49' }, [100, 50]],
      [{ w: 100, h: 100, thumbnail_strategy: 1 }, [100, 50]],
      [{ w: 100, h: 100, thumbnail_strategy: 2 }, [100, 50]],
    ] as const) {
      const reply = await thumbnail(url, query)
      expect(await sizeOf(reply)).toEqual(size)
      if (size[1] >= 30) await expectQuarters(reply, QUARTERS)
    }
    expect(await sizeOf(await readByUrl(friend, url, { query: { image_type: 2 } }))).toEqual([200, 100])
    expect(await sizeOf(await read(friend, url, { query: { imgage_type: 2 } }))).toEqual([200, 100])
    expect(await sizeOf(await read(friend, url, { query: { imgage_type: 3, w: 40, h: 30 } }))).toEqual([
      40, 30,
    ])
  })

  it('a thumbnail is never larger than its picture', async () => {
    const url = await sent(await png(60, 40))
    for (const query of [{}, { w: 4096, h: 4096 }, { w: 1e9, h: '1e9' }, { w: 61 }])
      expect(await sizeOf(await thumbnail(url, query))).toEqual([60, 40])
  })

  it('a cover fills 200 × 200, or what is asked for, with the middle', async () => {
    const third = (at: number, size: number): Colour =>
      at < size / 3 ? RED : at < (size * 2) / 3 ? GREEN : BLUE
    const wide = await sent(await bytesOf(paint(600, 200, x => third(x, 600)).jpeg()))
    const high = await sent(await bytesOf(paint(200, 600, (_, y) => third(y, 600)).png()))
    for (const url of [wide, high]) {
      for (const [query, size] of [
        [{}, [200, 200]],
        [{ w: 50, h: 50 }, [50, 50]],
        [{ w: '80.2', h: 79.9 }, [80, 80]],
      ] as const) {
        const reply = await cover(url, query)
        expect(await sizeOf(reply)).toEqual(size)
        await expectQuarters(reply, [GREEN, GREEN, GREEN, GREEN])
      }
    }
    // Of a small picture there is no more than there is: the proportions stay.
    expect(await sizeOf(await cover(await sent(await png(20, 10)), { w: 300, h: 100 }))).toEqual([20, 7])
    expect(await sizeOf(await cover(await sent(await png(20, 10))))).toEqual([10, 10])
  })

  it('sizes beyond sense are clamped or named (security 15)', async () => {
    const url = await sent(await jpeg(400, 200))
    for (const [query, size] of [
      [{ w: -1, h: -1 }, [1, 1]],
      [{ w: 0, h: 0 }, [1, 1]],
      [{ w: -1e9, h: 200 }, [1, 1]],
      [{ w: 0.2, h: 200 }, [1, 1]],
      [{ w: 1e9, h: 1e9 }, [400, 200]],
      [{ w: '1e21', h: 200 }, [400, 200]],
      [{ w: 999_999_999_999_999, h: 200 }, [400, 200]],
    ] as const) {
      expect(await sizeOf(await thumbnail(url, query))).toEqual(size)
    }
    const clamped = await cover(url, { w: 1e9, h: -1 })
    expect(await sizeOf(clamped)).toEqual([400, 1])
    for (const w of ['NaN', 'Infinity', '-Infinity', '1e999', 'x'.repeat(10_000), '1e', '--1', '[]'])
      expectRefused(await thumbnail(url, { w }), 400, 10002, 'w')
  })

  it('the orientation that a camera noted is heeded', async () => {
    for (const [orientation, seen] of Object.entries(seenAt)) {
      const onSide = Number(orientation) >= 5
      const url = await sent(await turnedJpeg(240, 120, Number(orientation)))
      const reply = await thumbnail(url, { w: 120, h: 120 })
      expect({ orientation, size: await sizeOf(reply) }).toEqual({
        orientation,
        size: onSide ? [60, 120] : [120, 60],
      })
      await expectQuarters(reply, seen.map(i => QUARTERS[i]) as unknown as Quarters)
      const { exif, orientation: left } = await sharp(reply.bytes).metadata()
      expect([exif, left ?? 1]).toEqual([undefined, 1])
    }
  })

  it('of an animated GIF the first frame is shown', async () => {
    const url = await sent(await animatedGif(300, 150))
    const reply = await thumbnail(url)
    expect(await sizeOf(reply)).toEqual([200, 100])
    await expectQuarters(reply, [RED, RED, RED, RED])
    expect((await sharp(reply.bytes).metadata()).pages ?? 1).toBe(1)
  })

  it('what is see-through stays so', async () => {
    const url = await sent(await bytesOf(quarters(300, 300, [CLEAR, RED, BLUE, CLEAR], true).png()))
    const reply = await thumbnail(url)
    expect(reply.headers.get('content-type')).toBe('image/png')
    await expectQuarters(reply, [CLEAR, RED, BLUE, CLEAR])
  })

  it('WebP is understood, and AVIF where it can be', async () => {
    const replies = await Promise.all([webp(), avif()].map(async bytes => thumbnail(await sent(await bytes))))
    const [ofWebp, ofAvif] = replies as [Reply, Reply]
    expect(await sizeOf(ofWebp)).toEqual([200, 100])
    await expectQuarters(ofWebp, QUARTERS)
    expect(await sizeOf(ofAvif)).toEqual([200, 100])
    await expectQuarters(ofAvif, QUARTERS)
  })

  it('HEIC is stored, and shown as a JPEG to who asks for one', async () => {
    const bytes = fixture('quarters.heic')
    const url = await sent(bytes)
    await expectQuarters(await thumbnail(url), QUARTERS)
    const original = await read(friend, url)
    expectBytes(original, bytes)
    const shown = await read(friend, url, { query: { image_type: 1, format: 'jpeg' } })
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    expect(shown.headers.get('content-disposition')).toMatch(/^inline;/)
    expect(await sizeOf(shown)).toEqual([400, 200])
    await expectQuarters(shown, QUARTERS)
    const picture = await jpeg(40, 20)
    expectBytes(await read(friend, await sent(picture), { query: { format: 'jpeg' } }), picture)
    expect(await sizeOf(await thumbnail(await avatarOf(sender, bytes)))).toEqual([200, 100])
  })

  it('a photo sent as a picture loses the place it was taken at, and one sent as a file does not', async () => {
    const photo = await bytesOf(
      quarters(40, 20)
        .withExif({ IFD2: { BodySerialNumber: 'SN-123456' }, IFD3: { GPSMapDatum: 'HERE-IT-WAS' } })
        .jpeg(),
    )
    const told = (reply: Reply) => /SN-123456|HERE-IT-WAS/.test(Buffer.from(reply.bytes).toString('latin1'))
    const sizes: number[] = []
    for (const url of [await sent(photo, 102), await avatarOf(sender, photo)]) {
      const reply = await read(friend, url)
      expect({ status: reply.status, told: told(reply) }).toEqual({ status: 200, told: false })
      sizes.push(reply.bytes.length)
    }
    expect(sizes).toEqual([photo.length, photo.length])
    expectBytes(await read(friend, await sent(photo, 100)), photo)
  })

  it('avatars have them, too', async () => {
    const url = await avatarOf(sender, await jpeg(400, 200))
    expect(await sizeOf(await thumbnail(url))).toEqual([200, 100])
    expect(await sizeOf(await cover(url, { w: 64, h: 64 }))).toEqual([64, 64])
  })

  describe('a picture that would fill the memory', () => {
    it('gets no thumbnail, by its header alone, and can be downloaded (security 13)', async () => {
      const bombs: readonly Bytes[] = [
        await lyingPng(10_001, 5000),
        await lyingPng(60_000, 60_000),
        await lyingPng(2 ** 31 - 1, 2 ** 31 - 1),
        manyFrames(1, 65_535, 65_535),
        manyFrames(10_000, 65_535, 800),
      ]
      for (const bytes of bombs) {
        const url = await sent(bytes)
        for (const reply of [await thumbnail(url), await cover(url, { w: 1, h: 1 })])
          expectRefused(reply, 422, 10009, '50 megapixels')
        expectBytes(await read(friend, url), bytes)
      }
    })

    it('may have very many frames: only one is looked at (security 13)', async () => {
      const bytes = manyFrames(50_000, 300, 150)
      const url = await sent(bytes)
      const reply = await thumbnail(url)
      // Of the canvas, or of the one pixel that the first frame paints.
      if (reply.status === 200) expect([1, 100]).toContain((await sizeOf(reply))[1])
      else expectRefused(reply, 422, 10009)
      expectBytes(await read(friend, url), bytes)
    })

    it('is one of more than 50 megapixels: of these, a thumbnail is made', async () => {
      const bytes = await bytesOf(
        sharp({ create: { width: 10_000, height: 5000, channels: 3, background: '#dc1e1e' } }).png({
          compressionLevel: 1,
        }),
      )
      const reply = await thumbnail(await sent(bytes))
      expect(await sizeOf(reply)).toEqual([200, 100])
    })
  })

  it('of what is no readable picture there is none, and it can be downloaded (security 14)', async () => {
    const whole = await png(400, 300)
    const files: readonly (readonly [string, number, Bytes])[] = [
      ['a picture cut off', 102, whole.slice(0, whole.length / 2)],
      ['a signature alone', 102, whole.slice(0, 16)],
      ['a picture with broken data', 102, joined(whole.slice(0, 60), someBytes(whole.length - 60))],
      ['an SVG', 100, hostile.SVG],
      ['an SVG in XML', 100, hostile['SVG in XML']],
      ['HTML', 100, hostile.HTML],
      ['a PDF', 100, hostile['PDF holding HTML']],
      ['voice', 101, voice()],
      ['anything', 100, someBytes(1000)],
      ['nothing', 100, new Uint8Array()],
    ]
    for (const [what, file_type, bytes] of files) {
      const url = await sent(bytes, file_type)
      for (const reply of [await thumbnail(url), await cover(url)]) {
        expect
          .soft({ what, status: reply.status, code: reply.code })
          .toEqual({ what, status: 422, code: 10009 })
        expect.soft(reply.message).toMatch(/picture/)
      }
      expectBytes(await read(friend, url), bytes)
    }
  })

  it('of a video it is a picture of its first second, where one can be made', async () => {
    const [video, stub] = [await mp4(), stubMp4()]
    if (video !== undefined && lacking(target, 'covers of videos') === undefined) {
      const url = await sent(video, 103)
      expect(await sizeOf(await cover(url, { w: 90, h: 120 }))).toEqual([90, 120])
      expect(await sizeOf(await thumbnail(url))).toEqual([200, 150])
      await expectQuarters(
        await cover(url),
        [RED, RED, RED, RED].map(() => [254, 0, 0, 255]) as unknown as Quarters,
      )
      expectBytes(await read(friend, url), video)
    }
    const url = await sent(stub, 103)
    expectRefused(await cover(url), 422, 10009, 'video')
    expectBytes(await read(friend, url), stub)
  })

  describe('work is done once', () => {
    it('for a hundred who ask at the same time, and for all who ask later (security 15)', async () => {
      const url = await sent(await jpeg(800, 600))
      const before = await conversions(instance())
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          (i % 2 === 0 ? read : readByUrl)(friend, url, { query: { image_type: 2, w: 77 } }),
        ),
      )
      const [first] = replies as [Reply]
      for (const reply of replies) {
        expectBytes(reply, first.bytes)
        expect(reply.headers.get('etag')).toBe(first.headers.get('etag'))
      }
      expect(await conversions(instance())).toBe(before + 1)
      expectBytes(await thumbnail(url, { w: 77, h: 200 }), first.bytes)
      expect(await conversions(instance())).toBe(before + 1)
      expectBytes(await thumbnail(url, { w: '77.3' }), first.bytes)
      expect(await conversions(instance())).toBe(before + 1)
    })

    it('also when the service starts again', async () => {
      const url = await sent(await jpeg(800, 600))
      const { bytes } = await thumbnail(url)
      await instance().crash()
      expectBytes(await thumbnail(url), bytes)
      expect(await conversions(instance())).toBe(0)
    })

    it('and kept for the sizes that are asked for most: others push none of them out', async () => {
      const url = await sent(await jpeg(400, 200))
      for (let w = 20; w < 60; w++) await thumbnail(url, { w })
      await thumbnail(url)
      await cover(url, { w: 128, h: 128 })
      await instance().crash()
      expect(await sizeOf(await thumbnail(url))).toEqual([200, 100])
      expect(await sizeOf(await cover(url, { w: 128, h: 128 }))).toEqual([128, 128])
      expect(await conversions(instance())).toBe(0)
      expect(await sizeOf(await thumbnail(url, { w: 20 }))).toEqual([20, 10])
      expect(await conversions(instance())).toBe(1)
    })

    it('however many sizes are asked for', async () => {
      const url = await sent(await jpeg(400, 200))
      const sizes = Array.from({ length: 40 }, (_, i) => i + 20)
      for (let round = 0; round < 2; round++) {
        const replies = await Promise.all(sizes.map(w => thumbnail(url, { w })))
        for (const [i, reply] of replies.entries()) expect((await sizeOf(reply))[0]).toBe(sizes[i])
      }
    })
  })
}
