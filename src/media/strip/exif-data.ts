import { readDirectory, type TiffEntry } from '../tiff.ts'

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
 * Overwrites what tells the location and the device in EXIF data, which has the form of a TIFF. Never throws.
 */
export function stripExif(tiff: Uint8Array): void {
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
