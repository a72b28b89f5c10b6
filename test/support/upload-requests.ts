import type { Bytes } from '../../src/platform.ts'
import { expectRefused, type Reply, read, replyOf } from './files.ts'
import { joined, text } from './fixtures.ts'
import type { User } from './groups.ts'
import type { UploadTarget } from './uploads.ts'

/*
 * Requests to upload URLs of the service itself, in all the ways that clients send them.
 */

export const put = async (
  place: UploadTarget,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Reply> => replyOf(await fetch(place.upload_url, { method: 'PUT', body, headers }))
export const post = async (
  place: UploadTarget,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Reply> => replyOf(await fetch(place.upload_url, { method: 'POST', body, headers }))

/** Sends the bytes in pieces, without saying how many there will be. */
export const chunked = async (
  method: string,
  place: UploadTarget,
  pieces: readonly Bytes[],
  headers: Record<string, string> = {},
): Promise<Reply> => {
  const body = new ReadableStream<Bytes>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
  const request: RequestInit & { duplex: 'half' } = { method, body, headers, duplex: 'half' }
  return replyOf(await fetch(place.upload_url, request))
}

export const boundary = 'a-boundary'
export const multipart = { 'content-type': `multipart/form-data; boundary=${boundary}` }
export const part = (disposition: string, content: Uint8Array, more = ''): Bytes =>
  joined(
    text(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${more}\r\n`),
    content,
    text('\r\n'),
  )
export const closing = text(`--${boundary}--\r\n`)

export const taken = { status: 200, code: 200 }

/** The codes of answers that came in any order, the lowest first. */
export const codesOf = (answers: readonly { readonly code: number }[]): number[] =>
  answers.map(({ code }) => code).sort((a, b) => a - b)

/** There is no file yet, for anybody. */
export const expectNothingThere = async (reader: User, { download_url }: UploadTarget): Promise<void> =>
  expectRefused(await read(reader, download_url, { query: { source: 'miniprogram' } }), 404, 20022)
