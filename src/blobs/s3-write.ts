import type { CompletedPart } from '@aws-sdk/client-s3'
import { type BlobInfo, type BlobStore, BlobStoreError, type Bytes } from '../platform.ts'
import { hasBytes, inParts } from './parts.ts'
import { type CallOptions, type S3, type S3Bucket, statusOf, tagIn, unlikeS3 } from './s3-client.ts'
import { getObject, headObject, writeMark } from './s3-read.ts'
import { checkSize } from './store-error.ts'

/*
 * The answer to a write does not always say whether it succeeded. Services answer a successful write with an
 * empty tag (Ceph 16), with an error because the first answer was lost on the way, or with 200 and an error
 * in the body (AWS, MinIO). So every write stores a random mark in the object's metadata. If an answer is
 * unusual, HEAD shows by this mark whether the object is the one that was written.
 */

// All multipart uploads use the same size of parts, because the tag of an object depends on it.
const partSize = 8 * 1024 * 1024

/** Sends a write with a condition. */
type Write = (
  s3: S3,
  condition: { readonly IfNoneMatch?: '*' },
  options: CallOptions,
) => Promise<{ ETag?: string | undefined }>

/** The object that a write makes. */
interface Making {
  readonly what: string
  /** Bytes. */
  readonly size: number
  readonly mark: string
}

/**
 * The `put` of a store that keeps its objects in this bucket. With `replaces` it is the `replace`, which does
 * not ask whether the key is free.
 */
export function putInto(bucket: S3Bucket, replaces = false): BlobStore['put'] {
  /**
   * The calls for which this service does not know the condition If-None-Match. A service may know it for one
   * call and not for another.
   */
  const unconditional = new Set<string>()

  /**
   * Makes an object if the key is free; answers undefined if it is not. Some services refuse the condition,
   * and some silently ignore it (Ceph 16 at the end of an upload in parts). So HEAD asks first. Without the
   * condition, two writers of the same key can still both succeed if the second starts between HEAD and the
   * end of the write.
   */
  async function create(key: string, making: Making, write: Write): Promise<BlobInfo | undefined> {
    if (!replaces && (await headObject(bucket, key))) return undefined
    const send = () =>
      bucket.call(making.what, (s3, options) =>
        write(s3, replaces || unconditional.has(making.what) ? {} : { IfNoneMatch: '*' }, options).catch(
          refusal,
        ),
      )
    try {
      let answer = await send()
      if (answer === 'unconditional') {
        unconditional.add(making.what)
        answer = await send()
      }
      const etag = typeof answer === 'string' ? undefined : tagIn(answer)
      if (etag !== undefined) return { size: making.size, etag }
    } catch (error) {
      return settle(key, making, error)
    }
    return settle(key, making, unlikeS3(making.what))
  }

  /**
   * Asks with HEAD after an unusual answer. Answers the object if this write made it, and undefined if
   * another write did. Throws `failure` if there is no object.
   */
  async function settle(
    key: string,
    { size, mark }: Making,
    failure: unknown,
  ): Promise<BlobInfo | undefined> {
    const there = await headObject(bucket, key).catch(() => undefined)
    if (there === undefined) throw failure
    return there.mark === mark && there.size === size ? { size, etag: there.etag } : undefined
  }

  async function putWhole(key: string, bytes: Bytes, ContentType: string): Promise<BlobInfo> {
    const mark = crypto.randomUUID()
    const input = {
      Bucket: bucket.name,
      Key: bucket.keyOf(key),
      Body: bytes,
      ContentLength: bytes.length,
      ContentType,
      Metadata: { [writeMark]: mark },
    }
    const making = { what: 'putting an object', size: bytes.length, mark }
    const made = await create(key, making, (s3, condition, options) =>
      s3.client.send(new s3.PutObjectCommand({ ...input, ...condition }), options),
    )
    if (made) return made
    const there = await headObject(bucket, key)
    const stream = there?.size === bytes.length ? await getObject(bucket, key) : undefined
    if (there && stream && (await hasBytes(stream, bytes))) return { size: there.size, etag: there.etag }
    throw taken()
  }

  /**
   * Uploads a part and answers its tag. After an unusual answer, the service's list of parts shows whether it
   * arrived.
   */
  async function putPart(upload: Upload, PartNumber: number, bytes: Bytes): Promise<string> {
    const what = 'putting a part'
    const part = { ...upload, PartNumber, Body: bytes, ContentLength: bytes.length }
    let failure: unknown = unlikeS3(what)
    try {
      const answer = await bucket.call(what, (s3, options) =>
        s3.client.send(new s3.UploadPartCommand(part), options),
      )
      const etag = tagIn(answer)
      if (etag !== undefined) return etag
    } catch (error) {
      failure = error
    }
    const page = { ...upload, PartNumberMarker: String(PartNumber - 1), MaxParts: 1 }
    const list = await bucket
      .call('listing parts', (s3, options) => s3.client.send(new s3.ListPartsCommand(page), options))
      .catch(() => undefined)
    const found = list?.Parts?.find(one => one.PartNumber === PartNumber && one.Size === bytes.length)
    const etag = found && tagIn(found)
    if (etag === undefined) throw failure
    return etag
  }

  async function startUpload(key: string, ContentType: string, mark: string): Promise<Upload> {
    const what = 'starting an upload'
    const object = { Bucket: bucket.name, Key: bucket.keyOf(key) }
    const input = { ...object, ContentType, Metadata: { [writeMark]: mark } }
    const { UploadId } = await bucket.call(what, (s3, options) =>
      s3.client.send(new s3.CreateMultipartUploadCommand(input), options),
    )
    if (!UploadId) throw unlikeS3(what)
    return { ...object, UploadId }
  }

  return async (key, body, { size, contentType }) => {
    const mark = crypto.randomUUID()
    const Parts: CompletedPart[] = []
    let upload: Upload | undefined
    let stored = 0
    try {
      for await (const { bytes, number, last } of inParts(body, partSize)) {
        stored += bytes.length
        if (last) checkSize(size, stored)
        if (last && number === 1) return await putWhole(key, bytes, contentType)
        upload ??= await startUpload(key, contentType, mark)
        const open = upload
        Parts.push({ PartNumber: number, ETag: `"${await putPart(open, number, bytes)}"` })
        if (!last) continue
        const making = { what: 'completing an upload', size: stored, mark }
        const made = await create(key, making, (s3, condition, options) =>
          s3.client.send(
            new s3.CompleteMultipartUploadCommand({ ...open, MultipartUpload: { Parts }, ...condition }),
            options,
          ),
        )
        if (made) return made
      }
      throw taken()
    } catch (error) {
      const open = upload
      if (open !== undefined) {
        // If this call fails too, the bucket's rule for incomplete uploads deletes the parts. The first error
        // is the one to report.
        await bucket
          .call('giving up an upload', (s3, options) =>
            s3.client.send(new s3.AbortMultipartUploadCommand(open), options),
          )
          .catch(() => undefined)
      }
      throw error
    }
  }
}

type Upload = { readonly Bucket: string; readonly Key: string; readonly UploadId: string }

/**
 * What an error of a conditional write means: the key is taken, or the service does not know the condition.
 */
function refusal(error: unknown): 'taken' | 'unconditional' {
  const status = statusOf(error)
  if (status === 409 || status === 412) return 'taken'
  if (status === 501) return 'unconditional'
  throw error
}

function taken(): BlobStoreError {
  return new BlobStoreError('an object with this key exists and has other bytes')
}
