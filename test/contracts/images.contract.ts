import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bytes, CannotConvert, type Images, type PictureRequest } from '../../src/platform.ts'
import {
  animation,
  BLUE,
  bmp,
  bytesOf,
  CLEAR,
  type Colour,
  distance,
  fixture,
  GREEN,
  look,
  lyingPng,
  paint,
  partlyGif,
  QUARTERS,
  type Quarters,
  quarters,
  RED,
  turnedPng,
  WHITE,
} from '../support/pictures.ts'

interface Opened {
  readonly images: Images
  stop(): Promise<unknown>
}

const inside = (width: number, height: number): PictureRequest => ({ fit: 'inside', width, height })
const cover = (width: number, height: number): PictureRequest => ({ fit: 'cover', width, height })
const text = (value: string): Bytes => new TextEncoder().encode(value)

/** JPEG moves colours a little, scaling blends neighbours. */
const NEAR = 30

/**
 * What every `Images` adapter does. `avif` says whether it decodes AVIF here; one that does not must say so.
 */
export function imagesContract(name: string, open: () => Promise<Opened>): void {
  describe(`images: ${name}`, () => {
    let opened: Opened
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.stop())

    const resize = (picture: Bytes, request: PictureRequest) => opened.images.resize(picture, request)

    async function expectQuarters(bytes: Bytes, colours: Quarters): Promise<void> {
      const seen = (await look(bytes)).quarters()
      for (const [i, colour] of colours.entries())
        expect(distance(seen[i] ?? CLEAR, colour), `quarter ${i}: ${seen[i]}`).toBeLessThan(NEAR)
    }

    it.each([
      ['JPEG', () => quarters(400, 200).jpeg()],
      ['progressive JPEG', () => quarters(400, 200).jpeg({ progressive: true })],
      ['CMYK JPEG', () => quarters(400, 200).toColourspace('cmyk').jpeg({ quality: 100 })],
      ['PNG', () => quarters(400, 200).png()],
      ['interlaced PNG', () => quarters(400, 200).png({ progressive: true })],
      ['PNG with a palette', () => quarters(400, 200).png({ palette: true })],
      ['PNG of 16 bits', () => quarters(400, 200).toColourspace('rgb16').png()],
      ['WebP', () => quarters(400, 200).webp()],
      ['lossless WebP', () => quarters(400, 200).webp({ lossless: true })],
      ['GIF', () => quarters(400, 200).gif()],
    ])('fits a %s inside, as a JPEG', async (kind, picture) => {
      const made = await resize(await bytesOf(picture()), inside(100, 100))
      expect(made.contentType).toBe('image/jpeg')
      expect((await sharp(made.bytes).metadata()).format).toBe('jpeg')
      expect(await look(made.bytes)).toMatchObject({ width: 100, height: 50 })
      // CMYK has no such green or blue: that it is converted at all, and not inverted, is what counts.
      if (kind !== 'CMYK JPEG') await expectQuarters(made.bytes, QUARTERS)
      else expect(distance((await look(made.bytes)).quarters()[3], WHITE)).toBeLessThan(NEAR)
    })

    it('keeps grey grey', async () => {
      const grey = await bytesOf(quarters(60, 60, [CLEAR, WHITE, WHITE, CLEAR]).grayscale().png())
      await expectQuarters((await resize(grey, inside(30, 30))).bytes, [
        [0, 0, 0, 255],
        WHITE,
        WHITE,
        [0, 0, 0, 255],
      ])
    })

    it('never enlarges to fit inside', async () => {
      const made = await resize(await bytesOf(quarters(60, 40).jpeg()), inside(200, 200))
      expect(await look(made.bytes)).toMatchObject({ width: 60, height: 40 })
      await expectQuarters(made.bytes, QUARTERS)
    })

    it('covers exactly, cropping the middle', async () => {
      const third = (position: number, size: number): Colour =>
        position < size / 3 ? RED : position < (size * 2) / 3 ? GREEN : BLUE
      const wide = await resize(await bytesOf(paint(600, 200, x => third(x, 600)).jpeg()), cover(100, 100))
      const high = await resize(
        await bytesOf(paint(200, 600, (_, y) => third(y, 600)).png()),
        cover(100, 100),
      )
      for (const made of [wide, high]) {
        const seen = await look(made.bytes)
        expect(seen).toMatchObject({ width: 100, height: 100 })
        for (const [x, y] of [
          [8, 8],
          [91, 8],
          [50, 50],
          [8, 91],
        ] as const) {
          expect(distance(seen.at(x, y), GREEN)).toBeLessThan(NEAR)
        }
      }
    })

    it('enlarges to cover', async () => {
      const made = await resize(await bytesOf(quarters(40, 20).png()), cover(100, 100))
      expect(await look(made.bytes)).toMatchObject({ width: 100, height: 100 })
      await expectQuarters(made.bytes, QUARTERS)
    })

    it('covers the size it has', async () => {
      const made = await resize(await bytesOf(quarters(100, 60).jpeg()), cover(100, 60))
      expect(await look(made.bytes)).toMatchObject({ width: 100, height: 60 })
      await expectQuarters(made.bytes, QUARTERS)
    })

    const turned: [number, Quarters][] = [
      [1, [RED, GREEN, BLUE, WHITE]],
      [2, [GREEN, RED, WHITE, BLUE]],
      [3, [WHITE, BLUE, GREEN, RED]],
      [4, [BLUE, WHITE, RED, GREEN]],
      [5, [RED, BLUE, GREEN, WHITE]],
      [6, [BLUE, RED, WHITE, GREEN]],
      [7, [WHITE, GREEN, BLUE, RED]],
      [8, [GREEN, WHITE, RED, BLUE]],
    ]
    it.each(turned)(
      'turns a JPEG of EXIF orientation %i upright, and drops its metadata',
      async (orientation, colours) => {
        const picture = await bytesOf(quarters(400, 200).withMetadata({ orientation }).jpeg())
        const fitted = await resize(picture, inside(100, 100))
        expect(await look(fitted.bytes)).toMatchObject(
          orientation < 5 ? { width: 100, height: 50 } : { width: 50, height: 100 },
        )
        await expectQuarters(fitted.bytes, colours)
        const covered = await resize(picture, cover(60, 40))
        expect(await look(covered.bytes)).toMatchObject({ width: 60, height: 40 })
        await expectQuarters(covered.bytes, colours)
        // A colour profile may stay: it says what the colours mean.
        const { exif, xmp, iptc, orientation: left } = await sharp(fitted.bytes).metadata()
        expect({ exif, xmp, iptc, left }).toEqual({
          exif: undefined,
          xmp: undefined,
          iptc: undefined,
          left: undefined,
        })
      },
    )

    it.each([
      ['GIF', async () => (await animation(60, 40)).gif()],
      ['WebP', async () => (await animation(60, 40)).webp({ lossless: true })],
      ['lossy WebP', async () => (await animation(60, 40)).webp()],
    ])('takes the first frame of an animated %s', async (_, picture) => {
      for (const request of [inside(30, 30), cover(30, 20)]) {
        const made = await resize(await bytesOf(await picture()), request)
        expect((await sharp(made.bytes).metadata()).pages).toBeUndefined()
        expect(await look(made.bytes)).toMatchObject({ width: 30, height: 20 })
        await expectQuarters(made.bytes, [RED, RED, RED, RED])
      }
    })

    it.each([
      ['PNG', (picture: Sharp) => picture.png()],
      ['WebP', (picture: Sharp) => picture.webp()],
      ['lossless WebP', (picture: Sharp) => picture.webp({ lossless: true })],
      ['GIF', (picture: Sharp) => picture.gif()],
    ])('keeps what is see-through in a %s, as a PNG', async (_, encode) => {
      const picture = await bytesOf(encode(quarters(200, 100, [CLEAR, RED, BLUE, CLEAR], true)))
      for (const request of [inside(100, 100), cover(60, 60)]) {
        const made = await resize(picture, request)
        expect(made.contentType).toBe('image/png')
        await expectQuarters(made.bytes, [CLEAR, RED, BLUE, CLEAR])
      }
    })

    it('makes a JPEG of a picture whose alpha channel hides nothing', async () => {
      const made = await resize(await bytesOf(quarters(200, 100, QUARTERS, true).png()), inside(100, 100))
      expect(made.contentType).toBe('image/jpeg')
      await expectQuarters(made.bytes, QUARTERS)
    })

    it.each([
      ['an AVIF', 100, 50, () => bytesOf(quarters(400, 200).avif({ quality: 90 }))],
      ['an AVIF of 10 bits', 100, 50, () => bytesOf(quarters(400, 200).avif({ quality: 90, bitdepth: 10 }))],
      ['a HEIC', 100, 50, async () => fixture('quarters.heic')],
      ['a HEIC of 10 bits', 100, 50, async () => fixture('ten-bits.heic')],
      ['a TIFF', 100, 50, () => bytesOf(quarters(400, 200).tiff({ compression: 'lzw' }))],
      ['a BMP', 100, 50, () => bmp(quarters(400, 200))],
      ['an icon', 64, 32, async () => fixture('quarters.ico')],
    ] as const)('fits %s inside, as a JPEG', async (_, width, height, picture) => {
      const made = await resize(await picture(), inside(100, 100))
      expect(made.contentType).toBe('image/jpeg')
      expect(await look(made.bytes)).toMatchObject({ width, height })
      await expectQuarters(made.bytes, QUARTERS)
    })

    it.each([
      ['JPEG', (picture: Sharp) => picture.jpeg({ quality: 95 })],
      ['PNG', (picture: Sharp) => picture.png()],
      ['PNG of 16 bits', (picture: Sharp) => picture.toColourspace('rgb16').png()],
      ['WebP', (picture: Sharp) => picture.webp({ lossless: true })],
      ['AVIF', (picture: Sharp) => picture.avif({ quality: 95 })],
    ] as const)('shows the colours of a %s as its profile means them', async (_, encode) => {
      const means: Colour = [200, 50, 50, 255]
      const pixels = await bytesOf(paint(60, 40, () => means).png())
      // The stored numbers are others: P3 is a wider screen, as phones have it.
      const picture = await bytesOf(encode(sharp(pixels).withIccProfile('p3')))
      const stored = (await sharp(picture, { ignoreIcc: true }).raw().toBuffer())[0] ?? 0
      expect(stored).toBeLessThan(192)
      const seen = (await look((await resize(picture, inside(30, 30))).bytes)).at(15, 10)
      expect(distance(seen, means), `${seen}`).toBeLessThan(7)
    })

    it('shows inks as their profile means them', async () => {
      const means: Colour = [120, 110, 100, 255]
      const pixels = await bytesOf(paint(60, 40, () => means).png())
      const picture = await bytesOf(
        sharp(pixels).toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 98 }),
      )
      const seen = (await look((await resize(picture, inside(30, 30))).bytes)).at(15, 10)
      expect(distance(seen, means), `${seen}`).toBeLessThan(16)
    })

    it('turns a PNG upright by its EXIF data', async () => {
      const made = await resize(await turnedPng(quarters(400, 200), 6), inside(100, 100))
      expect(await look(made.bytes)).toMatchObject({ width: 50, height: 100 })
      await expectQuarters(made.bytes, [BLUE, RED, WHITE, GREEN])
    })

    it('leaves clear what the first frame does not cover', async () => {
      const made = await resize(partlyGif(), inside(150, 150))
      expect(made.contentType).toBe('image/png')
      const seen = await look(made.bytes)
      expect([seen.at(5, 5)[3], seen.at(140, 90)[3]]).toEqual([0, 0])
      expect(distance(seen.at(65, 40), RED)).toBeLessThan(NEAR)
    })

    it('puts what is see-through on white for who wants a JPEG', async () => {
      const picture = await bytesOf(quarters(200, 100, [CLEAR, RED, BLUE, CLEAR], true).png())
      const made = await resize(picture, { ...inside(100, 100), format: 'jpeg' })
      expect(made.contentType).toBe('image/jpeg')
      await expectQuarters(made.bytes, [[255, 255, 255, 255], RED, BLUE, [255, 255, 255, 255]])
    })

    it('takes a JPEG without its last bytes', async () => {
      const whole = await bytesOf(quarters(400, 200).jpeg())
      await expectQuarters((await resize(whole.slice(0, -2), inside(100, 100))).bytes, QUARTERS)
    })

    it('takes a JPEG of 50 megapixels', async () => {
      const made = await resize(await bytesOf(quarters(8000, 6000).jpeg()), inside(200, 200))
      expect(await look(made.bytes)).toMatchObject({ width: 200, height: 150 })
      await expectQuarters(made.bytes, QUARTERS)
    })

    it('refuses by its header what would fill the memory', async () => {
      const picture = await bytesOf(paint(16, 16, () => RED).avif())
      // The size of the picture, as its header says it.
      const at = Buffer.from(picture).indexOf('ispe') + 8
      new DataView(picture.buffer).setUint32(at, 8000)
      new DataView(picture.buffer).setUint32(at + 4, 6000)
      await expect(resize(picture, inside(100, 100))).rejects.toThrow(/too large for this server/)
    })

    it.each([
      ['nothing', new Uint8Array()],
      ['text', text('hello')],
      [
        'SVG',
        text(
          '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        ),
      ],
      [
        'SVG in XML',
        text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      ],
      ['HTML', text('<!doctype html><title>x</title>')],
      ['PDF', text('%PDF-1.4\n1 0 obj\n<</Type /Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>')],
      ['a PNG signature alone', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
      ['a JPEG marker alone', new Uint8Array([0xff, 0xd8, 0xff, 0xe0])],
    ])('refuses %s', async (_, bytes) => {
      await expect(resize(bytes, inside(100, 100))).rejects.toThrow(CannotConvert)
    })

    it('refuses what is cut off, and goes on working', async () => {
      const whole = await bytesOf(quarters(400, 300).png())
      await expect(resize(whole.slice(0, whole.length / 2), inside(100, 100))).rejects.toThrow(CannotConvert)
      await expectQuarters((await resize(whole, inside(100, 100))).bytes, QUARTERS)
    })

    it('survives faults in the picture data', async () => {
      const whole = await bytesOf(quarters(200, 200).jpeg())
      for (let at = 0; at < whole.length; at += 41) {
        const faulty = whole.slice()
        faulty[at] = (faulty[at] ?? 0) ^ 0x5a
        const made = await resize(faulty, inside(50, 50)).catch((error: unknown) => error)
        if (!(made instanceof CannotConvert)) expect(made).toMatchObject({ contentType: 'image/jpeg' })
      }
    })

    it('refuses more than 50 megapixels by the header alone', async () => {
      for (const [width, height] of [
        [10_000, 6000],
        [60_000, 60_000],
        [2 ** 31 - 1, 2 ** 31 - 1],
      ] as const) {
        await expect(resize(await lyingPng(width, height), inside(100, 100))).rejects.toThrow(/50 megapixels/)
      }
    })

    it('never fills the memory with a long narrow picture', async () => {
      const narrow = await bytesOf(quarters(4000, 2).png())
      expect(await look((await resize(narrow, inside(200, 200))).bytes)).toMatchObject({
        width: 200,
        height: 1,
      })
      const made = await resize(narrow, cover(400, 400)).catch((error: unknown) => error)
      if (!(made instanceof CannotConvert)) expect(made).toMatchObject({ contentType: 'image/jpeg' })
    })

    it('takes many at once', async () => {
      const picture = await bytesOf(quarters(300, 300).jpeg())
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, i) => resize(picture, inside(20 + i, 20 + i))),
      )
      for (const [i, { bytes }] of made.entries())
        expect(await look(bytes)).toMatchObject({ width: 20 + i, height: 20 + i })
    })
  })
}
