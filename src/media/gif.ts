import { says } from './boxes.ts'

const IMAGE = 0x2c
const EXTENSION = 0x21

interface GifFrame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * Whether this is a GIF whose first frame does not fill its canvas. The rest of the canvas is transparent,
 * but libvips would make it black.
 */
export function startsWithPart(gif: Uint8Array): boolean {
  const frame = firstFrame(gif)
  if (frame === undefined) return false
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength)
  const { left, top, width, height } = frame
  return left + top > 0 || width < view.getUint16(6, true) || height < view.getUint16(8, true)
}

/** Where the first frame of a GIF is on its canvas (GIF89a specification, sections 18 to 23). */
export function firstFrame(gif: Uint8Array): GifFrame | undefined {
  if (!says(gif, 0, 'GIF8') || gif.length < 13) return undefined
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength)
  const flags = gif[10] ?? 0
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  while (gif[at] === EXTENSION) {
    at += 2
    while ((gif[at] ?? 0) > 0) at += 1 + (gif[at] ?? 0)
    at++
  }
  if (gif[at] !== IMAGE || at + 10 > gif.length) return undefined
  const [left = 0, top = 0, width = 0, height = 0] = [1, 3, 5, 7].map(offset =>
    view.getUint16(at + offset, true),
  )
  return { left, top, width, height }
}
