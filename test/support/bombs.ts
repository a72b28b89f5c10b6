import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { Bytes } from '../../src/platform.ts'
import { joined, manyFrames, text } from './fixtures.ts'
import { bytesOf, fixture, lyingPng, quarters } from './pictures.ts'

/** A chunk of a PNG, with its checksum. */
export function pngChunk(name: string, content: Uint8Array): Bytes {
  const chunk = joined(new Uint8Array(4), text(name), content, new Uint8Array(4))
  const view = new DataView(chunk.buffer)
  view.setUint32(0, content.length)
  view.setUint32(8 + content.length, crc32(chunk.subarray(4, 8 + content.length)))
  return chunk
}

/** A PNG with more chunks behind its header. */
const withChunks = (png: Bytes, ...chunks: Uint8Array[]): Bytes =>
  joined(png.subarray(0, 33), ...chunks, png.subarray(33))

/** An AVIF of 50 megapixels whose container says that it has 100 × 100. */
function lyingAvif(): Bytes {
  const avif = fixture('bomb.avif')
  const at = Buffer.from(avif).indexOf('ispe') + 8
  const view = new DataView(avif.buffer)
  view.setUint32(at, 100)
  view.setUint32(at + 4, 100)
  return avif
}

/** An icon with 200 pictures, each of them the same PNG of 49 megapixels. */
function manyIcons(png: Bytes): Bytes {
  const count = 200
  const head = new Uint8Array(6 + count * 16)
  const view = new DataView(head.buffer)
  view.setUint16(2, 1, true)
  view.setUint16(4, count, true)
  for (let i = 0; i < count; i++) {
    head.set([255, 255], 6 + i * 16)
    view.setUint16(6 + i * 16 + 6, 32, true)
    view.setUint32(6 + i * 16 + 8, png.length, true)
    view.setUint32(6 + i * 16 + 12, head.length, true)
  }
  return joined(head, png)
}

/** A TIFF whose directories follow one another in a ring. */
async function endlessTiff(): Promise<Bytes> {
  const tiff = await bytesOf(quarters(40, 20).tiff({ compression: 'none' }))
  const view = new DataView(tiff.buffer)
  const little = tiff[0] === 0x49
  const first = view.getUint32(4, little)
  view.setUint32(first + 2 + view.getUint16(first, little) * 12, first, little)
  return tiff
}

interface Bomb {
  readonly name: string
  readonly bytes: Bytes
}

/**
 * Small files that would become hundreds of megabytes. Some are refused at once. The slow ones take seconds,
 * because a picture is made of them.
 */
export async function bombs(): Promise<{ readonly quick: readonly Bomb[]; readonly slow: readonly Bomb[] }> {
  const zeros = deflateSync(new Uint8Array(100_000_000))
  const small = await bytesOf(quarters(40, 20).png())
  const large = { width: 7000, height: 7000, channels: 3, background: '#dc1e1e' } as const
  const png = await bytesOf(sharp({ create: large }).png({ compressionLevel: 1 }))
  const grey = await bytesOf(
    sharp({ create: large }).toColourspace('b-w').png({ progressive: true, palette: true }),
  )
  const noise = new Uint8Array(65_000).fill(0x41)
  const jpeg = await bytesOf(quarters(40, 20).jpeg())
  const segment = joined(Uint8Array.of(0xff, 0xe4, 0xfd, 0xea), noise)
  const metadata = withChunks(
    small,
    pngChunk('iCCP', joined(text('x\0\0'), zeros)),
    ...Array.from({ length: 20 }, () => pngChunk('zTXt', joined(text('x\0\0'), zeros))),
  )
  const segments = joined(jpeg.subarray(0, 2), ...new Array<Uint8Array>(100).fill(segment), jpeg.subarray(2))
  return {
    quick: [
      { name: 'pixels, in a PNG that lies', bytes: await lyingPng(60_000, 800) },
      { name: 'pixels, in an interlaced PNG', bytes: grey },
      { name: 'pixels, in an AVIF', bytes: fixture('bomb.avif') },
      { name: 'pixels, in an AVIF that lies', bytes: lyingAvif() },
      { name: 'frames, in a GIF', bytes: manyFrames(20_000, 4000, 4000) },
      { name: 'layers, in an icon', bytes: manyIcons(png) },
      { name: 'layers, in a TIFF', bytes: await endlessTiff() },
    ],
    slow: [
      { name: 'pixels, in a PNG', bytes: png },
      { name: 'pixels, in a WebP', bytes: fixture('bomb.webp') },
      { name: 'frames, in a GIF that fits', bytes: manyFrames(50_000, 1500, 1000) },
      { name: 'metadata, in a PNG', bytes: metadata },
      { name: 'metadata, in a JPEG', bytes: segments },
    ],
  }
}
