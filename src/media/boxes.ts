export interface Box {
  /** Where the box's content starts and ends, without its size and name. */
  readonly start: number
  readonly end: number
}

/** The boxes of one name between two positions of an ISO media file (MP4, 3GP, QuickTime, HEIC, AVIF). */
export function* boxes(bytes: Uint8Array, from: number, to: number, name: string): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = from
  while (at + 8 <= to) {
    const size = view.getUint32(at)
    // A size of 0 means "to the end of the file", and 1 means that a 64-bit size follows. Neither comes
    // before the header boxes that are read here.
    if (size < 8) return
    if (says(bytes, at + 4, name)) yield { start: at + 8, end: Math.min(at + size, to) }
    at += size
  }
}

/** Whether this text stands at this position, one byte for each character. */
export function says(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** Joins the parts in their order. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
