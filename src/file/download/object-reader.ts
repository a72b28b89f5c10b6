import { LRUCache } from 'lru-cache'
import type { BlobStore, ByteRange, Bytes, SentBody } from '../../platform.ts'

/** What is kept in memory: avatars and thumbnails, which a chat window asks for by the dozen. Bytes. */
const largestKept = 256 * 1024
const mostKept = 16 * 1024 * 1024

/** Stored bytes: where they are, how many, and the tag under which they never change. */
export interface StoredBytes {
  readonly key: string
  readonly size: number
  readonly etag: string
}

/**
 * Reads stored bytes to be sent: all, or those of the range. undefined: the store has lost them. Who may have
 * them is asked before, each time.
 */
export type ObjectReader = (bytes: StoredBytes, range?: ByteRange) => Promise<SentBody | undefined>

/**
 * Small objects come from memory, those that were asked for last; all who ask while one is read wait for the same
 * read. Larger ones come from the store.
 */
export function objectReader(blobs: BlobStore): ObjectReader {
  const kept = new LRUCache<string, Bytes, StoredBytes>({
    maxSize: mostKept,
    sizeCalculation: bytes => bytes.byteLength || 1,
    fetchMethod: async (_, __, { context }) => whole(blobs, context),
  })
  return async (stored, range) => {
    const { key, size, etag } = stored
    if (size > largestKept) return (blobs.send ?? blobs.get)(key, range)
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
