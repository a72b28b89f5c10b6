import type { ByteStream } from '../platform.ts'
import { joinBytes, says } from './boxes.ts'
import { exifData } from './exif.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { readDirectory, type TiffEntry } from './tiff.ts'

/**
 * Cameras write their metadata within these first bytes of a picture. Only these bytes of an upload are held
 * back.
 */
const HEAD_BYTES = 1024 * 1024

/**
 * EXIF's tags of two directories, and tags that identify somebody or a device: the author and owner, the
 * maker's own notes, ids and serial numbers.
 */
const EXIF_DIRECTORY = 0x8769
const GPS_DIRECTORY = 0x8825
const PRIVATE = new Set([0x9c9d, 0x927c, 0xa420, 0xa430, 0xa431, 0xa435])

/** Bytes of a value for each type, beginning with type 1 (TIFF 6.0, section 2; EXIF's type 13). */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]

/**
 * Removes the location and serial numbers from a JPEG, HEIC, WebP or TIFF. They are overwritten in place. So
 * the length, the pixels, the orientation and the colours stay the same.
 */
export function withoutLocation(picture: ByteStream): ByteStream {
  const reader = picture.getReader()
  let head: Uint8Array<ArrayBuffer>[] | undefined = []
  return new ReadableStream(
    {
      async pull(controller) {
        while (head !== undefined) {
          const { done, value } = await reader.read()
          if (value !== undefined) head.push(value)
          const size = head.reduce((sum, chunk) => sum + chunk.length, 0)
          if (!done && size < HEAD_BYTES) continue
          const bytes = joinBytes(head)
          head = undefined
          stripLocation(bytes)
          if (bytes.length > 0) controller.enqueue(bytes)
          if (done) controller.close()
          return
        }
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Overwrites what tells the location and the device in the first bytes of a picture. Never throws. */
export function stripLocation(picture: Uint8Array): void {
  for (const { marker, start, end } of jpegSegments(picture)) {
    // XMP repeats the same data as text. An empty packet is valid.
    if (marker === 0xe1 && says(picture, start, 'http://ns.adobe.com/')) picture.fill(0x20, start + 29, end)
  }
  // A PNG is left alone: its chunks have checksums, and cameras do not write PNGs.
  if (says(picture, 0, '\x89PNG')) return
  const tiff = says(picture, 4, 'ftyp') ? heicExif(picture) : exifData(picture)
  if (tiff !== undefined) stripExif(tiff)
}

/** Finds the EXIF data of a HEIC picture: an item that begins with these letters. */
function heicExif(picture: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at + 10 < picture.length; at++) {
    if (picture[at] !== 0x45 || !says(picture, at, 'Exif\0\0')) continue
    if (says(picture, at + 6, 'MM\0*') || says(picture, at + 6, 'II*\0')) return picture.subarray(at + 6)
  }
  return undefined
}

function stripExif(tiff: Uint8Array): void {
  const first = readDirectory(tiff)
  if (first === undefined) return
  for (const { tag, value } of first.entries) {
    if (tag === GPS_DIRECTORY) eraseAll(tiff, value)
    if (tag === EXIF_DIRECTORY) erasePrivate(tiff, value)
  }
  erasePrivate(tiff)
}

function erasePrivate(tiff: Uint8Array, at?: number): void {
  const directory = readDirectory(tiff, at)
  for (const entry of directory?.entries ?? [])
    if (PRIVATE.has(entry.tag)) eraseValue(tiff, entry, directory?.little ?? false)
}

/** Erases all entries and leaves an empty directory, so references to the directory stay valid. */
function eraseAll(tiff: Uint8Array, at: number): void {
  const directory = readDirectory(tiff, at)
  if (directory === undefined) return
  for (const entry of directory.entries) {
    eraseValue(tiff, entry, directory.little)
    tiff.fill(0, entry.at, entry.at + 12)
  }
  tiff.fill(0, at, at + 2)
}

function eraseValue(tiff: Uint8Array, { at }: TiffEntry, little: boolean): void {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const size = (TYPE_BYTES[view.getUint16(at + 2, little)] ?? 1) * view.getUint32(at + 4, little)
  const start = size <= 4 ? at + 8 : view.getUint32(at + 8, little)
  tiff.fill(0, Math.min(start, tiff.length), Math.min(start + size, tiff.length))
}
