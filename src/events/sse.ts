import type { ByteStream } from '../platform.ts'

/* Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */

/** How many bytes may wait for a reader, and how long (milliseconds) the reader may take none of them. */
const maxUnsentBytes = 1024 * 1024
const stallTimeoutMs = 10_000

/** Writes the frames of one stream. */
export interface FrameWriter {
  /** Writes frames. Resolves to false when the reader has gone or is too slow. Then the stream must end. */
  write(frames: string): Promise<boolean>
  /** Aborted when the reader has gone. */
  readonly gone: AbortSignal
}

/** One frame. `data` must be one line. */
export const frame = (data: string, { id, event }: { id?: string; event?: string } = {}): string =>
  `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`

/** A comment, sent so that connections and proxies do not close the stream as idle. */
export const comment = ':\n\n'

/** Tells a client after how many milliseconds to reconnect when it has lost its stream. */
export const retryIn = (ms: number): string => `retry: ${ms}\n`

/**
 * A body that `run` writes. It ends when `run` ends. An error of `run` also ends it, and is passed to
 * `failed`, never to the reader. If 1 MiB waits for the reader, `run` waits too. If the reader then takes
 * nothing for ten seconds, `run` is told to end.
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
            const timer = setTimeout(resolve, stallTimeoutMs)
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
            // The bytes that wait for this reader would wait for ever. So the connection is cut off.
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
    { highWaterMark: maxUnsentBytes, size: chunk => chunk.byteLength },
  )
}
