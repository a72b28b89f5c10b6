import { LRUCache } from 'lru-cache'
import type { FileSender } from '../../http/service.ts'
import type { BlobStore, ByteRange, Bytes, SentBody } from '../../platform.ts'
import type { Converters } from './derive.ts'

/**
 * Small objects are kept in memory: avatars and thumbnails, which a chat window asks for by the dozen. Bytes.
 */
const maxKeptObjectBytes = 256 * 1024
const maxKeptBytes = 16 * 1024 * 1024

/** Stored bytes: their key in the store, their size, and an ETag. The bytes of one ETag never change. */
export interface StoredBytes {
  readonly key: string
  readonly size: number
  readonly etag: string
  /** Whether `etag` is the store's own of these bytes. What was made of a file has the tag of the file. */
  readonly isOriginal: boolean
}

/**
 * Reads stored bytes to be sent: all of them, or a range. undefined: the store has lost them. It checks no
 * rights, so its caller must do that first, every time.
 */
export type ObjectReader = (bytes: StoredBytes, range?: ByteRange) => Promise<SentBody | undefined>

/**
 * Reads small objects from memory, where the most recently used ones are kept. All who ask for one while it
 * is read wait for the same read. Larger objects come from the store, and what is a file on this machine's
 * disk is left to `sender`.
 */
export function objectReader(
  { blobs, memoryBody }: Pick<Converters, 'blobs' | 'memoryBody'>,
  sender: FileSender | undefined,
): ObjectReader {
  const kept = new LRUCache<string, Bytes | Blob, StoredBytes>({
    maxSize: maxKeptBytes,
    sizeCalculation: body => (body instanceof Blob ? body.size : body.byteLength) || 1,
    fetchMethod: async (_, __, { context }) => {
      const bytes = await whole(blobs, context)
      return bytes && (memoryBody?.(bytes) ?? bytes)
    },
  })
  return async (stored, range) => {
    const { key, size, etag } = stored
    if (size > maxKeptObjectBytes || sender?.sendsAll === true) {
      if (sender === undefined || blobs.pathOf === undefined) return blobs.get(key, range, tagOf(stored))
      return { path: blobs.pathOf(key), range: range ?? { start: 0, end: size - 1 } }
    }
    const name = `${key} ${etag}`
    const body = kept.get(name) ?? (await kept.fetch(name, { context: stored }))
    return body && part(body, range)
  }
}

/** The bytes of the range, or all of them. */
export function part(body: Bytes | Blob, range: ByteRange | undefined): Bytes | Blob {
  if (range === undefined) return body
  const { start, end } = range
  return body instanceof Blob ? body.slice(start, end + 1) : body.subarray(start, end + 1)
}

const tagOf = ({ etag, isOriginal }: StoredBytes): string | undefined => (isOriginal ? etag : undefined)

async function whole(blobs: BlobStore, stored: StoredBytes): Promise<Bytes | undefined> {
  const { key, size } = stored
  const stream = await blobs.get(key, undefined, tagOf(stored))
  if (stream === undefined) return undefined
  const bytes = new Uint8Array(size)
  let at = 0
  for await (const piece of stream) {
    bytes.set(piece, at)
    at += piece.byteLength
  }
  if (at !== size) throw new Error(`${key} has ${at} bytes instead of ${size}`)
  return bytes
}
