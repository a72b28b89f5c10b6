import { BlobStoreError, type ByteStream } from '../platform.ts'
import { checkKey, checkPrefix } from './key.ts'
import type { S3Config } from './s3.ts'
import { storeError, storing } from './store-error.ts'

export type S3 = Awaited<ReturnType<typeof connect>>
export type CallOptions = { abortSignal: AbortSignal }

/** Milliseconds for one call of the store, all its attempts included. */
const defaultTimeoutMs = 10_000

/** A bucket and how to call it. */
export interface S3Bucket {
  readonly name: string
  readonly timeoutMs: number
  readonly prefix: string
  /** The key in the bucket. Throws `BlobStoreError` for what is no key. */
  keyOf(key: string): string
  sdk(): Promise<S3>
  /** One call in bounded time. Throws `BlobStoreError`, which says `what` failed. */
  call<T>(what: string, send: (s3: S3, options: CallOptions) => Promise<T>): Promise<T>
}

/** Connects at the first call. Throws `BlobStoreError` for a prefix that no key could have. */
export function s3Bucket(config: S3Config): S3Bucket {
  const { bucket, prefix = '', timeoutMs = defaultTimeoutMs } = config
  checkPrefix(prefix)
  let connected: Promise<S3> | undefined
  const sdk = () => {
    connected ??= connect(config, timeoutMs)
    return connected
  }
  return {
    name: bucket,
    timeoutMs,
    prefix,
    keyOf(key) {
      checkKey(key)
      return prefix + key
    },
    sdk,
    call: (what, send) =>
      storing(what, async () => {
        const s3 = await sdk()
        return withDeadline(timeoutMs, abortSignal => send(s3, { abortSignal }))
      }),
  }
}

/** Loads the SDK, which is large, only now: a deployment with another store never does. */
async function connect(config: S3Config, timeoutMs: number) {
  const [s3, { getSignedUrl }, { createPresignedPost }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/s3-request-presigner'),
    import('@aws-sdk/s3-presigned-post'),
  ])
  const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKey } = config
  const client = new s3.S3Client({
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey },
    ...(endpoint !== undefined && { endpoint }),
    // A store that says 503 SlowDown means it; the deadline of the call bounds all attempts.
    maxAttempts: 4,
    // Checksums would go into presigned URLs, where a browser cannot compute them, and compatible services
    // lack the newer ones.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Proxies and compatible services that do not know it make every upload wait a second.
    expectContinueHeader: false,
    // A download holds its connection for as long as its client takes, so the default of 50 would let slow
    // clients block the rest.
    requestHandler: {
      connectionTimeout: Math.ceil(timeoutMs / 3),
      httpAgent: { maxSockets: 1000 },
      httpsAgent: { maxSockets: 1000 },
    },
  })
  // A runtime's fetch asks for gzip by itself. Cloudflare then leaves Content-Length out. The header is added
  // after signing: proxies before a store change it, and a signed one would not match any more.
  client.middlewareStack.add(
    next => args => {
      const { request } = args as { request?: { method?: string; headers?: Record<string, string> } }
      if (request?.headers && (request.method === 'GET' || request.method === 'HEAD'))
        request.headers['accept-encoding'] = 'identity'
      return next(args)
    },
    { step: 'deserialize', priority: 'high', name: 'identityEncoding' },
  )
  return { ...s3, client, getSignedUrl, createPresignedPost }
}

/** Throws when `run` takes longer than `timeoutMs`, whether or not it heeds the signal. */
async function withDeadline<T>(timeoutMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer from the store in ${timeoutMs} ms`))
      controller.abort()
    }, timeoutMs)
  })
  try {
    return await Promise.race([run(controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Passes a download on; errors with `BlobStoreError` if it stalls for `timeoutMs`, breaks, or has another
 * length than `size` (undefined: the store did not say it).
 */
export function supervised(source: ByteStream, size: number | undefined, timeoutMs: number): ByteStream {
  const reader = source.getReader()
  let seen = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await withDeadline(timeoutMs, () => reader.read())
          seen += value?.length ?? 0
          if (size !== undefined && (seen > size || (done && seen < size)))
            throw new Error(`${seen} bytes came, announced were ${size}`)
          if (value) controller.enqueue(value)
          if (done) controller.close()
        } catch (error) {
          void reader.cancel().catch(() => undefined)
          controller.error(storeError('getting an object', error))
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** For errors that say "there is no such object"; a missing bucket is another error. */
export function absent(error: unknown): undefined {
  if (error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')) return undefined
  throw error
}

/** The HTTP status of the store's refusal; undefined if it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const { httpStatusCode } = (error instanceof Error && '$metadata' in error ? error.$metadata : {}) as {
    httpStatusCode?: number
  }
  return httpStatusCode
}

/** A tag without its quotes and without the mark of a weak one; undefined for none, or an empty one. */
export function tagIn({ ETag }: { ETag?: string | undefined }): string | undefined {
  return ETag?.replace(/^W\//, '').replaceAll('"', '') || undefined
}

export function unlikeS3(what: string): BlobStoreError {
  return new BlobStoreError(`${what}: this is no answer of an object store`)
}
