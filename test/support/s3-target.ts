import { s3Store } from '../../src/blobs/s3.ts'
import { commandTarget } from './command-target.ts'
import type { S3Server } from './s3-server.ts'
import type { Target } from './target.ts'

/** How clients send bytes: to the bucket in one of two ways, or to the service. The values of S3_UPLOAD. */
export const s3Uploads = ['put', 'post', 'through'] as const
export type S3Upload = (typeof s3Uploads)[number]

/** Node with its files in an S3 bucket. */
export const s3Target = (server: () => S3Server, upload: S3Upload): Target => {
  const node = commandTarget(`node-s3-${upload}`, ['node', 'dist/cohort.js'])
  return {
    ...node,
    async start(environment = {}) {
      const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server()
      const instance = await node.start({
        S3_ENDPOINT: endpoint,
        S3_BUCKET: bucket,
        S3_REGION: region,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
        S3_UPLOAD: upload,
        ...environment,
      })
      const store = s3Store({ ...server(), forcePathStyle: true, upload: 'through' })
      return {
        ...instance,
        async storedObjects() {
          let count = 0
          for await (const _ of store.list('')) count++
          return count
        },
      }
    },
  }
}
