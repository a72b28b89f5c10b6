import { joined } from '../../blobs/parts.ts'
import { gathered } from '../../http/gathered.ts'
import { inTime } from '../../http/in-time.ts'
import { hasThumbnail } from '../../media/media-types.ts'
import { SNIFF_BYTES, type Sniffed, sniff } from '../../media/sniff.ts'
import type { ByteStream } from '../../platform.ts'
import { avatarKind, isVoice } from '../objects.ts'

/** The upload is larger than its URL allows. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/**
 * Why these bytes do not fit the object's kind; undefined if they do. A chat takes every file, because a
 * client whose upload is refused shows its user nothing. Only an avatar must be a picture, because thumbnails
 * are made of it.
 */
export function mismatch(kind: number, found: Sniffed): string | undefined {
  const isAvatar = kind === avatarKind.user || kind === avatarKind.group
  if (!isAvatar || hasThumbnail(found.mime)) return undefined
  return 'an avatar must be a JPEG, PNG, GIF, WebP, AVIF, HEIC, BMP, TIFF or ICO picture'
}

/** The content type to store the bytes as. */
export const contentTypeOf = (kind: number, found: Sniffed): string =>
  (isVoice(kind) && found.asVoice) || found.mime

/** Looks at the first bytes of a stream, and gives the whole stream back. */
export async function peek(
  body: ByteStream,
): Promise<{ readonly found: Sniffed; readonly whole: ByteStream }> {
  const reader = body.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  let ended = false
  while (size < SNIFF_BYTES && !ended) {
    const { done, value } = await reader.read()
    ended = done
    if (value !== undefined) {
      chunks.push(value)
      size += value.byteLength
    }
  }
  const head = joined(chunks, size)
  const whole: ByteStream = new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift()
      if (chunk !== undefined) return controller.enqueue(chunk)
      if (ended) return controller.close()
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: reason => reader.cancel(reason),
  })
  return { found: await sniff(head), whole }
}

/**
 * The same stream. It errors with `TooLarge` at the first byte beyond `most`. `count` is called with the size
 * of every chunk.
 */
export function limited(body: ByteStream, most: number, count: (bytes: number) => void): ByteStream {
  const reader = body.getReader()
  let size = 0
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) return controller.close()
      size += value.byteLength
      count(value.byteLength)
      if (size <= most) return controller.enqueue(value)
      controller.error(new TooLarge(`the file must be at most ${most} bytes`))
      await reader.cancel()
    },
    cancel: reason => reader.cancel(reason),
  })
}

/** How much of an unwanted body is read, bytes, and for how long, milliseconds. */
const maxDrainedBytes = 8 * 1024 * 1024
const drainTimeoutMs = 5000

/** How long a client may take for the next 64 KiB of its upload. */
const stallMs = 120_000

/**
 * A request's body that may be left before its end. Many clients lose the answer and the connection if the
 * answer comes before they have sent the whole body. So `drain` reads the rest and throws it away, within
 * bounds. `drain` never throws. The body errors with 408 if its sender stalls.
 */
export function leavable(source: ByteStream): { readonly body: ByteStream; drain(): Promise<void> } {
  const reader = source.getReader()
  // Cancelling `chunks` must not cancel the source, because `drain` reads on from it.
  const chunks = gathered({ read: () => reader.read(), cancel: async () => undefined }).getReader()
  const readOn = async () => {
    for (let left = maxDrainedBytes; left > 0; ) {
      const { done, value } = await reader.read()
      if (done) return
      left -= value.byteLength
    }
  }
  return {
    body: new ReadableStream(
      {
        async pull(controller) {
          const { done, value } = await inTime(chunks.read(), stallMs, 'the upload')
          if (done) controller.close()
          else controller.enqueue(value)
        },
      },
      { highWaterMark: 0 },
    ),
    async drain() {
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, drainTimeoutMs)
      })
      // A client that has gone needs no answer.
      await Promise.race([readOn().catch(() => undefined), late])
      clearTimeout(timer)
    },
  }
}
