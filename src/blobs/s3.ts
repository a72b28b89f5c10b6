import type { CompletedPart } from '@aws-sdk/client-s3'
import {
  type BlobInfo,
  type BlobStore,
  BlobStoreError,
  type ByteRange,
  type ByteStream,
  type Bytes,
} from '../platform.ts'
import { checkKey, checkPrefix } from './key.ts'
import { hasBytes, inParts } from './parts.ts'
import { absent, connect, refused, type S3, supervised, withDeadline } from './s3-client.ts'
import { checkSize, storing } from './store-error.ts'

// One size for all multipart uploads: the tag of an object depends on it.
const partSize = 8 * 1024 * 1024
const parallelDeletes = 8

type CallOptions = { abortSignal: AbortSignal }

export interface S3Config {
  /** `https://…` of a compatible service; without it AWS's own for the region. */
  readonly endpoint?: string | undefined
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** `host/bucket/key` instead of `bucket.host/key`. */
  readonly forcePathStyle: boolean
  /** How clients send bytes: by a presigned PUT or POST to the bucket, or through this service. */
  readonly upload: 'put' | 'post' | 'through'
  /**
   * Milliseconds for one call of the store, a second attempt included, and for each read of a download.
   * Default 10 000.
   */
  readonly timeoutMs?: number | undefined
  /** Goes before every key, such as `cohort/`. */
  readonly prefix?: string | undefined
}

/**
 * Bytes in a bucket of an S3-compatible service. The credentials need GetObject, PutObject, DeleteObject,
 * AbortMultipartUpload and ListBucket (without it a missing object looks like a forbidden one).
 *
 * `put` never replaces an object: the same bytes again succeed up to 8 MiB, everything else under a taken key
 * throws `BlobStoreError`. The holder of a presigned upload can replace what it uploaded until the URL
 * expires: S3 cannot forbid that.
 */
