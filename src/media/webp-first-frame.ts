import { says } from './boxes.ts'
import { riffChunks } from './riff-chunks.ts'

/** Bytes at the start of an animation frame: its position, size, duration and flags. */
const FRAME_HEADER = 16

export interface FirstFrame {
  /** The frame as a still WebP. */
  readonly file: Uint8Array<ArrayBuffer>
  /** Where it is on the animation's canvas, in pixels. */
  readonly left: number
  readonly top: number
}

/**
 * The first frame of an animated WebP, for decoders that do not support animation; undefined for any other
 * file.
 */
export function webpFirstFrame(file: Uint8Array<ArrayBuffer>): FirstFrame | undefined {
  if (!says(file, 0, 'RIFF') || !says(file, 8, 'WEBP') || !says(file, 12, 'VP8X')) return undefined
  for (const frame of riffChunks(file, 12, file.length)) {
    if (frame.id !== 'ANMF' || frame.end - frame.start < FRAME_HEADER) continue
    const chunks = [...riffChunks(file, frame.start + FRAME_HEADER, frame.end)].filter(
      ({ id }) => id === 'ALPH' || id === 'VP8 ' || id === 'VP8L',
    )
    const size = file.subarray(frame.start + 6, frame.start + 12)
    const hasAlpha = chunks.some(({ id }) => id === 'ALPH')
    const content = chunks.map(({ id, start, end }) => riffChunk(id, file.subarray(start, end)))
    // VP8X: flags (alpha is 0x10), three reserved bytes, and the size in the form of the frame's header.
    const header = riffChunk('VP8X', new Uint8Array([hasAlpha ? 0x10 : 0, 0, 0, 0]), size)
    const [left, top] = [frame.start, frame.start + 3].map(
      at => 2 * ((file[at] ?? 0) | ((file[at + 1] ?? 0) << 8) | ((file[at + 2] ?? 0) << 16)),
    ) as [number, number]
    return { file: riffChunk('RIFF', new TextEncoder().encode('WEBP'), header, ...content), left, top }
  }
  return undefined
}

function riffChunk(id: string, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const chunk = new Uint8Array(8 + length + (length & 1))
  chunk.set(new TextEncoder().encode(id))
  new DataView(chunk.buffer).setUint32(4, length, true)
  let at = 8
  for (const part of parts) {
    chunk.set(part, at)
    at += part.length
  }
  return chunk
}
