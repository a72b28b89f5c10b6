import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { stripLocation, withoutLocation } from '../../src/media/strip-location.ts'
import type { ByteStream, Bytes } from '../../src/platform.ts'
import { bytesOf, quarters } from '../support/pictures.ts'

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

describe('withoutLocation', () => {
  it.each([
    ['JPEG', () => bytesOf(taken().jpeg())],
    ['WebP', () => bytesOf(taken().webp())],
  ])('takes the place and the serial numbers out of a %s, and nothing else', async (_, make) => {
    const before = await make()
    expect(latin(before)).toMatch(/SN-123456/)
    expect(latin(before)).toMatch(/HERE-IT-WAS/)
    const stream = new Blob([before]).stream() as ByteStream
    const after = new Uint8Array(await new Response(withoutLocation(stream)).arrayBuffer())
    expect(after.length).toBe(before.length)
    expect(latin(after)).not.toMatch(/SN-123456|LENS-99|HERE-IT-WAS/)
    expect(latin(after)).toMatch(/Maker/)
    const [was, is] = [await sharp(before).metadata(), await sharp(after).metadata()]
    expect({ orientation: is.orientation, width: is.width, height: is.height }).toEqual({
      orientation: was.orientation,
      width: was.width,
      height: was.height,
    })
    expect((await sharp(after).raw().toBuffer()).equals(await sharp(before).raw().toBuffer())).toBe(true)
  })

  it('empties an XMP packet', async () => {
    const packet = 'http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude="51,30N"/>'
    const segment = [0xff, 0xe1, 0, packet.length + 2, ...Buffer.from(packet, 'latin1')]
    const plain = await bytesOf(quarters(20, 10).jpeg())
    const picture: Bytes = new Uint8Array([0xff, 0xd8, ...segment, ...plain.subarray(2)])
    stripLocation(picture)
    expect(latin(picture)).not.toMatch(/GPSLatitude/)
    expect((await sharp(picture).metadata()).width).toBe(20)
  })

  it('passes other files on as they are', async () => {
    for (const size of [0, 10, 3_000_000]) {
      const bytes = new Uint8Array(size).fill(7)
      const stream = new Blob([bytes]).stream() as ByteStream
      expect(new Uint8Array(await new Response(withoutLocation(stream)).arrayBuffer())).toEqual(bytes)
    }
  })

  it('never throws, whatever the bytes', async () => {
    const whole = await bytesOf(taken().jpeg())
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(800), fc.nat(255)), { maxLength: 12 }),
        fc.nat(1000),
        (faults, length) => {
          const bytes = whole.slice(0, length)
          for (const [at, value] of faults) if (at < bytes.length) bytes[at] = value
          stripLocation(bytes)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
