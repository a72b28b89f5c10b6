import type { BlobStore } from '../../../src/platform.ts'
import type { SimulatedDisk } from './disk.ts'

/**
 * A store whose objects are durable when `put` answers. It complains when bytes go that somebody may still be
 * promised: by what is in the database now, or by what a power cut would leave of it.
 */
export function simulatedBlobs(
  stored: Map<string, Uint8Array<ArrayBuffer>>,
  disk: SimulatedDisk,
  complain: (what: string) => void,
): BlobStore {
  const infoOf = (bytes: Uint8Array) => ({ size: bytes.length, etag: String(bytes.length) })
  return {
    uploads: 'service',
    async put(key, body) {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer())
      stored.set(key, bytes)
      return infoOf(bytes)
    },
    async get(key, range) {
      const bytes = stored.get(key)
      if (bytes === undefined) return undefined
      return new Blob([range ? bytes.subarray(range.start, range.end + 1) : bytes]).stream()
    },
    async head(key) {
      const bytes = stored.get(key)
      return bytes && infoOf(bytes)
    },
    async delete(keys) {
      for (const key of keys) {
        if (!stored.delete(key)) continue
        if (disk.rows(`SELECT 1 FROM objects WHERE object_name = '${key}' AND state = 1`).length > 0)
          complain(`the bytes of ${key} were deleted, and its row says that they are stored`)
        if (disk.lastAbout(key) > disk.durable)
          complain(`the bytes of ${key} were deleted before the decision was on disk`)
      }
    },
    async *list() {
      yield* stored.keys()
    },
  }
}
