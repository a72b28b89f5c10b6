import { joined } from '../../blobs/parts.ts'
import { type ChunkSource, gathered } from '../../http/gathered.ts'
import { received } from '../../http/in-time.ts'
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

/** Looks at the first bytes of a body, and gives the whole body back. */
export async function peek(
  body: ChunkSource,
): Promise<{ readonly found: Sniffed; readonly whole: ByteStream }> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  let ended = false
  while (size < SNIFF_BYTES && !ended) {
    const { done, value } = await body.read()
    ended = done
    if (value !== undefined) {
      chunks.push(value)
      size += value.byteLength
    }
  }
  const head = joined(chunks, size)
  const whole: ByteStream = new ReadableStream(
    {
      async pull(controller) {
        const chunk = chunks.shift()
        if (chunk !== undefined) return controller.enqueue(chunk)
        if (ended) return controller.close()
        const { done, value } = await body.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: reason => body.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return { found: await sniff(head), whole }
}

/**
 * The same body. It throws `TooLarge` at the first byte beyond `most`. `count` is called with the size of
 * every chunk.
 */
export function limited(body: ChunkSource, most: number, count: (bytes: number) => void): ChunkSource {
  let size = 0
  return {
    async read() {
      const chunk = await body.read()
      if (chunk.done) return chunk
      size += chunk.value.byteLength
      count(chunk.value.byteLength)
      if (size <= most) return chunk
      await body.cancel()
      throw new TooLarge(`the file must be at most ${most} bytes`)
    },
    cancel: reason => body.cancel(reason),
  }
}

/** How much of an unwanted body is read, bytes, and for how long, milliseconds. */
const maxDrainedBytes = 8 * 1024 * 1024
const drainTimeoutMs = 5000

/** How long a client may take for the next 64 KiB of its upload. */
const stallMs = 120_000

/**
 * A request's body that may be left before its end. Many clients lose the answer and the connection if the
 * answer comes before they have sent the whole body. So `drain` reads the rest and throws it away, within
 * bounds. `drain` never throws. The body throws 408 if its sender stalls, and 400 if it breaks off.
 */
export function leavable(source: ChunkSource): { readonly body: ChunkSource; drain(): Promise<void> } {
  const chunks = gathered(source)
  const readOn = async () => {
    for (let left = maxDrainedBytes; left > 0; ) {
      const { done, value } = await source.read()
      if (done) return
      left -= value.byteLength
    }
  }
  return {
    body: {
      read: () => received(chunks.read(), stallMs, 'the upload'),
      // It must not cancel the source, because `drain` reads on from it.
      cancel: async () => undefined,
    },
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
