import type { Bytes } from '../../platform.ts'

/*
 * Messages between the service and its converter over a pipe. A frame has four bytes with the length of its
 * header, four bytes with the length of its content, the header as JSON, and the content.
 */

export interface Frame {
  readonly header: unknown
  readonly content: Bytes
}

const LENGTHS = 8

/**
 * The parts of a frame, to be written one after the other. The content itself is the last, so it is not
 * copied.
 */
export function frameOf(header: unknown, content: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const head = new Uint8Array(LENGTHS + text.length)
  const view = new DataView(head.buffer)
  view.setUint32(0, text.length)
  view.setUint32(4, content.length)
  head.set(text, LENGTHS)
  return [head, content]
}

/** Restores frames from the chunks of a pipe. */
export function frameReader(onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  let chunks: Uint8Array[] = []
  let size = 0
  return chunk => {
    chunks.push(chunk)
    size += chunk.length
    while (size >= LENGTHS) {
      const view = new DataView(between(chunks, 0, LENGTHS).buffer)
      const contentAt = LENGTHS + view.getUint32(0)
      const end = contentAt + view.getUint32(4)
      if (size < end) return
      const header = JSON.parse(new TextDecoder().decode(between(chunks, LENGTHS, contentAt)))
      const content = between(chunks, contentAt, end)
      chunks = [between(chunks, end, size)]
      size -= end
      onFrame({ header, content })
    }
  }
}

/** A copy of the bytes from `start` to before `end` of all chunks together. */
function between(chunks: readonly Uint8Array[], start: number, end: number): Bytes {
  const copy = new Uint8Array(end - start)
  let at = 0
  for (const chunk of chunks) {
    if (at >= end) break
    const part = chunk.subarray(Math.max(0, start - at), end - at)
    if (at + chunk.length > start) copy.set(part, Math.max(0, at - start))
    at += chunk.length
  }
  return copy
}
