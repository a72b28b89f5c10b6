/**
 * The ports: what Cohort asks of the machine it runs on. The core knows these types and nothing else of a
 * runtime; entries pick an adapter for each. Streams are web streams, times are milliseconds since 1970,
 * sizes are bytes.
 */

export type Bytes = Uint8Array<ArrayBuffer>
export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>
/** Bytes to be sent. */
export type SentBody = ByteStream | Bytes | Blob | LocalFile

/** Milliseconds since 1970. A port, so that tests and backfills can set it. */
export type Clock = () => number

/**
 * When things happen in this process. A port, because runtimes differ and because tests set the order
 * themselves.
 */
export interface EventLoop {
  /** Runs the action as soon as the requests at hand are handled, before the process waits for new ones. */
  turn(action: () => void): void
  /** Runs the action after so many milliseconds, unless the function it answers is called before. */
  later(delayMs: number, action: () => void): () => void
}

/** What a stored object is, as the store itself knows it. */
export interface BlobInfo {
  readonly size: number
  /** Changes with the bytes and only with them; without quotes. */
  readonly etag: string
}

/** Inclusive byte positions, already checked against the size: 0 ≤ start ≤ end < size. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Bytes of a file on this machine's disk. The runtime sends them by itself, or the proxy in front does. */
export interface LocalFile {
  readonly path: string
  readonly range: ByteRange
}

/** Where a client sends bytes when the store itself takes them (S3). */
export interface UploadTarget {
  readonly method: 'PUT' | 'POST'
  readonly url: string
  /** Form fields that go before the file in a multipart POST; `{}` for PUT. */
  readonly fields: Readonly<Record<string, string>>
}

export interface UploadTerms {
  /** Bytes; a store that can enforce it does. */
  readonly maxSize: number
  readonly expiresInSeconds: number
}

/**
 * Where bytes live. Keys are made by Cohort (`app/kind/id[…]`, only `[A-Za-z0-9._-]` and `/`), never by a
 * caller. Every failure of the store, a time-out included, is thrown as `BlobStoreError`, whose message is
 * safe to log but not to answer.
 */
export interface BlobStore {
  /**
   * `store`: clients upload to and download from the store by presigned URLs. `service`: through this
   * service.
   */
  readonly uploads: 'store' | 'service'
  /**
   * Stores the stream under `key`, whole or not at all: a stream that errors or is cut off leaves nothing
   * visible. `size` is the exact length when it is known (R2 and S3 want one).
   */
  put(key: string, body: ByteStream, options: { size?: number; contentType: string }): Promise<BlobInfo>
  /**
   * As `put`, in place of the object that is there; only where `uploads` is `store`, for what a client has
   * put there.
   */
  replace?(key: string, body: ByteStream, options: { size: number; contentType: string }): Promise<BlobInfo>
  /**
   * The bytes, or those of the range; undefined when there is no such object. With `etag` also if the object
   * has other bytes by now, because a presigned upload URL was used twice. Stores where that cannot be ignore
   * `etag`.
   */
  get(key: string, range?: ByteRange, etag?: string): Promise<ByteStream | undefined>
  /** The path of the object. Only where objects are files on this machine's disk. */
  pathOf?(key: string): string
  head(key: string): Promise<BlobInfo | undefined>
  /** Deleting what is not there succeeds. */
  delete(keys: readonly string[]): Promise<void>
  /**
   * Moves an object to a key that nothing else has, so that presigned URLs of it are worth nothing; only
   * where `uploads` is `store`. Moving what is not there does nothing.
   */
  move?(from: string, to: string): Promise<void>
  /** Copies inside the store; needed by backups and by `check`, never on a request's path. */
  list(prefix: string): AsyncIterable<string>
  /**
   * Removes what puts left that were cut off by the end of the process; `now` in milliseconds since 1970.
   * Only where they can leave something.
   */
  tidy?(now: number): Promise<void>
  /**
   * Whether the store can be used at all, with the key that it was given. Only where it is elsewhere; throws
   * `BlobStoreError` that says what is wrong and which setting it is about.
   */
  probe?(): Promise<void>
  /** A presigned upload; only where `uploads` is `store`. */
  presignUpload?(key: string, terms: UploadTerms): Promise<UploadTarget>
  /** A presigned GET that answers with these headers; only where `uploads` is `store`. */
  presignDownload?(
    key: string,
    expiresInSeconds: number,
    headers: { contentType: string; contentDisposition: string },
  ): Promise<string>
}

