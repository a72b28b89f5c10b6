export interface RiffChunk {
  /** Four characters, such as `VP8X`. */
  readonly id: string
  readonly start: number
  readonly end: number
}

/** The chunks between two positions of a RIFF file (WebP), up to the end of the bytes. */
export function* riffChunks(bytes: Uint8Array, from: number, to: number): Generator<RiffChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const last = Math.min(to, bytes.length)
  let at = from
  while (at + 8 <= last) {
    const id = String.fromCharCode(...bytes.subarray(at, at + 4))
    const length = view.getUint32(at + 4, true)
    yield { id, start: at + 8, end: Math.min(at + 8 + length, last) }
    // Chunks are padded to an even length.
    at += 8 + length + (length & 1)
  }
}
