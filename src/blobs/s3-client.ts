import type { ByteStream } from '../platform.ts'
import type { S3Config } from './s3.ts'
import { storeError } from './store-error.ts'

export type S3 = Awaited<ReturnType<typeof connect>>

/** Loads the SDK, which is large, only now: a deployment with another store never does. */
export async function connect(config: S3Config, timeoutMs: number) {
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
    maxAttempts: 2,
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
  return { ...s3, client, getSignedUrl, createPresignedPost }
}

/** Throws when `run` takes longer than `timeoutMs`, whether or not it heeds the signal. */
export async function withDeadline<T>(
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
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
 * length than `size`.
 */
export function supervised(source: ByteStream, size: number, timeoutMs: number): ByteStream {
  const reader = source.getReader()
  let seen = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await withDeadline(timeoutMs, () => reader.read())
          seen += value?.length ?? 0
          if (seen > size || (done && seen < size))
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

/** For errors of a conditional write: the condition failed, or the service does not know conditions. */
export function refused(error: unknown): 'taken' | 'unconditional' {
  const { httpStatusCode } = (error instanceof Error && '$metadata' in error ? error.$metadata : {}) as {
    httpStatusCode?: number
  }
  if (httpStatusCode === 409 || httpStatusCode === 412) return 'taken'
  if (httpStatusCode === 501) return 'unconditional'
  throw error
}
