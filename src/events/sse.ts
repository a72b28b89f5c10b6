import type { ByteStream } from '../platform.ts'

/* Server-Sent Events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them. */

/** Bytes that may wait for a reader, and how long it has to take some of them. */
const mostUnsent = 1024 * 1024
const patienceMs = 10_000

/** Where the frames of one stream go. */
export interface FrameWriter {
  /** Writes frames. Resolves to false when the reader has gone, or is too slow: then the stream is to end. */
  write(frames: string): Promise<boolean>
  /** Aborted when the reader has gone. */
  readonly gone: AbortSignal
}

/** One frame. `data` is one line. */
export const frame = (data: string, { id, event }: { id?: string; event?: string } = {}): string =>
  `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`

/** Keeps connections and proxies from taking the stream for idle. */
export const comment = ':\n\n'

/** When a client that lost its stream asks again, milliseconds. */
export const retryIn = (ms: number): string => `retry: ${ms}\n`

/**
 * A body that `run` writes. It ends when `run` does; what `run` throws ends it too and goes to `failed`, never to
 * the reader. No more than 1 MiB waits for a reader: `run` waits with it, and is told to end when the reader takes
 * nothing for ten seconds.
 */
export function eventStream(
  run: (writer: FrameWriter) => Promise<void>,
  failed: (error: unknown) => void,
): ByteStream {
  const gone = new AbortController()
  const encoder = new TextEncoder()
  let wake: () => void = () => {}
  let isTooSlow = false
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        const hasRoom = () => (controller.desiredSize ?? 0) > 0
        const taken = () =>
          new Promise<void>(resolve => {
            const timer = setTimeout(resolve, patienceMs)
            wake = () => {
              clearTimeout(timer)
              resolve()
            }
          })
        const writer: FrameWriter = {
          gone: gone.signal,
          async write(frames) {
            if (gone.signal.aborted) return false
            controller.enqueue(encoder.encode(frames))
            if (!hasRoom()) await taken()
            isTooSlow = !hasRoom()
            return !isTooSlow && !gone.signal.aborted
          },
        }
        run(writer)
          .catch(failed)
          .finally(() => {
            if (gone.signal.aborted) return
            gone.abort()
            // What waits for it would wait for ever: the connection is cut off.
            if (isTooSlow) controller.error(new Error('a stream was cut off: its reader takes nothing'))
            else controller.close()
          })
      },
      pull: () => wake(),
      cancel() {
        gone.abort()
        wake()
      },
    },
    { highWaterMark: mostUnsent, size: chunk => chunk.byteLength },
  )
}