export function s3Store(config: S3Config): BlobStore {
  const { bucket: Bucket, prefix = '', timeoutMs = 10_000 } = config
  checkPrefix(prefix)
  let connected: Promise<S3> | undefined
  let knowsConditions = true

  function keyOf(key: string): string {
    checkKey(key)
    return prefix + key
  }

  function sdk(): Promise<S3> {
    connected ??= connect(config, timeoutMs)
    return connected
  }

  function call<T>(what: string, send: (s3: S3, options: CallOptions) => Promise<T>): Promise<T> {
    return storing(what, async () => {
      const s3 = await sdk()
      return withDeadline(timeoutMs, abortSignal => send(s3, { abortSignal }))
    })
  }

  async function get(key: string, range?: ByteRange): Promise<ByteStream | undefined> {
    const input = { Bucket, Key: keyOf(key), ...(range && { Range: `bytes=${range.start}-${range.end}` }) }
    const answer = await call('getting an object', (s3, options) =>
      s3.client.send(new s3.GetObjectCommand(input), options).catch(absent),
    )
    if (!answer) return undefined
    const { Body, ContentLength, ContentRange, ETag } = answer
    const stream = Body?.transformToWebStream() as ByteStream | undefined
    const size = range ? range.end - range.start + 1 : ContentLength
    const inRange = !range || ContentRange?.startsWith(`bytes ${range.start}-${range.end}/`)
    if (stream && ETag && size !== undefined && ContentLength === size && inRange)
      return supervised(stream, size, timeoutMs)
    await stream?.cancel().catch(() => undefined)
    throw unlikeS3('getting an object')
  }

  async function head(key: string): Promise<BlobInfo | undefined> {
    const input = { Bucket, Key: keyOf(key) }
    const answer = await call('looking at an object', (s3, options) =>
      s3.client.send(new s3.HeadObjectCommand(input), options).catch(absent),
    )
    if (answer?.ContentLength === undefined) {
      if (answer) throw unlikeS3('looking at an object')
      return undefined
    }
    return { size: answer.ContentLength, etag: tagIn(answer) }
  }

  /**
   * Makes an object unless there is one: answers undefined then. A service that does not know the condition
   * is asked beforehand instead, which leaves two writers of one key a moment to collide in.
   */
  async function create<T>(
    what: string,
    key: string,
    write: (s3: S3, condition: { IfNoneMatch?: '*' }, options: CallOptions) => Promise<T>,
  ): Promise<T | undefined> {
    if (knowsConditions) {
      const answer = await call(what, (s3, options) =>
        write(s3, { IfNoneMatch: '*' }, options).catch(refused),
      )
      if (answer === 'taken') return undefined
      if (answer !== 'unconditional') return answer
      knowsConditions = false
    }
    return (await head(key)) ? undefined : call(what, (s3, options) => write(s3, {}, options))
  }

  async function putWhole(key: string, bytes: Bytes, ContentType: string): Promise<BlobInfo> {
    const input = { Bucket, Key: keyOf(key), Body: bytes, ContentLength: bytes.length, ContentType }
    const answer = await create('putting an object', key, (s3, condition, options) =>
      s3.client.send(new s3.PutObjectCommand({ ...input, ...condition }), options),
    )
    if (answer) return { size: bytes.length, etag: tagIn(answer) }
    const there = await head(key)
    const stream = there?.size === bytes.length ? await get(key) : undefined
    if (there && stream && (await hasBytes(stream, bytes))) return there
    throw taken()
  }

  async function putParts(
    key: string,
    body: ByteStream,
    size: number | undefined,
    ContentType: string,
  ): Promise<BlobInfo> {
    const object = { Bucket, Key: keyOf(key) }
    const Parts: CompletedPart[] = []
    let UploadId: string | undefined
    let stored = 0
    try {
      for await (const { bytes, number, last } of inParts(body, partSize)) {
        stored += bytes.length
        if (last) checkSize(size, stored)
        if (last && number === 1) return await putWhole(key, bytes, ContentType)
        UploadId ??= await call('starting an upload', async (s3, options) => {
          const answer = await s3.client.send(
            new s3.CreateMultipartUploadCommand({ ...object, ContentType }),
            options,
          )
          if (!answer.UploadId) throw unlikeS3('starting an upload')
          return answer.UploadId
        })
        const part = { ...object, UploadId, PartNumber: number, Body: bytes, ContentLength: bytes.length }
        const answer = await call('putting a part', (s3, options) =>
          s3.client.send(new s3.UploadPartCommand(part), options),
        )
        Parts.push({ PartNumber: number, ETag: `"${tagIn(answer)}"` })
      }
      const whole = { ...object, UploadId, MultipartUpload: { Parts } }
      const answer = await create('completing an upload', key, (s3, condition, options) =>
        s3.client.send(new s3.CompleteMultipartUploadCommand({ ...whole, ...condition }), options),
      )
      if (answer) return { size: stored, etag: tagIn(answer) }
      throw taken()
    } catch (error) {
      if (UploadId !== undefined) {
        const upload = { ...object, UploadId }
        // If this fails as well, the bucket's rule for incomplete uploads removes the parts: the first error
        // says more.
        await call('giving up an upload', (s3, options) =>
          s3.client.send(new s3.AbortMultipartUploadCommand(upload), options),
        ).catch(() => undefined)
      }
      throw error
    }
  }

  return {
    uploads: config.upload === 'through' ? 'service' : 'store',
    put: (key, body, { size, contentType }) => putParts(key, body, size, contentType),
    get,
    head,

    async delete(keys) {
      // One by one: some compatible services lack the batch call or want another checksum in it.
      const waiting = keys.map(keyOf)
      const worker = async () => {
        for (let Key = waiting.pop(); Key !== undefined; Key = waiting.pop()) {
          const input = { Bucket, Key }
          await call('deleting an object', (s3, options) =>
            s3.client.send(new s3.DeleteObjectCommand(input), options).catch(absent),
          )
        }
      }
      await Promise.all(Array.from({ length: parallelDeletes }, worker))
    },

    async *list(below) {
      checkPrefix(below)
      let ContinuationToken: string | undefined
      do {
        const input = { Bucket, Prefix: prefix + below, ContinuationToken }
        const page = await call('listing objects', (s3, options) =>
          s3.client.send(new s3.ListObjectsV2Command(input), options),
        )
        if (page.Name !== Bucket) throw unlikeS3('listing objects')
        for (const { Key } of page.Contents ?? []) if (Key?.startsWith(prefix)) yield Key.slice(prefix.length)
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (ContinuationToken !== undefined)
    },

    ...(config.upload !== 'through' && presigning(config.upload, Bucket, keyOf, sdk)),
  }
}

/** Presigning asks nothing of the network. */
function presigning(
  upload: 'put' | 'post',
  Bucket: string,
  keyOf: (key: string) => string,
  sdk: () => Promise<S3>,
) {
  const presign: Required<Pick<BlobStore, 'presignUpload' | 'presignDownload'>> = {
    async presignUpload(key, { maxSize, expiresInSeconds }) {
      const object = { Bucket, Key: keyOf(key) }
      const { client, PutObjectCommand, getSignedUrl, createPresignedPost } = await sdk()
      if (upload === 'put') {
        return {
          method: 'PUT',
          url: await getSignedUrl(client, new PutObjectCommand(object), { expiresIn: expiresInSeconds }),
          fields: {},
        }
      }
      const form = await createPresignedPost(client, {
        ...object,
        Conditions: [['content-length-range', 0, maxSize]],
        Expires: expiresInSeconds,
      })
      return { method: 'POST', url: form.url, fields: form.fields }
    },

    async presignDownload(key, expiresInSeconds, { contentType, contentDisposition }) {
      const input = {
        Bucket,
        Key: keyOf(key),
        ResponseContentType: contentType,
        ResponseContentDisposition: contentDisposition,
      }
      const { client, GetObjectCommand, getSignedUrl } = await sdk()
      return getSignedUrl(client, new GetObjectCommand(input), { expiresIn: expiresInSeconds })
    },
  }
  return presign
}

/** The store's tag without its quotes. A store that sends none did not do what it was asked. */
function tagIn(answer: { ETag?: string | undefined }): string {
  const tag = answer.ETag?.replaceAll('"', '')
  if (!tag) throw unlikeS3('reading a tag')
  return tag
}

function unlikeS3(what: string): BlobStoreError {
  return new BlobStoreError(`${what}: this is no answer of an object store`)
}

function taken(): BlobStoreError {
  return new BlobStoreError('an object with this key exists and has other bytes')
}
