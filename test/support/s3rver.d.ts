/** The little of s3rver, which has no types, that the S3 server of the tests uses. */
declare module 's3rver' {
  import type { RequestListener } from 'node:http'

  export interface S3rverObject {
    readonly bucket: string
    readonly key: string
    readonly content: AsyncIterable<Uint8Array>
    readonly metadata: Readonly<Record<string, string>>
  }

  export interface Written {
    readonly size: number
    readonly md5: string
  }

  export interface S3rverStore {
    getResourcePath(bucket: string, key: string | undefined, resource: string): string
    putMetadata(bucket: string, key: string, metadata: Readonly<Record<string, string>>, md5: string): Promise<void>
    existsObject(bucket: string, key: string): Promise<boolean>
    putObject(object: S3rverObject): Promise<Written>
    putPart(bucket: string, uploadId: string, partNumber: string, content: AsyncIterable<Uint8Array>): Promise<Written>
    putObjectMultipart(bucket: string, uploadId: string, parts: readonly { number: number; etag: string }[]): Promise<Written>
  }

  export default class S3rver {
    constructor(options: { directory: string; silent: boolean; vhostBuckets: boolean; configureBuckets: { name: string }[] })
    readonly store: S3rverStore
    configureBuckets(): Promise<unknown>
    callback(): RequestListener
  }
}
