import type { Context } from 'hono'
import { HttpError } from '../operation/errors.ts'
import type { ByteStream, Bytes } from '../platform.ts'

/** Answers shorter than this are given to the runtime whole, characters. */
const smallChars = 32 * 1024
const chunkBytes = 64 * 1024
/** How long a reader may take to read one chunk. */
const stallMs = 60_000
const mebibyte = 1024 * 1024

/** A large body. Its bytes count against its reader until the reader has taken them. */
export interface LargeBody {
  readonly body: ByteStream | Bytes
  /** Bytes. */
  readonly size: number
}

/**
 * Sends large texts whole, where the runtime tells when a client has taken an answer. That takes half of what
 * a stream takes.
 */
export interface TextSender {
  /** Encodes the text into memory that is used again and again. */
  encode(text: string): Bytes
  /** Gives back the memory of bytes that will not be sent. */
  release(bytes: Bytes): void
  /**
   * For bytes that are about to be the answer to this request: calls `taken` once, when the client has taken
   * all of them or has gone, and gives back their memory. A client that takes nothing for `stallMs` is cut
   * off.
   */
  follow(context: Context, bytes: Bytes, stallMs: number, taken: () => void): void
}

/** How a runtime sends texts. */
export interface TextPorts {
  /** Sends large texts. Without it they are streamed. */
  readonly sender?: TextSender | undefined
  /** Makes the body of an answer of a text that is not large. Without it the text itself is the body. */
  readonly smallBody?: ((text: string) => string | ByteStream) | undefined
}

export interface Outbox {
  /**
   * The text as the body of the answer to this request. The bytes of a large body count against `reader`
   * until they are read. `reader` is a key for whoever reads it. `isServer`: an app's own server, which reads
   * for many users. Answers an error, 429 or 503, if too many bytes wait already.
   */
  body(
    text: string,
    reader: string,
    isServer: boolean,
    context: Context,
  ): string | ByteStream | LargeBody | HttpError
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
 * there is a bound for each user and for all together. Without a `sender` large answers are streamed.
 */
export function outbox(
  { sender, smallBody = text => text }: TextPorts = {},
  { ofUser, ofServer, inAll }: OutboxBounds = bounds,
): Outbox {
  const waiting = new Map<string, number>()
  let total = 0
  const count = (reader: string, bytes: number) => {
    const left = (waiting.get(reader) ?? 0) + bytes
    if (left > 0) waiting.set(reader, left)
    else waiting.delete(reader)
    total += bytes
  }
  /** Why an answer of this size cannot wait for this reader. */
  const refusal = (size: number, reader: string, isServer: boolean): HttpError | undefined => {
    const held = waiting.get(reader) ?? 0
    // A reader with no other answer under way always gets one, however large.
    if (held > 0 && held + size > (isServer ? ofServer : ofUser))
      return new HttpError(429, 'read the answers that are under way first', { 'retry-after': '1' })
    if (total > 0 && total + size > inAll)
      return new HttpError(503, 'too many answers are waiting to be read: try again', { 'retry-after': '1' })
    return undefined
  }

  return {
    body(text, reader, isServer, context) {
      if (text.length <= smallChars) return smallBody(text)
      const bytes = sender === undefined ? new TextEncoder().encode(text) : sender.encode(text)
      const size = bytes.byteLength
      const refused = refusal(size, reader, isServer)
      if (refused !== undefined) {
        sender?.release(bytes)
        return refused
      }
      count(reader, size)
      let over = false
      const taken = () => {
        if (!over) count(reader, -size)
        over = true
      }
      if (sender === undefined) return { body: streamOf(bytes, taken), size }
      sender.follow(context, bytes, stallMs, taken)
      return { body: bytes, size }
    },
  }
}

/**
 * The bytes piece by piece, as fast as the client reads them. Calls `taken` when it has read them or has
 * gone.
 */
function streamOf(bytes: Bytes, taken: () => void): ByteStream {
  let at = 0
  let stalled: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(stalled)
    taken()
  }
  const wait = (controller: ReadableStreamDefaultController) => {
    stalled = setTimeout(() => {
      end()
      controller.error(new Error('the client does not read its answer'))
    }, stallMs)
  }
  return new ReadableStream(
    {
      start: wait,
      pull(controller) {
        clearTimeout(stalled)
        const chunk = bytes.slice(at, at + chunkBytes)
        at += chunk.byteLength
        controller.enqueue(chunk)
        if (at < bytes.byteLength) return wait(controller)
        end()
        controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
