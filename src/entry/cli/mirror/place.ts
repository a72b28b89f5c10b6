import { join } from 'node:path'
import { type BucketPlace, below, bucketPlace, bucketPlaceRule } from '../../../blobs/bucket-place.ts'
import { folderStore } from '../../../blobs/folder.ts'
import { s3Store } from '../../../blobs/s3.ts'
import type { Config } from '../../../config.ts'
import type { BlobStore } from '../../../platform.ts'
import { UsageError } from '../command.ts'
import { CommandFailure } from '../command-failure.ts'

/** The bucket that an argument names, or OFFSITE_TO without an argument. Throws `UsageError`. */
export function mirrorPlace(argument: string | undefined, { OFFSITE_TO }: Config): BucketPlace {
  if (argument === undefined) {
    if (OFFSITE_TO === undefined)
      throw new UsageError('s3://BUCKET/PREFIX is missing, and OFFSITE_TO is not set')
    return below(OFFSITE_TO, 'files')
  }
  const place = bucketPlace(argument)
  if (place === undefined) throw new UsageError(`"${argument}" ${bucketPlaceRule}`)
  return place
}

/** The files on both sides. Throws `UsageError` without keys, and `CommandFailure` if the files are on S3. */
export function mirrorStores(
  config: Config,
  { bucket, prefix }: BucketPlace,
): { readonly folder: BlobStore; readonly bucket: BlobStore } {
  if (config.files.store === 's3')
    throw new CommandFailure(`the files are in the bucket ${config.files.s3.bucket}, not in a folder`)
  if (config.bucketAccess === undefined)
    throw new UsageError(
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set, and S3_ENDPOINT unless it is AWS',
    )
  return {
    folder: folderStore(join(config.DATA_DIR, 'files')),
    bucket: s3Store({ ...config.bucketAccess, bucket, prefix, upload: 'through' }),
  }
}
