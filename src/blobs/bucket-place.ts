/** A place in a bucket, which the operator writes as `s3://BUCKET/PREFIX`. */
export interface BucketPlace {
  readonly bucket: string
  /** Comes before every key. Empty, or ends in `/`. */
  readonly prefix: string
}

/** What `bucketPlace` takes, as a phrase that follows the name of the setting. */
export const bucketPlaceRule = 'must be s3://BUCKET/PREFIX; the prefix has letters, digits, ., _, - and /'

/** The place that this text names; undefined if it names none. */
export function bucketPlace(text: string): BucketPlace | undefined {
  const [, bucket, rest = ''] = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]*)(?:\/(.*))?$/.exec(text) ?? []
  const path = rest.replace(/\/+$/, '')
  const segments = path === '' ? [] : path.split('/')
  if (bucket === undefined || !segments.every(isSegment)) return undefined
  return { bucket, prefix: segments.map(segment => `${segment}/`).join('') }
}

const isSegment = (segment: string): boolean => /^[A-Za-z0-9._-]+$/.test(segment) && !/^\.\.?$/.test(segment)

/** A place below another one. */
export const below = ({ bucket, prefix }: BucketPlace, folder: string): BucketPlace => ({
  bucket,
  prefix: `${prefix}${folder}/`,
})

export const placeUrl = ({ bucket, prefix }: BucketPlace): string =>
  `s3://${bucket}/${prefix}`.replace(/\/$/, '')
