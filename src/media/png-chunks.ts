import { joinBytes, says } from './boxes.ts'

export interface PngChunk {
  /** Four letters, such as `IHDR`. */
  readonly name: string
  /**
   * Where the chunk's content starts and ends. There are 8 bytes before the content, and a checksum of 4
   * bytes after it.
   */
  readonly start: number
  readonly end: number
}

/** The chunks of a PNG, up to the end of the bytes. */
export function* pngChunks(png: Uint8Array): Generator<PngChunk> {
  if (!says(png, 0, '\x89PNG\r\n\x1a\n')) return
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  for (let at = 8; at + 8 <= png.length; ) {
    const end = at + 8 + view.getUint32(at)
    yield {
      name: String.fromCharCode(...png.subarray(at + 4, at + 8)),
      start: at + 8,
      end: Math.min(end, png.length),
    }
    at = end + 4
  }
}

/** Chunks that the pixels are made of. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

/**
 * The PNG without texts, profiles and animations. Some of these are compressed, and a decoder that is not
 * interested in them may still unpack them: a thousand times their size.
 */
export function onlyPixels(png: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = [...pngChunks(png)].filter(({ name }) => NEEDED.has(name))
  return joinBytes([png.subarray(0, 8), ...kept.map(({ start, end }) => png.subarray(start - 8, end + 4))])
}
