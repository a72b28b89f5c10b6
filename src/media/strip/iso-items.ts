import { type Box, boxes, says } from '../boxes.ts'
import { stripExif } from './exif-data.ts'
import { MAX_HELD_BYTES, pass, type Steps, take } from './steps.ts'

/** Where an item of a HEIC or AVIF picture is in the file. */
interface Extent {
  readonly start: number
  readonly length: number
  readonly isExif: boolean
}

/**
 * EXIF data and XMP packets of a HEIC or AVIF picture (ISO/IEC 23008-12). They are items, whose places the
 * box `meta` tells. Writers put it before the items, because readers need it first.
 */
export function* isoMedia(): Steps {
  let at = 0
  for (;;) {
    const head = yield* take(8)
    if (head.length < 8) return
    const size = new DataView(head.buffer, head.byteOffset).getUint32(0)
    at += 8
    if (size < 8) return
    if (!says(head, 4, 'meta') || size > MAX_HELD_BYTES) {
      yield* pass(size - 8)
      at += size - 8
      continue
    }
    const meta = yield* take(size - 8)
    at += meta.length
    for (const { start, length, isExif } of extentsIn(meta)) {
      // Items within `meta` itself, and one that overlaps another, are left alone.
      if (start < at || length > MAX_HELD_BYTES) continue
      yield* pass(start - at)
      stripItem(yield* take(length), isExif)
      at = start + length
    }
    return
  }
}

function stripItem(item: Uint8Array, isExif: boolean): void {
  if (!isExif) item.fill(0x20)
  // The data begins with the position of the TIFF header behind these four bytes.
  else if (item.length > 4)
    stripExif(item.subarray(4 + new DataView(item.buffer, item.byteOffset).getUint32(0)))
}

/** The extents of all items of EXIF data and XMP packets, in the order of the file. */
function extentsIn(meta: Uint8Array): Extent[] {
  const kinds = metadataItems(meta)
  const extents: Extent[] = []
  for (const location of boxes(meta, 4, meta.length, 'iloc')) {
    for (const { id, start, length } of locationsIn(meta, location)) {
      const kind = kinds.get(id)
      if (kind !== undefined) extents.push({ start, length, isExif: kind === 'exif' })
    }
  }
  return extents.sort((a, b) => a.start - b.start)
}

/** The ids of items that hold metadata, from the box `iinf`. */
function metadataItems(meta: Uint8Array): ReadonlyMap<number, 'exif' | 'xmp'> {
  const view = new DataView(meta.buffer, meta.byteOffset, meta.byteLength)
  const kinds = new Map<number, 'exif' | 'xmp'>()
  for (const items of boxes(meta, 4, meta.length, 'iinf')) {
    const version = meta[items.start] ?? 0
    for (const { start, end } of boxes(meta, items.start + (version === 0 ? 6 : 8), items.end, 'infe')) {
      const isWide = meta[start] === 3
      const type = start + (isWide ? 10 : 8)
      if (type + 4 > end) continue
      const id = isWide ? view.getUint32(start + 4) : view.getUint16(start + 4)
      if (says(meta, type, 'Exif')) kinds.set(id, 'exif')
      if (says(meta, type, 'mime')) kinds.set(id, 'xmp')
    }
  }
  return kinds
}

/** What the box `iloc` says of items that are at a place of the file (ISO/IEC 14496-12, section 8.11.3). */
function* locationsIn(meta: Uint8Array, { start, end }: Box) {
  const view = new DataView(meta.buffer, meta.byteOffset, meta.byteLength)
  let at = start
  const number = (bytes: number): number => {
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + (at + i < end ? view.getUint8(at + i) : 0)
    at += bytes
    return value
  }
  const version = number(1)
  number(3)
  const [sizes, more] = [number(1), number(1)]
  const indexSize = version > 0 ? more & 15 : 0
  const count = number(version < 2 ? 2 : 4)
  for (let i = 0; i < count && at < end; i++) {
    const id = number(version < 2 ? 2 : 4)
    const method = version > 0 ? number(2) & 15 : 0
    number(2)
    const base = number(more >> 4)
    const extents = number(2)
    for (let j = 0; j < extents && at < end; j++) {
      number(indexSize)
      const [offset, length] = [number(sizes >> 4), number(sizes & 15)]
      if (method === 0 && length > 0) yield { id, start: base + offset, length }
    }
  }
}
