import { type BlobStore, BlobStoreError } from '../platform.ts'
import { checkPrefix } from './key.ts'
import { absent, s3Bucket, unlikeS3 } from './s3-client.ts'
import { presigning } from './s3-presign.ts'
import { getObject, headObject } from './s3-read.ts'
import { putInto } from './s3-write.ts'

const parallelDeletes = 8

export interface S3Config {
  /** `https://…` of a compatible service; without it, the endpoint of AWS for the region. */
  readonly endpoint?: string | undefined
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Use `host/bucket/key` instead of `bucket.host/key`. */
  readonly forcePathStyle: boolean
  /** How clients upload: with a presigned PUT or POST directly to the bucket, or through this service. */
  readonly upload: 'put' | 'post' | 'through'
  /**
   * The time limit for one call of the store, with all its attempts, and for each read of a download,
   * milliseconds. Default 10 000.
   */
  readonly timeoutMs?: number | undefined
  /**
   * Whether `get` reads only bytes that still have the tag asked for: where a virus scanner has looked at
   * them, and a client can replace them by its presigned URL.
   */
  readonly checksTags?: boolean | undefined
  /** Comes before every key, such as `cohort/`. */
  readonly prefix?: string | undefined
}

/**
 * Bytes in a bucket of an S3-compatible service. The credentials need GetObject, PutObject, DeleteObject,
 * AbortMultipartUpload, ListMultipartUploadParts and ListBucket (without ListBucket, S3 answers 403 for a
 * missing object).
 *
 * `put` never replaces an object. The same bytes again succeed up to 8 MiB; anything else under an existing
 * key throws `BlobStoreError`. Whoever has a presigned URL can replace the uploaded object until the URL
 * expires, because S3 cannot forbid that; who reads with the tag of an object never gets another one.
 */
export function s3Store(config: S3Config): BlobStore {
  const bucket = s3Bucket(config)
  const { name, prefix, keyOf, call } = bucket

  async function deleteOne(key: string): Promise<void> {
    const what = 'deleting an object'
    const input = { Bucket: name, Key: keyOf(key) }
    try {
      await call(what, (s3, options) =>
        s3.client.send(new s3.DeleteObjectCommand(input), options).catch(absent),
      )
    } catch (error) {
      const there = await headObject(bucket, key).catch(() => 'unknown')
      if (there !== undefined) throw error
    }
  }

  async function move(from: string, to: string): Promise<void> {
    const what = 'moving an object'
    const CopySource = `${name}/${keyOf(from)}`.split('/').map(encodeURIComponent).join('/')
    const copied = await call(what, (s3, options) =>
      s3.client
        .send(new s3.CopyObjectCommand({ Bucket: name, Key: keyOf(to), CopySource }), options)
        .catch(absent),
    )
    if (copied === undefined) return
    if ((await headObject(bucket, to)) === undefined) throw unlikeS3(what)
    await deleteOne(from)
  }

  return {
    uploads: config.upload === 'through' ? 'service' : 'store',
    put: putInto(bucket),
    get: (key, range, etag) => getObject(bucket, key, range, config.checksTags ? etag : undefined),

    async head(key) {
      const there = await headObject(bucket, key)
      return there && { size: there.size, etag: there.etag }
    },

    async delete(keys) {
      // Keys are deleted one by one: some compatible services do not have the batch call, or need another
      // checksum for it.
      keys.forEach(keyOf)
      const waiting = [...keys]
      const worker = async () => {
        for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await deleteOne(key)
      }
      await Promise.all(Array.from({ length: parallelDeletes }, worker))
    },

    async *list(below) {
      checkPrefix(below)
      const what = 'listing objects'
      let ContinuationToken: string | undefined
      do {
        const input = { Bucket: name, Prefix: prefix + below, ContinuationToken }
        const page = await call(what, (s3, options) =>
          s3.client.send(new s3.ListObjectsV2Command(input), options),
        )
        // A list without the name of the bucket does not come from an S3 service, but from a proxy or another
        // server.
        if (page.Name === undefined) throw unlikeS3(what)
        for (const { Key } of page.Contents ?? []) if (Key?.startsWith(prefix)) yield Key.slice(prefix.length)
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
        if (page.IsTruncated && ContinuationToken === undefined) throw unlikeS3(what)
      } while (ContinuationToken !== undefined)
    },

    async probe() {
      try {
        const input = { Bucket: name, Prefix: prefix, MaxKeys: 1 }
        await call('looking into the bucket', (s3, options) =>
          s3.client.send(new s3.ListObjectsV2Command(input), options),
        )
      } catch (error) {
        throw new BlobStoreError(troubleOf(config, error))
      }
    },

    ...(config.upload !== 'through' && {
      ...presigning(bucket, config.upload),
      move,
      replace: putInto(bucket, true),
    }),
  }
}

/** Which setting is wrong, for each error code with which S3 refuses a call. */
const troubles: readonly (readonly [said: RegExp, means: string])[] = [
  [/NoSuchBucket/, 'S3_BUCKET names no bucket there'],
  [/InvalidAccessKeyId/, 'S3_ACCESS_KEY_ID is no key there'],
  [/SignatureDoesNotMatch/, 'S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID'],
  [/AccessDenied|Forbidden|403/, 'the key of S3_ACCESS_KEY_ID may not list S3_BUCKET'],
  [/PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocation/, 'S3_REGION is not that of the bucket'],
  [/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|fetch failed|Unable to connect/i, 'S3_ENDPOINT cannot be reached'],
  [/timed out|Timeout|deadline/i, 'S3_ENDPOINT does not answer'],
]

function troubleOf({ endpoint, bucket }: S3Config, error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  const means = troubles.find(([pattern]) => pattern.test(said))?.[1] ?? said
  return `the bucket ${bucket}${endpoint === undefined ? '' : ` at ${new URL(endpoint).host}`} cannot be used: ${means}`
}
