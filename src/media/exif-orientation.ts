import { jpegSegments } from './jpeg-segments.ts'

/**
 * How a picture has to be turned, as EXIF counts: 1 is upright, 2–4 are mirrored or upside down, 5–8 lie on
 * their side.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0]
const ORIENTATION_TAG = 0x0112
const UPRIGHT: Orientation = 1

/** The EXIF orientation of a JPEG; 1 for anything else, and for EXIF data that makes no sense. */
export function exifOrientation(jpeg: Uint8Array): Orientation {
  for (const { marker, start, end } of jpegSegments(jpeg)) {
    if (marker === 0xe1 && EXIF.every((byte, i) => start + i < end && jpeg[start + i] === byte)) {
      return tiffOrientation(jpeg.subarray(start + EXIF.length, end))
    }
  }
  return UPRIGHT
}

function tiffOrientation(tiff: Uint8Array): Orientation {
  if (tiff.length < 14) return UPRIGHT
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const order = view.getUint16(0)
  const little = order === 0x4949
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return UPRIGHT
  const directory = view.getUint32(4, little)
  if (directory + 2 > tiff.length) return UPRIGHT
  const entries = view.getUint16(directory, little)
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + i * 12
    if (entry + 12 > tiff.length) return UPRIGHT
    if (view.getUint16(entry, little) === ORIENTATION_TAG) {
      const value = view.getUint16(entry + 8, little)
      return isOrientation(value) ? value : UPRIGHT
    }
  }
  return UPRIGHT
}

function isOrientation(value: number): value is Orientation {
  return value >= 1 && value <= 8
}
