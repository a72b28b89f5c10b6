import { BlobStoreError, type ByteStream } from '../platform.ts'
import { checkKey, checkPrefix } from './key.ts'
import type { S3Config } from './s3.ts'
import { storeError, storing } from './store-error.ts'

export type S3 = Awaited<ReturnType<typeof connect>>
export type CallOptions = { abortSignal: AbortSignal }

/** The time limit for one call of the store, with all its attempts, milliseconds. */
const defaultTimeoutMs = 10_000

/** A bucket and how to call it. */
export interface S3Bucket {
  readonly name: string
  readonly timeoutMs: number
  readonly prefix: string
  /** The full key in the bucket, with the prefix. Throws `BlobStoreError` if the key is not valid. */
  keyOf(key: string): string
  sdk(): Promise<S3>
  /** Makes one call with a time limit. Throws `BlobStoreError` that names the action `what`. */
  call<T>(what: string, send: (s3: S3, options: CallOptions) => Promise<T>): Promise<T>
}

/** A bucket. The first call loads the SDK. Throws `BlobStoreError` for a prefix that no key can have. */
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

/** Loads the SDK at the first use, because it is large. A deployment with another store never loads it. */
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
    // A store that answers 503 SlowDown wants a retry. The time limit of the call covers all attempts.
    maxAttempts: 4,
    // Checksums would be part of presigned URLs, and a browser cannot compute them. Also, compatible services
    // do not know the newer ones.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With this header, every upload through a proxy or service that does not know it would wait a second.
    expectContinueHeader: false,
    // A download holds its connection until its client has taken all bytes. With the default of 50
    // connections, slow clients would block all others.
    requestHandler: {
      connectionTimeout: Math.ceil(timeoutMs / 3),
      httpAgent: { maxSockets: 1000 },
      httpsAgent: { maxSockets: 1000 },
    },
  })
  // The fetch of a runtime asks for gzip on its own, and Cloudflare then leaves Content-Length out. This
  // header prevents that. It is added after signing, because proxies change it and a signed header would no
  // longer match.
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

/** Throws when `run` takes longer than `timeoutMs`, also if `run` ignores the signal. */
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
 * Passes a download on. Fails with `BlobStoreError` if no bytes come for `timeoutMs`, if the connection
 * breaks, or if the length is not `size` (undefined: the store did not say the size).
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

/**
 * Answers undefined for an error that means "there is no such object", and throws every other error. A
 * missing bucket is another error.
 */
export function absent(error: unknown): undefined {
  if (error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')) return undefined
  throw error
}

/** The HTTP status of the store's answer; undefined if it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const { httpStatusCode } = (error instanceof Error && '$metadata' in error ? error.$metadata : {}) as {
    httpStatusCode?: number
  }
  return httpStatusCode
}

/**
 * An ETag without its quotes and without the `W/` of a weak one; undefined if there is none or it is empty.
 */
export function tagIn({ ETag }: { ETag?: string | undefined }): string | undefined {
  return ETag?.replace(/^W\//, '').replaceAll('"', '') || undefined
}

export function unlikeS3(what: string): BlobStoreError {
  return new BlobStoreError(`${what}: this is no answer of an object store`)
}
