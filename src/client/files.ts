import { CohortError } from './cohort-error.ts'
import type { CallOptions, Connection } from './connection.ts'
import { fileOperations, groupOperations } from './operations.gen.ts'

/** To whom a file goes: exactly one of them. */
export type Destination =
  | { readonly group_id: number; readonly shared?: boolean }
  | { readonly user_id: number }
  | { readonly avatar: 'user' }
  | { readonly avatar: 'group'; readonly group_id: number }

export interface UploadOptions extends CallOptions {
  /** The file's name; default: that of a `File`. */
  readonly name?: string
  /**
   * 100 plain, 101 voice (AMR), 102 picture, 103 video, 104 voice (MP3). Default: by the type of the bytes.
   */
  readonly file_type?: number
  /** Bytes sent, and bytes in all. Told as they go in browsers, and at the end elsewhere. */
  onProgress?(sent: number, total: number): void
}

export interface Uploaded {
  readonly download_url: string
  /** Names a chat file in other calls; '' for an avatar. */
  readonly file_sign: string
  /** Of a file that was shared with its group. */
  readonly file_id?: number
}

/** A smaller form of a picture or video, or a voice message as MP3. */
export interface Variant {
  /** `thumbnail` fits inside width × height, `cover` fills it and is cropped in the middle. */
  readonly kind?: 'thumbnail' | 'cover'
  /** Pixels, 1 to 4096. */
  readonly width?: number
  readonly height?: number
  readonly format?: 'mp3'
}

const kinds = { thumbnail: 2, cover: 3 } as const

/** Uploads, downloads, and the operations of files. */
export function files(connection: Connection) {
  const operations = fileOperations(connection)
  const group = groupOperations(connection)

  /**
   * Asks for a place for the bytes, sends them there, and shares the file with its group where that is asked.
   */
  const upload = async (
    file: Blob | Uint8Array<ArrayBuffer>,
    to: Destination & UploadOptions,
  ): Promise<Uploaded> => {
    const blob = file instanceof Blob ? file : new Blob([file])
    const name = to.name ?? (blob as { name?: string }).name ?? 'file'
    const slot = await place(to, blob.type)
    const form = slot.upload_method === 'POST' ? new FormData() : undefined
    for (const [field, value] of Object.entries(slot.oss_body_param)) form?.append(field, value)
    form?.append('file', blob, name)
    await sendBytes(slot, form ?? blob, blob.size, to)
    const { download_url } = slot
    const file_sign = new URL(download_url).searchParams.get('file_sign') ?? ''
    if (!('shared' in to) || to.shared !== true) return { download_url, file_sign }
    const { group_id } = to
    const record = { group_id, name, size: blob.size, type: blob.type, url: download_url }
    const { file_id } = await group.uploadFile(record, to)
    return { download_url, file_sign, file_id }
  }

  const place = (to: Destination & UploadOptions, type: string) => {
    if ('avatar' in to)
      return to.avatar === 'user'
        ? operations.uploadUserAvatar({}, to)
        : operations.uploadGroupAvatar({ group_id: to.group_id }, to)
    const file_type = to.file_type ?? typeOf(type)
    if ('user_id' in to) return operations.uploadSlot({ file_type, to_type: 1, to_id: to.user_id }, to)
    // Shared files of a group have their own numbers for types, and one number for both kinds of voice.
    const shared = to.shared === true ? 100 + (file_type === 104 ? 101 : file_type) : file_type
    return operations.uploadSlot({ file_type: shared, to_type: 2, to_id: to.group_id }, to)
  }

  const sendBytes = async (
    { upload_url, upload_method }: { upload_url: string; upload_method: 'POST' | 'PUT' },
    body: FormData | Blob,
    total: number,
    { signal, onProgress }: UploadOptions,
  ): Promise<void> => {
    signal?.throwIfAborted()
    const answer =
      onProgress !== undefined && typeof XMLHttpRequest !== 'undefined'
        ? await sendWithProgress(upload_method, upload_url, body, onProgress, signal)
        : await connection
            .fetch(upload_url, { method: upload_method, body, ...(signal !== undefined && { signal }) })
            .then(async response => ({ status: response.status, text: await response.text() }))
            .catch(cause => {
              signal?.throwIfAborted()
              throw new CohortError({ code: 0, status: 0, message: 'upload failed', requestId: '', cause })
            })
    const refused = /^\{"code":(?!200,)(\d+),.*"message":"(.*?)"/.exec(answer.text)
    if (answer.status >= 300 || refused !== null) {
      const message = refused?.[2] ?? `the upload was answered HTTP ${answer.status}`
      const code = Number(refused?.[1] ?? answer.status)
      throw new CohortError({ code, status: answer.status, message, requestId: '' })
    }
    onProgress?.(total, total)
  }

  /** The URL of a file with all that it takes to read it: for `<img src>`. It holds the caller's token. */
  const url = async (
    download_url: string,
    { kind, width, height, format }: Variant = {},
  ): Promise<string> => {
    const made = new URL(download_url, connection.options.url)
    const query = {
      image_type: kind && kinds[kind],
      w: width,
      h: height,
      format,
      app_id: connection.options.app,
      'access-token': await connection.currentToken(),
    }
    for (const [name, value] of Object.entries(query)) if (value) made.searchParams.set(name, String(value))
    return made.href
  }

  /** The bytes of a file. Throws `CohortError` if they may not be read. */
  const download = async (
    download_url: string,
    { signal, ...variant }: Variant & { readonly signal?: AbortSignal } = {},
  ): Promise<Blob> => {
    // Without a token the browser's session reads it, for which the query cannot speak.
    const headers = (await connection.currentToken()) === '' ? await connection.headers() : {}
    const target = await url(download_url, variant)
    return connection.bytes(target, { headers, ...(signal && { signal }) })
  }

  return { ...operations, upload, url, download }
}

/** The file_type for a media type. */
function typeOf(type: string): number {
  if (type.startsWith('image/')) return 102
  if (type.startsWith('video/')) return 103
  if (type === 'audio/amr') return 101
  return type === 'audio/mpeg' ? 104 : 100
}

/** Sends with XMLHttpRequest in browsers, because `fetch` does not tell how much was sent. */
function sendWithProgress(
  method: string,
  url: string,
  body: FormData | Blob,
  onProgress: (sent: number, total: number) => void,
  signal: AbortSignal | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    request.open(method, url)
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total)
    request.onload = () => resolve({ status: request.status, text: request.responseText })
    request.onerror = () =>
      reject(new CohortError({ code: 0, status: 0, message: 'upload failed', requestId: '' }))
    request.onabort = () => reject(signal?.reason)
    request.onloadend = () => signal?.removeEventListener('abort', abort)
    signal?.addEventListener('abort', abort, { once: true })
    request.send(body)
  })
}
