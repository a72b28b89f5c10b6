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

export function encodeFrame(header: unknown, content: Uint8Array): Bytes {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const frame = new Uint8Array(LENGTHS + text.length + content.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, text.length)
  view.setUint32(4, content.length)
  frame.set(text, LENGTHS)
  frame.set(content, LENGTHS + text.length)
  return frame
}

/** Restores frames from the chunks of a pipe. */
export function frameReader(onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  let chunks: Uint8Array[] = []
  let size = 0
  const lengths = () => {
    const head = joined(chunks, LENGTHS)
    const view = new DataView(head.buffer)
    return [view.getUint32(0), view.getUint32(4)] as const
  }
  return chunk => {
    chunks.push(chunk)
    size += chunk.length
    while (size >= LENGTHS) {
      const [headerLength, contentLength] = lengths()
      const end = LENGTHS + headerLength + contentLength
      if (size < end) return
      const all = joined(chunks, size)
      chunks = [all.subarray(end)]
      size -= end
      const header = JSON.parse(new TextDecoder().decode(all.subarray(LENGTHS, LENGTHS + headerLength)))
      onFrame({ header, content: all.slice(LENGTHS + headerLength, end) })
    }
  }
}

/** The first `length` bytes of the chunks together. */
function joined(chunks: readonly Uint8Array[], length: number): Bytes {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    if (at === length) break
    const part = chunk.subarray(0, length - at)
    whole.set(part, at)
    at += part.length
  }
  return whole
}
