import type { ByteStream, Bytes } from '../platform.ts'

/** Chunks of at least so many bytes are handed on as they are, smaller ones are gathered to four times it. */
const worthAStep = 16 * 1024
const fullChunk = 4 * worthAStep
/** After so many chunks in a row others get their turn: a runtime may have them all at hand, and never pause. */
const stepsInARow = 256

/** What chunks are read from: the reader of a stream is one. */
export interface ChunkSource {
  read(): Promise<{ readonly done: boolean; readonly value?: Bytes | undefined }>
  cancel(reason?: unknown): Promise<void>
}

/**
 * The same bytes in chunks of a decent size. A client may cut a body into chunks of one byte, and every chunk
 * costs each reader behind this a step, each store a write, and each list of chunks an entry.
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
