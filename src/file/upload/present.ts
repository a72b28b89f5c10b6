import * as z from 'zod'
import type { Presenting } from '../../operation/operation.ts'
import { uploadPath, writeSlot } from './upload-url.ts'

/**
 * What upload operations decide: the object's name, the path and query of its download URL, and the group
 * that it is for.
 */
export const promisedUpload = z.object({
  object_name: z.string(),
  download: z.string(),
  group_id: z.int().optional(),
})

export const uploadTarget = z.object({
  download_url: z.string(),
  oss_body_param: z
    .record(z.string(), z.string())
    .describe('form fields to send before `file` in a multipart POST'),
  upload_method: z.enum(['POST', 'PUT']).describe('what upload_url takes'),
  upload_url: z.string(),
})

export const chatDownload = (file_sign: string): string => `/file/download/chat?file_sign=${file_sign}`

/**
 * The URLs to upload to and to download from. The upload URL is the store's own if the store takes uploads;
 * otherwise it is one of this service.
 */
export async function presentUpload(
  { object_name, download, group_id }: z.infer<typeof promisedUpload>,
  { app, now, baseUrl, blobs }: Presenting,
): Promise<z.infer<typeof uploadTarget>> {
  const { upload_minutes, upload_max_bytes } = app.settings
  const download_url = baseUrl + download
  if (blobs.presignUpload !== undefined && blobs.uploads === 'store') {
    const { method, url, fields } = await blobs.presignUpload(object_name, {
      maxSize: upload_max_bytes,
      expiresInSeconds: upload_minutes * 60,
    })
    return { download_url, oss_body_param: fields, upload_method: method, upload_url: url }
  }
  const slot = writeSlot(app, {
    object_name,
    maxSize: upload_max_bytes,
    expiresAt: now + upload_minutes * 60_000,
    group_id,
  })
  return {
    download_url,
    oss_body_param: {},
    upload_method: 'POST',
    upload_url: `${baseUrl}${uploadPath}?slot=${encodeURIComponent(slot)}`,
  }
}
