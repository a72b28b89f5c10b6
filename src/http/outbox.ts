import { HttpError } from '../operation/errors.ts'
import type { ByteStream } from '../platform.ts'

/** Answers shorter than this are given to the runtime whole, characters. */
const smallChars = 32 * 1024
const chunkBytes = 64 * 1024
/** How long a reader may take to read one chunk. */
const stallMs = 60_000
const mebibyte = 1024 * 1024

/** A body that is sent piece by piece, as fast as the client reads it. */
export interface Streamed {
  readonly stream: ByteStream
  /** Bytes. */
  readonly size: number
}

export interface Outbox {
  /**
   * The text as a body. A large body is streamed. Its bytes count against `reader` until they are read.
   * `reader` is a key for whoever reads it. `isServer`: an app's own server, which reads for many users.
   * Answers an error, 429 or 503, if too many bytes wait already.
   */
  body(text: string, reader: string, isServer: boolean): string | Streamed | HttpError
}

/** How many bytes may wait for slow readers: for one user, for one app's server, and for all together. */
export interface OutboxBounds {
  readonly ofUser: number
  readonly ofServer: number
  readonly inAll: number
}

/** No bounds: for runtimes that hold answers outside of the process, or end requests without telling. */
export const unbounded: Outbox = { body: text => text }

const bounds: OutboxBounds = { ofUser: 16 * mebibyte, ofServer: 64 * mebibyte, inAll: 256 * mebibyte }

/**
 * The large answers that are being sent. A client that asks and does not read leaves its answer in memory. So
 * there is a bound for each user and for all together.
 */
export function outbox({ ofUser, ofServer, inAll }: OutboxBounds = bounds): Outbox {
  const waiting = new Map<string, number>()
  let total = 0
  const count = (reader: string, bytes: number) => {
    const left = (waiting.get(reader) ?? 0) + bytes
    if (left > 0) waiting.set(reader, left)
    else waiting.delete(reader)
    total += bytes
  }

  return {
    body(text, reader, isServer) {
      if (text.length <= smallChars) return text
      const bytes = new TextEncoder().encode(text)
      const size = bytes.byteLength
      const held = waiting.get(reader) ?? 0
      // A reader with no other answer under way always gets one, however large.
      if (held > 0 && held + size > (isServer ? ofServer : ofUser))
        return new HttpError(429, 'read the answers that are under way first', { 'retry-after': '1' })
      if (total > 0 && total + size > inAll)
        return new HttpError(503, 'too many answers are waiting to be read: try again', {
          'retry-after': '1',
        })
      count(reader, size)
      let at = 0
      let over = false
      let stalled: ReturnType<typeof setTimeout> | undefined
      const end = () => {
        clearTimeout(stalled)
        if (!over) count(reader, -size)
        over = true
      }
      const stream: ByteStream = new ReadableStream(
        {
          start(controller) {
            stalled = setTimeout(() => giveUp(controller), stallMs)
          },
          pull(controller) {
            clearTimeout(stalled)
            const chunk = bytes.slice(at, at + chunkBytes)
            at += chunk.byteLength
            controller.enqueue(chunk)
            if (at < size) {
              stalled = setTimeout(() => giveUp(controller), stallMs)
              return
            }
            end()
            controller.close()
          },
          cancel: end,
        },
        { highWaterMark: 0 },
      )
      const giveUp = (controller: ReadableStreamDefaultController) => {
        end()
        controller.error(new Error('the client does not read its answer'))
      }
      return { stream, size }
    },
  }
}
