import fc from 'fast-check'
import type { Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { exifOrientation } from '../../src/media/exif.ts'
import { pictureSize } from '../../src/media/picture-size.ts'
import { webpFirstFrame } from '../../src/media/webp-first-frame.ts'
import { animation, bytesOf, lyingPng, quarters } from '../support/pictures.ts'

const encoders: [string, (picture: Sharp) => Sharp][] = [
  ['JPEG', picture => picture.jpeg()],
  ['progressive JPEG', picture => picture.jpeg({ progressive: true })],
  ['JPEG with EXIF data', picture => picture.withMetadata({ orientation: 6 }).jpeg()],
  ['PNG', picture => picture.png()],
  ['GIF', picture => picture.gif()],
  ['WebP', picture => picture.webp()],
  ['lossless WebP', picture => picture.webp({ lossless: true })],
  ['extended WebP', picture => picture.withMetadata({ orientation: 1 }).webp()],
  ['AVIF', picture => picture.avif()],
]

describe('pictureSize', () => {
  it.each(encoders)('reads a %s', async (_, encode) => {
    for (const [width, height] of [
      [1, 1],
      [300, 200],
      [17, 1025],
    ] as const) {
      const picture = await bytesOf(encode(quarters(width, height)))
      expect(pictureSize(picture)).toEqual({ width, height })
    }
  })

  it('reads animations', async () => {
    expect(pictureSize(await bytesOf((await animation(60, 40)).gif()))).toEqual({ width: 60, height: 40 })
    expect(pictureSize(await bytesOf((await animation(60, 40)).webp()))).toEqual({ width: 60, height: 40 })
  })

  it('reads the largest part of an AVIF with alpha', async () => {
    const picture = await bytesOf(
      quarters(
        64,
        32,
        [
          [0, 0, 0, 0],
          [9, 9, 9, 255],
          [0, 0, 0, 0],
          [9, 9, 9, 255],
        ],
        true,
      ).avif(),
    )
    expect(pictureSize(picture)).toEqual({ width: 64, height: 32 })
  })

  it('believes the header of a bomb', async () => {
    expect(pictureSize(await lyingPng(60_000, 60_000))).toEqual({ width: 60_000, height: 60_000 })
  })

  it('knows nothing of other files, empty sizes and headers cut off', async () => {
    for (const file of [
      '',
      'hello',
      '<svg width="9" height="9"/>',
      'BM',
      'RIFF\0\0\0\0WAVE',
      '\0\0\0\0ftypavif',
      'GIF89a',
    ]) {
      expect(pictureSize(Uint8Array.from(file, character => character.charCodeAt(0)))).toBeUndefined()
    }
    expect(pictureSize(await lyingPng(0, 10))).toBeUndefined()
    for (const [, encode] of encoders) {
      const picture = await bytesOf(encode(quarters(30, 20)))
      const known = Array.from({ length: Math.min(picture.length, 1000) }, (_, length) =>
        pictureSize(picture.subarray(0, length)),
      )
      for (const size of known)
        expect([undefined, JSON.stringify({ width: 30, height: 20 })]).toContain(
          size && JSON.stringify({ width: size.width, height: size.height }),
        )
    }
  })

  it('never throws and always ends, whatever the bytes', async () => {
    const pictures = await Promise.all(encoders.map(([, encode]) => bytesOf(encode(quarters(30, 20)))))
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        fc.constantFrom(...pictures),
        fc.array(fc.tuple(fc.nat(600), byte), { maxLength: 12 }),
        fc.nat(700),
        (picture, faults, length) => {
          const bytes = picture.slice(0, length)
          for (const [at, value] of faults) if (at < bytes.length) bytes[at] = value
          const size = pictureSize(bytes)
          if (size) expect(size.width * size.height).toBeGreaterThan(0)
          exifOrientation(bytes)
          webpFirstFrame(bytes)
        },
      ),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        pictureSize(bytes)
      }),
    )
  })
})

describe('exifOrientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('reads orientation %i of a JPEG', async orientation => {
    expect(exifOrientation(await bytesOf(quarters(9, 9).withMetadata({ orientation }).jpeg()))).toBe(
      orientation,
    )
  })

  it('reads little and big endian data, and takes nonsense for upright', () => {
    const exif = (tiff: number[]): Uint8Array =>
      new Uint8Array([
        0xff,
        0xd8,
        0xff,
        0xe1,
        0,
        tiff.length + 8,
        ...new TextEncoder().encode('Exif\0\0'),
        ...tiff,
        0xff,
        0xd9,
      ])
    const little = (value: number) =>
      exif([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, value, 0, 0, 0])
    const big = (value: number) =>
      exif([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0])
    expect([exifOrientation(little(6)), exifOrientation(big(8))]).toEqual([6, 8])
    expect([exifOrientation(little(0)), exifOrientation(big(9)), exifOrientation(exif([1, 2, 3]))]).toEqual([
      1, 1, 1,
    ])
    expect(exifOrientation(new Uint8Array())).toBe(1)
  })
})
