import { LRUCache } from 'lru-cache'
import type { BlobStore, ByteRange, Bytes, SentBody } from '../../platform.ts'

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
}

/**
 * Reads stored bytes to be sent: all of them, or a range. undefined: the store has lost them. It checks no
 * rights, so its caller must do that first, every time.
 */
export type ObjectReader = (bytes: StoredBytes, range?: ByteRange) => Promise<SentBody | undefined>

/**
 * Reads small objects from memory, where the most recently used ones are kept. All who ask for one while it
 * is read wait for the same read. Larger objects come from the store.
 */
export function objectReader(blobs: BlobStore): ObjectReader {
  const kept = new LRUCache<string, Bytes, StoredBytes>({
    maxSize: maxKeptBytes,
    sizeCalculation: bytes => bytes.byteLength || 1,
    fetchMethod: async (_, __, { context }) => whole(blobs, context),
  })
  return async (stored, range) => {
    const { key, size, etag } = stored
    if (size > maxKeptObjectBytes) return (blobs.send ?? blobs.get)(key, range)
    const name = `${key} ${etag}`
    const bytes = kept.get(name) ?? (await kept.fetch(name, { context: stored }))
    return range === undefined ? bytes : bytes?.subarray(range.start, range.end + 1)
  }
}

async function whole(blobs: BlobStore, { key, size }: StoredBytes): Promise<Bytes | undefined> {
  const stream = await blobs.get(key)
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
