import type { ByteStream } from '../platform.ts'

/** Bun gathers this much of an answer before it writes. */
const gatheredBytes = 16 * 1024

/** A stream that Bun reads past the web streams. It writes as much as it likes, and is not told to wait. */
interface DirectSource {
  readonly type: 'direct'
  pull(controller: { write(text: string): void; close(): void }): void
}
const DirectStream = ReadableStream as unknown as new (source: DirectSource) => ByteStream

/**
 * The body of an answer on Bun. Bun 1.4 writes an answer that it does not gather, and that is not ready in
 * the turn of its request, with a system call for each piece of each header: 27 of them, at 100 µs. The body
 * of a direct stream is written with its headers, in chunks of HTTP.
 */
export function bunTextBody(text: string): string | ByteStream {
  // A character may take more than one byte, and the headers take their part.
  if (text.length < gatheredBytes / 2) return text
  return new DirectStream({
    type: 'direct',
    pull(controller) {
      controller.write(text)
      controller.close()
    },
  })
}
