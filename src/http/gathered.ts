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

/** What a source gives: its next bytes, or its end. */
export type Chunk =
  | { readonly done: false; readonly value: Bytes }
  | { readonly done: true; readonly value?: Bytes | undefined }

/**
 * A source of chunks. The reader of a stream is one. A body goes through several steps, and each step is a
 * source. A stream for each step would cost several times as much.
 */
export interface ChunkSource {
  read(): Promise<Chunk>
  cancel(reason?: unknown): Promise<void>
}

/** The body of a request as a runtime has received it. */
export interface ReceivedBody {
  /** All of its bytes, if they are here already. */
  readonly rawBody: Bytes | undefined
  /** Its bytes as they come. */
  chunks(): ChunkSource
}

/** The chunks of a request's body. */
export function chunksOf({ body }: Request): ChunkSource {
  // TypeScript leaves open in what memory a body's bytes are. It is never shared memory.
  return ((body ?? new Blob([]).stream()) as ByteStream).getReader()
}

/**
 * The same bytes in chunks of a useful size. A client may cut a body into chunks of one byte. Each chunk
 * costs every later reader a step, every store a write, and every list of chunks an entry.
 */
export function gathered(source: ChunkSource): ChunkSource {
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
  return {
    async read() {
      let held: Bytes | undefined
      let length = 0
      let steps = 0
      for (let chunk = await take(); chunk !== undefined; chunk = await take()) {
        const large = chunk.byteLength >= worthAStep
        if (large && length === 0) return { done: false, value: chunk }
        if (large || length + chunk.byteLength > fullChunk) {
          next = chunk
          break
        }
        held ??= new Uint8Array(fullChunk)
        held.set(chunk, length)
        length += chunk.byteLength
        if (++steps % stepsInARow === 0) await new Promise(resolve => setTimeout(resolve, 0))
      }
      if (held !== undefined && length > 0) return { done: false, value: held.subarray(0, length) }
      return { done: true }
    },
    cancel: reason => source.cancel(reason),
  }
}