/** The object store failed, is unreachable or too slow. Becomes 10009. */
export class BlobStoreError extends Error {
  override readonly name = 'BlobStoreError'
}

/**
 * A picture to make: `fit` keeps the whole inside width × height and never enlarges, `cover` fills it and
 * crops the middle.
 */
export interface PictureRequest {
  readonly fit: 'inside' | 'cover'
  readonly width: number
  readonly height: number
  /** Asks for a JPEG, even of what is see-through: it is put on white. */
  readonly format?: 'jpeg'
}

export interface MadePicture {
  readonly bytes: Bytes
  readonly contentType: 'image/jpeg' | 'image/png' | 'image/webp'
}

/**
 * The input is not something this adapter can convert (broken, unsupported here), or the tool is missing.
 * The message is for the caller: it says what is wrong and what would help. Becomes 10009.
 */
export class CannotConvert extends Error {
  override readonly name = 'CannotConvert'
}

/**
 * No tool of this server converts such files. The file itself may be fine: where a client plays it anyway, it
 * is answered as it is.
 */
export class NoConverter extends CannotConvert {}

/**
 * Thumbnails and covers. The caller has already sniffed the type and checked the header's pixel count (≤ 50
 * megapixels).
 */
export interface Images {
  /**
   * A picture that has a thumbnail (src/media/media-types.ts) in, of an animation its first frame; EXIF
   * orientation honoured; metadata dropped. Throws `CannotConvert`.
   */
  resize(picture: Bytes, request: PictureRequest): Promise<MadePicture>
}

/** A still of a video's first second, as a JPEG or PNG. Throws `CannotConvert`. */
export interface Videos {
  frame(video: ByteStream, contentType: string): Promise<Bytes>
}

/**
 * Sound of any kind → MP3, never on the event loop of a server. Throws `CannotConvert`, `NoConverter` among
 * it.
 */
export interface Voice {
  toMp3(sound: Bytes, contentType: string): Promise<Bytes>
}

/** A stored file that a virus scanner looks at. */
export interface ScannedFile {
  readonly app_id: string
  readonly object_name: string
  /** Bytes. */
  readonly size: number
  readonly content_type: string
  /** The bytes; undefined if the store has lost them. Throws `BlobStoreError`. */
  open(): Promise<ByteStream | undefined>
  /** A URL at which whoever has it reads the bytes for some minutes. */
  url(): string
}

/** The scanner could not be asked, did not answer in time, or cannot look at such a file. */
export class ScanError extends Error {
  override readonly name = 'ScanError'
  /** The file is larger than the scanner takes, so asking again does not help. */
  readonly tooLarge: boolean
  constructor(
    message: string,
    { tooLarge = false, ...options }: { tooLarge?: boolean; cause?: unknown } = {},
  ) {
    super(message, options)
    this.tooLarge = tooLarge
  }
}

/** A virus scanner. */
export interface Scanner {
  /** The name of what was found; undefined: nothing. Throws `ScanError`, and `BlobStoreError` of `open`. */
  scan(file: ScannedFile): Promise<string | undefined>
  /** Whether the scanner answers at all. Throws `ScanError`. */
  probe(): Promise<void>
}

export interface OutboundRequest {
  readonly url: string
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  /** How much of the answer is read. */
  readonly maxAnswerBytes: number
}

export interface OutboundAnswer {
  readonly status: number
  /** The header Retry-After, if there is one. */
  readonly retryAfter: string | undefined
  readonly body: string
}

/** The receiver could not be reached, may not be, or did not answer in time. The message is for a tenant. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
}

/**
 * Requests to URLs that tenants name: webhooks and before-hooks. Never reaches a private or reserved network
 * that the operator has not allowed, and follows no redirect.
 */
export interface Outbound {
  /** Why this URL may not be called, as a phrase that follows its name; undefined if it may. */
  refusalOf(url: string): string | undefined
  /** Throws `OutboundError`. */
  send(request: OutboundRequest): Promise<OutboundAnswer>
  /** Ends connections that are kept open. */
  close(): void
}

/**
 * The SHA-256 of a text as UTF-8, in base64url without padding. A port, because it is called for every event
 * and for every keyed write.
 */
export type TextHash = (text: string) => string

/**
 * One line per event, as JSON, without secrets. `info` must cost next to nothing: it is called for every
 * request.
 */
export interface Log {
  info(line: Readonly<Record<string, unknown>>): void
  warn(line: Readonly<Record<string, unknown>>): void
  error(line: Readonly<Record<string, unknown>>): void
}
