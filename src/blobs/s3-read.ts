import type { BlobInfo, ByteRange, ByteStream } from '../platform.ts'
import { absent, type S3Bucket, statusOf, supervised, tagIn, unlikeS3 } from './s3-client.ts'

/** The metadata field in which each write stores its own random mark (see s3-write.ts). */
export const writeMark = 'cohort-write'

export interface LookedAt extends BlobInfo {
  /** The mark of the write that made the object; undefined for a presigned upload. */
  readonly mark: string | undefined
}

/** The size, tag and mark of an object; undefined if there is none. Throws `BlobStoreError`. */
export async function headObject(bucket: S3Bucket, key: string): Promise<LookedAt | undefined> {
  const what = 'looking at an object'
  const input = { Bucket: bucket.name, Key: bucket.keyOf(key) }
  const answer = await bucket.call(what, (s3, options) =>
    s3.client.send(new s3.HeadObjectCommand(input), options).catch(absent),
  )
  if (answer === undefined) return undefined
  const etag = tagIn(answer)
  if (etag === undefined) throw unlikeS3(what)
  const size = answer.ContentLength ?? (await sizeByRange(bucket, key))
  return { size, etag, mark: answer.Metadata?.[writeMark] }
}

/**
 * The size of an existing object, taken from the answer to a request for its first byte. Needed because some
 * services leave Content-Length out of the answer to HEAD.
 */
async function sizeByRange(bucket: S3Bucket, key: string): Promise<number> {
  const what = 'asking for the size of an object'
  const input = { Bucket: bucket.name, Key: bucket.keyOf(key), Range: 'bytes=0-0' }
  return bucket.call(what, async (s3, options) => {
    const answer = await s3.client.send(new s3.GetObjectCommand(input), options).catch((error: unknown) => {
      // An empty object has no first byte.
      if (statusOf(error) === 416) return undefined
      throw error
    })
    if (answer === undefined) return 0
    await answer.Body?.transformToWebStream()
      .cancel()
      .catch(() => undefined)
    const [, total] = /^bytes 0-0\/(\d+)$/.exec(answer.ContentRange ?? '') ?? []
    if (total === undefined) throw unlikeS3(what)
    return Number(total)
  })
}

/**
 * The bytes of an object or of a range of it; undefined if there is no such object, or it has another tag.
 * Throws `BlobStoreError`.
 */
export async function getObject(
  bucket: S3Bucket,
  key: string,
  range?: ByteRange,
  etag?: string,
): Promise<ByteStream | undefined> {
  const what = 'getting an object'
  const input = {
    Bucket: bucket.name,
    Key: bucket.keyOf(key),
    ...(range && { Range: `bytes=${range.start}-${range.end}` }),
    ...(etag !== undefined && { IfMatch: `"${etag}"` }),
  }
  const answer = await bucket.call(what, (s3, options) =>
    s3.client.send(new s3.GetObjectCommand(input), options).catch((error: unknown) => {
      if (statusOf(error) === 412) return undefined
      return absent(error)
    }),
  )
  if (!answer) return undefined
  const { Body, ContentLength, ContentRange } = answer
  const stream = Body?.transformToWebStream() as ByteStream | undefined
  const size = range ? range.end - range.start + 1 : ContentLength
  const hasSize = ContentLength === undefined || ContentLength === size
  const inRange = !range || ContentRange?.startsWith(`bytes ${range.start}-${range.end}/`)
  if (stream && tagIn(answer) !== undefined && hasSize && inRange)
    return supervised(stream, size, bucket.timeoutMs)
  await stream?.cancel().catch(() => undefined)
  throw unlikeS3(what)
}
