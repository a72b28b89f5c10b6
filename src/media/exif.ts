import { says } from './boxes.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { pngChunks } from './png-chunks.ts'
import { riffChunks } from './riff-chunks.ts'
import { readDirectory } from './tiff.ts'

/**
 * How a picture has to be turned, in EXIF's numbers: 1 is upright, 2–4 are mirrored or upside down, 5–8 lie
 * on their side.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

const ORIENTATION_TAG = 0x0112
const UPRIGHT: Orientation = 1

/** The EXIF orientation of a JPEG, PNG, WebP or TIFF. 1 for any other file, and for invalid EXIF data. */
export function exifOrientation(picture: Uint8Array): Orientation {
  const tiff = exifData(picture)
  const entry = tiff && readDirectory(tiff)?.entries.find(({ tag }) => tag === ORIENTATION_TAG)
  return isOrientation(entry?.value) ? entry.value : UPRIGHT
}

/** The EXIF data of a picture, which has the form of a TIFF; undefined if there is none. */
export function exifData(picture: Uint8Array): Uint8Array | undefined {
  if (says(picture, 0, 'II*\0') || says(picture, 0, 'MM\0*')) return picture
  for (const { marker, start, end } of jpegSegments(picture))
    if (marker === 0xe1 && says(picture, start, 'Exif\0\0')) return picture.subarray(start + 6, end)
  for (const { name, start, end } of pngChunks(picture))
    if (name === 'eXIf') return picture.subarray(start, end)
  if (!says(picture, 8, 'WEBP')) return undefined
  for (const { id, start, end } of riffChunks(picture, 12, picture.length))
    if (id === 'EXIF') return picture.subarray(says(picture, start, 'Exif\0\0') ? start + 6 : start, end)
  return undefined
}

function isOrientation(value: number | undefined): value is Orientation {
  return value !== undefined && value >= 1 && value <= 8
}
