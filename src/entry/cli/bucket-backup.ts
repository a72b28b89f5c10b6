import { open } from 'node:fs/promises'
import type { Config } from '../../config.ts'
import type { BlobStore, ByteStream } from '../../platform.ts'
import { UsageError } from './command.ts'
import { CommandFailure } from './command-failure.ts'
import { blobStore } from './data.ts'

/** The prefix of backups in the bucket. No object of an app begins with it, because an app id has no dot. */
export const bucketPrefix = 'cohort.backups/'

const chunkSize = 1024 * 1024

/** A backup in the bucket, which a command names as `s3:NAME`. */
export interface BucketBackup {
  readonly blobs: BlobStore
  readonly name: string
  readonly key: string
}

/**
 * The backup that `s3:NAME` names. Answers undefined if the argument does not begin with `s3:`: it is then a
 * file. Throws `UsageError` if there is no bucket or the name is not valid.
 */
export function bucketBackup(argument: string, config: Config): BucketBackup | undefined {
  if (!argument.startsWith('s3:')) return undefined
  if (config.files.store !== 's3') throw new UsageError(`for ${argument}, S3_BUCKET must be set`)
  const name = argument.slice('s3:'.length)
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(name))
    throw new UsageError('the name after s3: is 1 to 200 letters, digits, ., _ or -')
  return { blobs: blobStore(config), name, key: bucketPrefix + name }
}

/** The names of all backups in the bucket, in alphabetical order. Throws `BlobStoreError`. */
export async function namesInBucket(blobs: BlobStore): Promise<string[]> {
  const names: string[] = []
  for await (const key of blobs.list(bucketPrefix)) names.push(key.slice(bucketPrefix.length))
  return names.sort()
}

/** Puts a file into the bucket and answers its size in bytes. Throws `BlobStoreError`. */
export async function upload(file: string, { blobs, key }: BucketBackup): Promise<number> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const body: ByteStream = new ReadableStream(
      {
        async pull(controller) {
          const { bytesRead, buffer } = await handle.read(new Uint8Array(chunkSize))
          if (bytesRead === 0) controller.close()
          else controller.enqueue(buffer.subarray(0, bytesRead))
        },
      },
      { highWaterMark: 0 },
    )
    await blobs.put(key, body, { size, contentType: 'application/vnd.sqlite3' })
    return size
  } finally {
    await handle.close()
  }
}

/**
 * Writes a backup from the bucket into a file. Throws `CommandFailure` if there is no such backup, and
 * `BlobStoreError`.
 */
export async function download({ blobs, key, name }: BucketBackup, file: string): Promise<void> {
  const body = await blobs.get(key)
  if (body === undefined) {
    const names = await namesInBucket(blobs)
    const there = names.length === 0 ? 'none at all' : `the latest are ${names.slice(-5).join(', ')}`
    throw new CommandFailure(`there is no backup ${name} in the bucket; ${there}`)
  }
  const handle = await open(file, 'w', 0o600)
  try {
    for await (const chunk of body) await handle.writeFile(chunk)
  } finally {
    await handle.close()
  }
}
