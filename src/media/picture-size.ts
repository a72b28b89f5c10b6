import { boxes, says } from './boxes.ts'
import { firstFrame } from './gif.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { type RiffChunk, riffChunks } from './riff-chunks.ts'
import { readDirectory } from './tiff.ts'

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/**
 * Width and height in pixels from the header of a JPEG, PNG, GIF, WebP, AVIF, HEIC, BMP, ICO or TIFF.
 * undefined for any other file, and for a header that is cut off or invalid. Never throws. In a JPEG with
 * much metadata the size comes late, so pass the whole file if it is at hand.
 */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const readers = [readJpeg, readPng, readGif, readWebp, readIsoMedia, readBmp, readIco, readTiff]
  const size = readers.reduce<PictureSize | undefined>((found, read) => found ?? read(bytes), undefined)
  return size && size.width > 0 && size.height > 0 ? size : undefined
}

function readJpeg(bytes: Uint8Array): PictureSize | undefined {
  for (const { marker, start, end } of jpegSegments(bytes)) {
    // SOF0–SOF15, without the three markers in between that mean something else (DHT, JPG, DAC).
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame)
      return start + 5 <= end
        ? { height: viewOf(bytes).getUint16(start + 1), width: viewOf(bytes).getUint16(start + 3) }
        : undefined
  }
  return undefined
}

function readPng(bytes: Uint8Array): PictureSize | undefined {
  if (bytes.length < 24 || !says(bytes, 0, '\x89PNG\r\n\x1a\n') || !says(bytes, 12, 'IHDR')) return undefined
  return { width: viewOf(bytes).getUint32(16), height: viewOf(bytes).getUint32(20) }
}

/** The size of the canvas, or of the first frame if that is larger: a decoder needs memory for both. */
function readGif(bytes: Uint8Array): PictureSize | undefined {
  if (bytes.length < 10 || !(says(bytes, 0, 'GIF87a') || says(bytes, 0, 'GIF89a'))) return undefined
  const canvas = { width: viewOf(bytes).getUint16(6, true), height: viewOf(bytes).getUint16(8, true) }
  return larger(canvas, firstFrame(bytes))
}

/** The size of the canvas, or of the picture in it if that is larger. */
function readWebp(bytes: Uint8Array): PictureSize | undefined {
  if (!says(bytes, 0, 'RIFF') || !says(bytes, 8, 'WEBP')) return undefined
  const chunks = [...riffChunks(bytes, 12, bytes.length)]
  return chunks.reduce<PictureSize | undefined>(
    (largest, chunk) => larger(largest, webpChunkSize(bytes, chunk)),
    undefined,
  )
}

function webpChunkSize(bytes: Uint8Array, { id, start, end }: RiffChunk): PictureSize | undefined {
  const view = viewOf(bytes)
  const length = end - start
  if (id === 'VP8X' && length >= 10)
    return { width: uint24(view, start + 4) + 1, height: uint24(view, start + 7) + 1 }
  if (id === 'VP8 ' && length >= 10 && says(bytes, start + 3, '\x9d\x01\x2a')) {
    const [width, height] = [view.getUint16(start + 6, true), view.getUint16(start + 8, true)]
    return { width: width & 0x3fff, height: height & 0x3fff }
  }
  if (id === 'VP8L' && length >= 5 && bytes[start] === 0x2f) {
    const bits = view.getUint32(start + 1, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return undefined
}

/**
 * The size in the largest `ispe` box of an AVIF or HEIC. Tiles, thumbnails and alpha planes have smaller
 * ones.
 */
function readIsoMedia(bytes: Uint8Array): PictureSize | undefined {
  if (!says(bytes, 4, 'ftyp')) return undefined
  let largest: PictureSize | undefined
  const view = viewOf(bytes)
  for (const meta of boxes(bytes, 0, bytes.length, 'meta')) {
    for (const properties of boxes(bytes, meta.start + 4, meta.end, 'iprp')) {
      for (const container of boxes(bytes, properties.start, properties.end, 'ipco')) {
        for (const { start, end } of boxes(bytes, container.start, container.end, 'ispe')) {
          if (start + 12 > end) continue
          largest = larger(largest, { width: view.getUint32(start + 4), height: view.getUint32(start + 8) })
        }
      }
    }
  }
  return largest
}

/**
 * The largest picture of an icon, as the pictures themselves tell: PNGs, or bitmaps without the head of a
 * file and with twice their height. What the icon's directory says of them may be anything.
 */
function readIco(bytes: Uint8Array): PictureSize | undefined {
  if (!says(bytes, 0, '\0\0\x01\0') || bytes.length < 22) return undefined
  let largest: PictureSize | undefined
  for (let at = 6; at + 16 <= bytes.length && at < 6 + (bytes[4] ?? 0) * 16; at += 16) {
    const start = viewOf(bytes).getUint32(at + 12, true)
    if (start + 40 > bytes.length) continue
    const bitmap = () => ({
      width: Math.abs(viewOf(bytes).getInt32(start + 4, true)),
      height: Math.abs(viewOf(bytes).getInt32(start + 8, true)) >> 1,
    })
    largest = larger(largest, readPng(bytes.subarray(start)) ?? bitmap())
  }
  return largest
}

function readBmp(bytes: Uint8Array): PictureSize | undefined {
  if (!says(bytes, 0, 'BM') || bytes.length < 26) return undefined
  const view = viewOf(bytes)
  // The oldest kind of header has sizes of two bytes. In others the height may be negative, which means that
  // lines go from top to bottom.
  if (view.getUint32(14, true) === 12)
    return { width: view.getUint16(18, true), height: view.getUint16(20, true) }
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }
}

function readTiff(bytes: Uint8Array): PictureSize | undefined {
  const entries = readDirectory(bytes)?.entries
  const width = entries?.find(({ tag }) => tag === 0x100)?.value
  const height = entries?.find(({ tag }) => tag === 0x101)?.value
  return width && height ? { width, height } : undefined
}

/** The one with more pixels. */
function larger(one: PictureSize | undefined, other: PictureSize | undefined): PictureSize | undefined {
  if (!one || !other) return one ?? other
  return other.width * other.height > one.width * one.height ? other : one
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
}
