import type { BlobStore } from '../platform.ts'
import type { S3Bucket } from './s3-client.ts'

type Presigning = Required<Pick<BlobStore, 'presignUpload' | 'presignDownload'>>

/** Makes URLs with which clients call the bucket directly. Presigning uses no network. */
export function presigning({ name: Bucket, keyOf, sdk }: S3Bucket, upload: 'put' | 'post'): Presigning {
  return {
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
}
