import { jpegSegments } from './jpeg-segments.ts'
import { riffChunks } from './riff-chunks.ts'

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/**
 * Width and height in pixels from the header of a JPEG, PNG, GIF, WebP or AVIF; undefined for anything else
 * and for a header that is cut off or makes no sense. Never throws. A JPEG with much metadata has its size
 * late: give the whole file where it is at hand.
 */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const size = readJpeg(bytes) ?? readPng(bytes) ?? readGif(bytes) ?? readWebp(bytes) ?? readAvif(bytes)
  return size && size.width > 0 && size.height > 0 ? size : undefined
}

/** Width × height, or undefined as `pictureSize`. */
export function pixelCount(bytes: Uint8Array): number | undefined {
  const size = pictureSize(bytes)
  return size && size.width * size.height
}

function readJpeg(bytes: Uint8Array): PictureSize | undefined {
  for (const { marker, start, end } of jpegSegments(bytes)) {
    // SOF0–SOF15, without the three numbers in between that mean something else (DHT, JPG, DAC).
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

function readGif(bytes: Uint8Array): PictureSize | undefined {
  if (bytes.length < 10 || !(says(bytes, 0, 'GIF87a') || says(bytes, 0, 'GIF89a'))) return undefined
  return { width: viewOf(bytes).getUint16(6, true), height: viewOf(bytes).getUint16(8, true) }
}

function readWebp(bytes: Uint8Array): PictureSize | undefined {
  if (!says(bytes, 0, 'RIFF') || !says(bytes, 8, 'WEBP')) return undefined
  const view = viewOf(bytes)
  for (const { id, start, end } of riffChunks(bytes, 12, bytes.length)) {
    const length = end - start
    if (id === 'VP8X')
      return length >= 10
        ? { width: uint24(view, start + 4) + 1, height: uint24(view, start + 7) + 1 }
        : undefined
    if (id === 'VP8 ') {
      if (length < 10 || !says(bytes, start + 3, '\x9d\x01\x2a')) return undefined
      return {
        width: view.getUint16(start + 6, true) & 0x3fff,
        height: view.getUint16(start + 8, true) & 0x3fff,
      }
    }
    if (id === 'VP8L') {
      if (length < 5 || bytes[start] !== 0x2f) return undefined
      const bits = view.getUint32(start + 1, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
  }
  return undefined
}

/** The largest `ispe` box of an AVIF: tiles, thumbnails and alpha planes have smaller ones. */
function readAvif(bytes: Uint8Array): PictureSize | undefined {
  if (!says(bytes, 4, 'ftyp')) return undefined
  let largest: PictureSize | undefined
  const view = viewOf(bytes)
  for (const meta of boxes(bytes, 0, bytes.length, 'meta')) {
    for (const properties of boxes(bytes, meta.start + 4, meta.end, 'iprp')) {
      for (const container of boxes(bytes, properties.start, properties.end, 'ipco')) {
        for (const { start, end } of boxes(bytes, container.start, container.end, 'ispe')) {
          if (start + 12 > end) continue
          const size = { width: view.getUint32(start + 4), height: view.getUint32(start + 8) }
          if (!largest || size.width * size.height > largest.width * largest.height) largest = size
        }
      }
    }
  }
  return largest
}

function* boxes(
  bytes: Uint8Array,
  from: number,
  to: number,
  type: string,
): Generator<{ start: number; end: number }> {
  const view = viewOf(bytes)
  let at = from
  while (at + 8 <= to) {
    const size = view.getUint32(at)
    // 0 means "to the end of the file", 1 a 64-bit size: neither stands before the header boxes of a picture
    // that is shown here.
    if (size < 8) return
    if (says(bytes, at + 4, type)) yield { start: at + 8, end: Math.min(at + size, to) }
    at += size
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
}

function says(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}
