import type { ByteStream, Bytes } from '../platform.ts'

/**
 * Bytes. Chunks of at least `worthAStep` are passed on unchanged. Smaller ones are gathered to at most
 * `fullChunk`.
 */
const worthAStep = 16 * 1024
const fullChunk = 4 * worthAStep
/**
 * After this many chunks in a row, other work gets a turn. A runtime may have all chunks at hand, and never
 * pause.
 */
const stepsInARow = 256

/** A source of chunks. The reader of a stream is one. */
export interface ChunkSource {
  read(): Promise<{ readonly done: boolean; readonly value?: Bytes | undefined }>
  cancel(reason?: unknown): Promise<void>
}

/**
 * The same bytes in chunks of a useful size. A client may cut a body into chunks of one byte. Each chunk
 * costs every later reader a step, every store a write, and every list of chunks an entry.
 */
export function gathered(source: ChunkSource): ByteStream {
  let next: Bytes | undefined
  let ended = false
  const take = async (): Promise<Bytes | undefined> => {
    const chunk = next
    next = undefined
    if (chunk !== undefined || ended) return chunk
    const { done, value } = await source.read()
    ended = done
    return value
  }
  return new ReadableStream(
    {
      async pull(controller) {
        let held: Bytes | undefined
        let length = 0
        let steps = 0
        for (let chunk = await take(); chunk !== undefined; chunk = await take()) {
          const large = chunk.byteLength >= worthAStep
          if (large && length === 0) return controller.enqueue(chunk)
          if (large || length + chunk.byteLength > fullChunk) {
            next = chunk
            break
          }
          held ??= new Uint8Array(fullChunk)
          held.set(chunk, length)
          length += chunk.byteLength
          if (++steps % stepsInARow === 0) await new Promise(resolve => setTimeout(resolve, 0))
        }
        if (held !== undefined && length > 0) return controller.enqueue(held.subarray(0, length))
        if (ended) controller.close()
      },
      cancel: reason => source.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
