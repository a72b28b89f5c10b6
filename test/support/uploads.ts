import type { Bytes } from '../../src/platform.ts'
import type { Client, Sent } from './client.ts'
import { dataOf } from './groups.ts'

/** What an upload operation answers. */
export interface UploadTarget {
  readonly upload_method: 'POST' | 'PUT'
  readonly upload_url: string
  readonly download_url: string
  readonly oss_body_param: Readonly<Record<string, string>>
}

/** Sends bytes as the answer of an upload operation says; the store's or the service's answer. */
export function sendTo(
  { upload_method, upload_url, oss_body_param }: UploadTarget,
  bytes: Bytes,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  if (upload_method === 'PUT') return fetch(upload_url, { method: 'PUT', headers, body: bytes })
  const form = new FormData()
  for (const [name, value] of Object.entries(oss_body_param)) form.append(name, value)
  form.append('file', new Blob([bytes]), 'a file')
  return fetch(upload_url, { method: 'POST', headers, body: form })
}

/** Asks for an upload URL and sends the bytes there. `sign` is the file_sign of a chat file. */
export async function upload(client: Client, path: string, input: NonNullable<Sent['query']>, bytes: Bytes) {
  const target: UploadTarget = dataOf(await client.get(path, input))
  const response = await sendTo(target, bytes)
  const sign = new URL(target.download_url).searchParams.get('file_sign') ?? ''
  return { target, sign, answer: (await response.json()) as unknown }
}

/** Downloads as a client that can send headers does. */
export const download = (client: Client, url: string): Promise<Response> =>
  fetch(url, { headers: client.headers })
