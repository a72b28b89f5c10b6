import { says } from './boxes.ts'

const IMAGE = 0x2c
const EXTENSION = 0x21

/**
 * Whether this is a GIF whose first frame does not fill its canvas. The rest of the canvas is transparent,
 * but libvips would make it black (GIF89a specification, sections 18 to 23).
 */
export function startsWithPart(gif: Uint8Array): boolean {
  if (!says(gif, 0, 'GIF8') || gif.length < 13) return false
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength)
  const flags = gif[10] ?? 0
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  while (gif[at] === EXTENSION) {
    at += 2
    while ((gif[at] ?? 0) > 0) at += 1 + (gif[at] ?? 0)
    at++
  }
  if (gif[at] !== IMAGE || at + 10 > gif.length) return false
  const frame = [1, 3, 5, 7].map(offset => view.getUint16(at + offset, true))
  const [left = 0, top = 0, width = 0, height = 0] = frame
  return left + top > 0 || width < view.getUint16(6, true) || height < view.getUint16(8, true)
}
