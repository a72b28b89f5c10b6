import type { ByteStream, Bytes } from '../platform.ts'

export interface Part {
  readonly bytes: Bytes
  /** From 1, as multipart uploads count. */
  readonly number: number
  readonly last: boolean
}

/**
 * Cuts a stream into parts of exactly `partSize` bytes; only the last part may be shorter. An empty stream
 * gives one empty part. Holds at most one part and one chunk in memory, and reads nothing while the caller
 * uses a part. Leaving the loop early cancels the stream.
 */
export async function* inParts(body: ByteStream, partSize: number): AsyncGenerator<Part> {
  let chunks: Bytes[] = []
  let held = 0
  let number = 1
  for await (const chunk of body) {
    let rest = chunk
    while (held + rest.length > partSize) {
      const taken = partSize - held
      const bytes = joined([...chunks, rest.subarray(0, taken)], partSize)
      rest = rest.subarray(taken)
      chunks = []
      held = 0
      yield { bytes, number, last: false }
      number += 1
    }
    if (rest.length > 0) chunks.push(rest)
    held += rest.length
  }
  yield { bytes: joined(chunks, held), number, last: true }
}

/** The bytes of the chunks, which are `size` together. */
export function joined(chunks: readonly Bytes[], size: number): Bytes {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Whether `stream` has exactly the bytes of `expected`. Stops reading at the first difference. */
export async function hasBytes(stream: ByteStream, expected: Bytes): Promise<boolean> {
  let at = 0
  for await (const chunk of stream) {
    if (at + chunk.length > expected.length) return false
    for (const byte of chunk) if (byte !== expected[at++]) return false
  }
  return at === expected.length
}
