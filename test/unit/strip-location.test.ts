import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { exifData } from '../../src/media/exif.ts'
import { pngChunks } from '../../src/media/png-chunks.ts'
import { sniff } from '../../src/media/sniff.ts'
import { withoutLocation } from '../../src/media/strip/without-location.ts'
import type { ByteStream, Bytes } from '../../src/platform.ts'
import { pngChunk } from '../support/bombs.ts'
import { joined, someBytes, text } from '../support/fixtures.ts'
import { bytesOf, fixture, quarters } from '../support/pictures.ts'

const PLACE = { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 2742/100', GPSMapDatum: 'HERE-IT-WAS' }
const taken = () =>
  quarters(60, 40)
    .withMetadata({ orientation: 6 })
    .withExifMerge({
      IFD0: { Make: 'Maker', Copyright: 'Somebody' },
      IFD2: { BodySerialNumber: 'SN-123456', LensSerialNumber: 'LENS-99', UserComment: 'kept' },
      IFD3: PLACE,
    })

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** In chunks of so many bytes. */
function streamOf(bytes: Bytes, chunkBytes = 1000): ByteStream {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + chunkBytes))
      at += chunkBytes
    },
  })
}

async function stripped(picture: Bytes, chunkBytes?: number): Promise<Bytes> {
  const { mime } = await sniff(picture)
  const stream = withoutLocation(streamOf(picture, chunkBytes), mime)
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt'])
const TOLD = /SN-123456|LENS-99|HERE-IT-WAS|51,30N/
const PACKET = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf exif:GPSLatitude="51,30N"/></x:xmpmeta>'

describe('withoutLocation', () => {
  it.each([
    ['JPEG', () => taken().withXmp(PACKET).jpeg()],
    ['PNG', () => taken().withXmp(PACKET).png()],
    ['WebP', () => taken().withXmp(PACKET).webp()],
    ['AVIF', () => taken().withXmp(PACKET).avif()],
  ])('takes the place and the serial numbers out of a %s, and nothing else', async (_, make) => {
    const before = await bytesOf(make())
    expect(latin(before)).toMatch(/SN-123456/)
    expect(latin(before)).toMatch(/HERE-IT-WAS/)
    for (const chunkBytes of [1, 1000, 10_000_000]) {
      const after = await stripped(before, chunkBytes)
      expect(after.length).toBe(before.length)
      expect(latin(after)).not.toMatch(TOLD)
      expect(latin(after)).toMatch(/Maker/)
      const [was, is] = [await sharp(before).metadata(), await sharp(after).metadata()]
      expect({ orientation: is.orientation, width: is.width, height: is.height }).toEqual({
        orientation: was.orientation,
        width: was.width,
        height: was.height,
      })
      expect((await sharp(after).raw().toBuffer()).equals(await sharp(before).raw().toBuffer())).toBe(true)
    }
  })

  it('finds metadata of a HEIC where its items are', async () => {
    const before = fixture('told.heic')
    expect(latin(before)).toMatch(/SN-123456/)
    const after = await stripped(before)
    expect(after.length).toBe(before.length)
    expect(latin(after)).not.toMatch(TOLD)
    expect(latin(after)).toMatch(/Maker/)
  })

  it('finds metadata behind the pixels', async () => {
    const noise = someBytes(1500 * 1500 * 3)
    const large = () => sharp(noise, { raw: { width: 1500, height: 1500, channels: 3 } })
    const exif = { IFD2: { BodySerialNumber: 'SN-123456' }, IFD3: PLACE }
    const webp = await bytesOf(large().withExif(exif).webp({ lossless: true, effort: 0 }))
    const plain = await bytesOf(large().png({ compressionLevel: 0 }))
    const data = exifData(webp) ?? new Uint8Array()
    const png = joined(plain.subarray(0, -12), pngChunk('eXIf', data), plain.subarray(-12))
    for (const before of [webp, png]) {
      expect(latin(before.subarray(0, 2_000_000))).not.toMatch(TOLD)
      expect(latin(before)).toMatch(TOLD)
      const after = await stripped(before, 65_536)
      expect(latin(after)).not.toMatch(TOLD)
      expect((await sharp(after).stats()).isOpaque).toBe(true)
    }
  })

  it('empties the texts of a PNG that hold metadata, and keeps others', async () => {
    const plain = await bytesOf(quarters(20, 10).png())
    const texts = [
      pngChunk('tEXt', text(`Raw profile type exif\0HERE-IT-WAS`)),
      pngChunk('zTXt', joined(text('Raw profile type APP1\0\0'), deflateSync(text('HERE-IT-WAS')))),
      pngChunk('iTXt', joined(text('XML:com.adobe.xmp\0\x01\0\0\0'), deflateSync(text(PACKET)))),
      pngChunk('tEXt', text('Title\0kept as it is')),
    ]
    const after = await stripped(joined(plain.subarray(0, 33), ...texts, plain.subarray(33)))
    expect(latin(after)).not.toMatch(TOLD)
    expect(latin(after)).toMatch(/kept as it is/)
    for (const { name, start, end } of pngChunks(after)) {
      if (TEXTS.has(name))
        expect(new DataView(after.buffer).getUint32(end)).toBe(crc32(after.subarray(start - 4, end)))
      if (name === 'zTXt') expect(after.subarray(start + 22, end).every(byte => byte === 0)).toBe(true)
    }
    expect((await sharp(after).metadata()).width).toBe(20)
  })

  it('passes a PNG that is cut off anywhere', async () => {
    const whole = await bytesOf(taken().png())
    for (let length = 0; length < Math.min(700, whole.length); length++)
      expect(await stripped(whole.slice(0, length))).toHaveLength(length)
  })

  it('empties the IPTC records of a JPEG', async () => {
    const record = `Photoshop 3.0\0${'8BIM'}HERE-IT-WAS`
    const segment = [0xff, 0xff, 0xed, 0, record.length + 2, ...Buffer.from(record, 'latin1')]
    const plain = await bytesOf(quarters(20, 10).jpeg())
    const after = await stripped(new Uint8Array([0xff, 0xd8, ...segment, ...plain.subarray(2)]))
    expect(latin(after)).not.toMatch(TOLD)
    expect((await sharp(after).metadata()).width).toBe(20)
  })

  it('passes other files on as they are', async () => {
    for (const size of [0, 10, 3_000_000]) {
      const bytes = new Uint8Array(size).fill(7)
      for (const type of ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif']) {
        const stream = withoutLocation(streamOf(bytes, 100_000), `image/${type}`)
        const passed = new Uint8Array(await new Response(stream).arrayBuffer())
        expect(Buffer.compare(passed, bytes)).toBe(0)
      }
    }
  })

  it.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)(
    'keeps the length of whatever is called a %s, and ends',
    async format => {
      const whole = await bytesOf(taken().withXmp(PACKET).toFormat(format))
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(800), fc.nat(255)), { maxLength: 12 }),
          fc.nat(whole.length),
          async (faults, length) => {
            const bytes = whole.slice(0, length)
            for (const [at, value] of faults) if (at < bytes.length) bytes[at] = value
            const stream = withoutLocation(streamOf(bytes, 97), `image/${format}`)
            expect((await new Response(stream).arrayBuffer()).byteLength).toBe(length)
          },
        ),
        { numRuns: 150 },
      )
    },
  )
})
