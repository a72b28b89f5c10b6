import { says } from '../boxes.ts'
import { stripExif } from './exif-data.ts'
import { isoMedia } from './iso-items.ts'
import { png } from './png.ts'
import { MAX_HELD_BYTES, pass, type Steps, take } from './steps.ts'

/**
 * Where the metadata of each format is, by content type. Every change keeps the length, so that nothing else
 * moves. A format that is not here has no place for a location, or none that is in use.
 */
export const FORMATS: ReadonlyMap<string, () => Steps> = new Map([
  ['image/jpeg', jpeg],
  ['image/png', png],
  ['image/webp', webp],
  ['image/heic', isoMedia],
  ['image/avif', isoMedia],
  ['image/tiff', tiff],
])

const SPACE = 0x20
const APP1 = 0xe1
const APP13 = 0xed
/** Start of scan, end of image, and a second start of image: behind them are no segments. */
const ENDS = new Set([0xda, 0xd9, 0xd8])
const EXIF = 'Exif\0\0'
const XMP = 'http://ns.adobe.com/'
const IPTC = 'Photoshop 3.0\0'

/** EXIF data, XMP packets and IPTC records, in segments before the pixels of a JPEG. */
function* jpeg(): Steps {
  yield* pass(2)
  for (;;) {
    const [first, second] = yield* take(2)
    let marker = second
    // Any number of 0xFF bytes may precede a marker.
    while (marker === 0xff) marker = (yield* take(1))[0]
    if (first !== 0xff || marker === undefined || ENDS.has(marker)) return
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue
    const length = yield* take(2)
    if (length.length < 2) return
    const size = ((length[0] ?? 0) << 8) + (length[1] ?? 0) - 2
    if (size < 0) return
    if (marker !== APP1 && marker !== APP13) yield* pass(size)
    else if (size > 0) stripSegment(yield* take(size))
  }
}

function stripSegment(segment: Uint8Array): void {
  if (says(segment, 0, EXIF)) stripExif(segment.subarray(EXIF.length))
  // An empty packet is valid, and so are records of nothing.
  else if (says(segment, 0, XMP)) segment.fill(SPACE, segment.indexOf(0) + 1)
  else if (says(segment, 0, IPTC)) segment.fill(0, IPTC.length)
}

/** EXIF data and XMP packets, which come after the pixels of a WebP. */
function* webp(): Steps {
  yield* pass(12)
  for (;;) {
    const head = yield* take(8)
    if (head.length < 8) return
    const length = new DataView(head.buffer, head.byteOffset).getUint32(4, true)
    const isExif = says(head, 0, 'EXIF')
    if (length === 0) continue
    if ((!isExif && !says(head, 0, 'XMP ')) || length > MAX_HELD_BYTES) yield* pass(length)
    else {
      const content = yield* take(length)
      if (isExif) stripExif(says(content, 0, EXIF) ? content.subarray(EXIF.length) : content)
      else content.fill(SPACE)
    }
    // Chunks are padded to an even length.
    yield* pass(length & 1)
  }
}

/** EXIF data at the start of a TIFF. What comes after that passes: a TIFF may have its directory anywhere. */
function* tiff(): Steps {
  stripExif(yield* take(MAX_HELD_BYTES))
}
