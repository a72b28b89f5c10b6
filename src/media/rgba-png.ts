import { crc32, deflateSync, inflateSync } from 'node:zlib'
import type { Bytes } from '../platform.ts'
import type { Raster } from './picture.ts'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const BYTES_PER_PIXEL = 4
/** 8 bits a channel, RGB with alpha, and nothing special. */
const RGBA_8 = [8, 6, 0, 0, 0]

/**
 * The pixels of a PNG of 8-bit RGBA, not interlaced: the one kind an encoder of this process writes. Throws
 * for any other.
 */
export function readRgbaPng(png: Uint8Array): Raster {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const width = view.getUint32(16)
  const height = view.getUint32(20)
  if (RGBA_8.some((byte, i) => png[24 + i] !== byte)) throw new Error('not a plain RGBA PNG')
  const parts: Uint8Array[] = []
  for (let at = SIGNATURE.length; at + 12 <= png.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154) parts.push(png.subarray(at + 8, at + 8 + view.getUint32(at)))
  }
  const stride = width * BYTES_PER_PIXEL
  const filtered = inflateSync(Buffer.concat(parts), { maxOutputLength: (stride + 1) * height })
  const rgba = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const line = filtered.subarray(y * (stride + 1), (y + 1) * (stride + 1))
    unfilter(line[0] ?? 0, line.subarray(1), rgba, y * stride)
  }
  return { width, height, rgba }
}

/** Undoes one line's prediction from the pixels to the left and above, writing at `at`. */
function unfilter(filter: number, line: Uint8Array, rgba: Uint8Array, at: number): void {
  const stride = line.length
  for (let i = 0; i < stride; i++) {
    const left = i < BYTES_PER_PIXEL ? 0 : (rgba[at + i - BYTES_PER_PIXEL] ?? 0)
    const above = rgba[at + i - stride] ?? 0
    const corner = i < BYTES_PER_PIXEL ? 0 : (rgba[at + i - stride - BYTES_PER_PIXEL] ?? 0)
    rgba[at + i] = (line[i] ?? 0) + predict(filter, left, above, corner)
  }
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return above
  if (filter === 3) return (left + above) >> 1
  const fromLeft = Math.abs(above - corner)
  const fromAbove = Math.abs(left - corner)
  const fromCorner = Math.abs(left + above - 2 * corner)
  if (fromLeft <= fromAbove && fromLeft <= fromCorner) return left
  return fromAbove <= fromCorner ? above : corner
}

/**
 * A PNG of these pixels, packed fast rather than small: it is read once, by the encoder that makes the final
 * file.
 */
export function writeRgbaPng({ width, height, rgba }: Raster): Bytes {
  const stride = width * BYTES_PER_PIXEL
  const lines = new Uint8Array((stride + 1) * height)
  for (let y = 0; y < height; y++)
    lines.set(rgba.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1)
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set(RGBA_8, 8)
  const parts = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 1 })),
    chunk('IEND', new Uint8Array()),
  ]
  return new Uint8Array(Buffer.concat([new Uint8Array(SIGNATURE), ...parts]))
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  bytes.set(data, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}
