import { type BlobInfo, type BlobStore, BlobStoreError, type ByteStream, type Bytes } from '../platform.ts'
import { checkKey, checkPrefix } from './key.ts'
import { hasBytes, inParts } from './parts.ts'
import { checkSize, storing } from './store-error.ts'

// The smallest part that R2 allows; all parts but the last must have the same size. A small part is good
// here, because an isolate has 128 MB for all its requests together.
const partSize = 5 * 1024 * 1024
const deletesPerCall = 1000

/** The part of an R2 binding that this store uses. Cloudflare's own `R2Bucket` fits. */
export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>
  get(
    key: string,
    options?: { range?: { offset: number; length: number } },
  ): Promise<(R2ObjectLike & { readonly body: unknown }) | null>
  /** Null when the condition failed. */
  put(
    key: string,
    value: unknown,
    options: R2WriteOptions & { onlyIf: { etagDoesNotMatch: string } },
  ): Promise<R2ObjectLike | null>
  delete(keys: string[]): Promise<void>
  list(options: {
    prefix: string
    cursor?: string
  }): Promise<{ objects: { readonly key: string }[]; truncated: boolean; cursor?: string }>
  createMultipartUpload(key: string, options: R2WriteOptions): Promise<R2UploadLike>
}

export interface R2ObjectLike {
  readonly size: number
  readonly etag: string
}

export interface R2UploadLike {
  uploadPart(number: number, bytes: Bytes): Promise<R2PartLike>
  complete(parts: R2PartLike[]): Promise<R2ObjectLike>
  abort(): Promise<void>
}

export interface R2PartLike {
  partNumber: number
  etag: string
}

type R2WriteOptions = { httpMetadata: { contentType: string } }

/** A stream of workerd whose length R2 knows before it reads. */
interface LengthStream {
  readonly readable: ByteStream
  readonly writable: WritableStream<Bytes>
}
declare const FixedLengthStream: new (length: number) => LengthStream

/**
 * Bytes in an R2 bucket that is bound to a Worker. Up to 5 MiB are put in one call. A larger body is streamed
 * if its length is known, and uploaded in parts if not.
 *
 * `put` never replaces an object. The same bytes again succeed up to 5 MiB; anything else under an existing
 * key throws `BlobStoreError`. R2 has no condition for uploads in parts. So if two uploads of unknown length
 * to one key run at the same time, the second may replace the first.
 */
export function r2Store(bucket: R2BucketLike): BlobStore {
  return {
    uploads: 'service',

    async put(key, body, { size, contentType }) {
      checkKey(key)
      const options = { httpMetadata: { contentType } }
      if (size !== undefined && size > partSize) return putStream(bucket, key, body, size, options)
      return putParts(bucket, key, body, size, options)
    },

    async get(key, range) {
      checkKey(key)
      const options = range && { range: { offset: range.start, length: range.end - range.start + 1 } }
      const object = await storing('getting an object', () => bucket.get(key, options))
      // The stream is passed on unchanged, so that workerd copies the bytes without running this code.
      return object ? (object.body as ByteStream) : undefined
    },

    async head(key) {
      checkKey(key)
      const object = await storing('looking at an object', () => bucket.head(key))
      return object ? infoOf(object) : undefined
    },

    async delete(keys) {
      keys.forEach(checkKey)
      for (let at = 0; at < keys.length; at += deletesPerCall) {
        await storing('deleting objects', () => bucket.delete(keys.slice(at, at + deletesPerCall)))
      }
    },

    async *list(prefix) {
      checkPrefix(prefix)
      let cursor: string | undefined
      do {
        const page = await storing('listing objects', () =>
          bucket.list({ prefix, ...(cursor !== undefined && { cursor }) }),
        )
        for (const { key } of page.objects) yield key
        cursor = page.truncated ? page.cursor : undefined
      } while (cursor !== undefined)
    },
  }
}

/** Puts an object if the key is free; undefined if there is an object already. */
async function create(
  bucket: R2BucketLike,
  key: string,
  value: Bytes | ByteStream,
  options: R2WriteOptions,
): Promise<BlobInfo | undefined> {
  const onlyIf = { etagDoesNotMatch: '*' }
  const object = await storing('putting an object', () => bucket.put(key, value, { ...options, onlyIf }))
  return object ? infoOf(object) : undefined
}

async function putStream(
  bucket: R2BucketLike,
  key: string,
  body: ByteStream,
  size: number,
  options: R2WriteOptions,
): Promise<BlobInfo> {
  const { readable, writable } = new FixedLengthStream(size)
  const writer = writable.getWriter()
  let cutOff: { error: unknown } | undefined
  const abort = (error: unknown) => void writer.abort(error).catch(() => undefined)
  void pump(body, writer, size).catch(error => {
    cutOff = { error }
    abort(error)
  })
  try {
    const info = await create(bucket, key, readable, options)
    if (!info) throw taken()
    return info
  } catch (error) {
    // Ends `pump`, which may be waiting for a reader that does not come.
    abort(error)
    throw cutOff ? cutOff.error : error
  }
}

/**
 * Copies the body. Throws the body's own error, or `BlobStoreError` if the length is wrong. If the reader has
 * failed it just returns, because the reader throws the reason.
 */
async function pump(
  body: ByteStream,
  writer: WritableStreamDefaultWriter<Bytes>,
  size: number,
): Promise<void> {
  let seen = 0
  for await (const chunk of body) {
    seen += chunk.length
    if (seen > size) checkSize(size, seen)
    try {
      await writer.write(chunk)
    } catch {
      return
    }
  }
  checkSize(size, seen)
  await writer.close().catch(() => undefined)
}

async function putParts(
  bucket: R2BucketLike,
  key: string,
  body: ByteStream,
  size: number | undefined,
  options: R2WriteOptions,
): Promise<BlobInfo> {
  const parts: R2PartLike[] = []
  let opening = undefined as Promise<R2UploadLike> | undefined
  const open = () => {
    opening ??= storing('starting an upload', () => bucket.createMultipartUpload(key, options))
    return opening
  }
  let stored = 0
  try {
    for await (const { bytes, number, last } of inParts(body, partSize)) {
      stored += bytes.length
      if (last) checkSize(size, stored)
      if (last && number === 1) return await putWhole(bucket, key, bytes, options)
      parts.push(await storing('putting a part', async () => (await open()).uploadPart(number, bytes)))
    }
    if (await storing('looking at an object', () => bucket.head(key))) throw taken()
    return infoOf(await storing('completing an upload', async () => (await open()).complete(parts)))
  } catch (error) {
    // If this call fails too, R2 deletes the parts after a week. The first error is the one to report.
    await opening?.then(upload => upload.abort()).catch(() => undefined)
    throw error
  }
}

async function putWhole(
  bucket: R2BucketLike,
  key: string,
  bytes: Bytes,
  options: R2WriteOptions,
): Promise<BlobInfo> {
  const created = await create(bucket, key, bytes, options)
  if (created) return created
  const there = await storing('getting an object', () => bucket.get(key))
  if (there && (await hasBytes(there.body as ByteStream, bytes))) return infoOf(there)
  throw taken()
}

function infoOf(object: R2ObjectLike): BlobInfo {
  return { size: object.size, etag: object.etag }
}

function taken(): BlobStoreError {
  return new BlobStoreError('an object with this key exists and has other bytes')
}
