export interface JpegSegment {
  /** The second byte of the marker: 0xE1 for APP1, 0xC0 for a baseline frame. */
  readonly marker: number
  /** Where the segment's content starts and ends, without its two length bytes. */
  readonly start: number
  readonly end: number
}

/** The segments of a JPEG before its picture data. Ends earlier where the bytes end or are invalid. */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return
  let at = 2
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = view.getUint8(at + 1)
    // Any number of 0xFF bytes may precede a marker.
    if (marker === 0xff) {
      at++
      continue
    }
    const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)
    if (standsAlone) {
      at += 2
      continue
    }
    // Start of scan, end of image, or a second start of image: no more segments are read.
    if (marker === 0xda || marker === 0xd9 || marker === 0xd8) return
    const length = view.getUint16(at + 2)
    if (length < 2) return
    yield { marker, start: at + 4, end: Math.min(at + 2 + length, bytes.length) }
    at += 2 + length
  }
}
