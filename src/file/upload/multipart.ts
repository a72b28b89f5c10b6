import type { Chunk, ChunkSource } from '../../http/gathered.ts'
import type { Bytes } from '../../platform.ts'
import { DelimiterSearch } from './delimiter.ts'

/*
 * Reads the one field `file` of a multipart/form-data body, chunk by chunk (RFC 7578). Everything before the
 * field is skipped. Memory and work stay bounded, whatever is sent and however it is cut: one chunk and the
 * headers of one part are kept, and every byte is looked at once. Libraries do not fit: busboy and its
 * descendants need Node's streams, and @remix-run/multipart-parser and @mjackson's hold a whole part in
 * memory.
 */

/** The body is not valid multipart/form-data. The message is for the caller. */
export class MalformedMultipart extends Error {
  override readonly name = 'MalformedMultipart'
}

const longestHeaders = 16 * 1024
const mostBeforeFile = 1024 * 1024

/**
 * The boundary of a multipart content type; undefined for another type. Throws `MalformedMultipart` if a
 * multipart type has no boundary.
 */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined
  const [, quoted, bare] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70})(?=[\s;]|$))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  // A client that wrote the type by hand: what it sends is no file.
  if (boundary === undefined)
    throw new MalformedMultipart('the content-type of the form has no boundary of 1 to 70 characters')
  return boundary
}

export interface FileField {
  readonly body: ChunkSource
  /** As it was sent; '' if there was none. */
  readonly filename: string
}

/**
 * The field `file`: its bytes and its file name. Throws `MalformedMultipart`, either at once or while the
 * bytes are read.
 */
export async function fileField(body: ChunkSource, boundary: string): Promise<FileField> {
  const delimiter = bytesOf(`\r\n--${boundary}`)
  const source = new Source(body, delimiter)
  await source.skipPart(mostBeforeFile)
  for (let passed = 0; ; ) {
    const headers = await source.headers()
    if (headers === undefined) throw new MalformedMultipart('the form has no field named file')
    if (/^content-disposition:\s*form-data\b[^\n]*[;\s]name="?file"?\s*(;|\r?$)/im.test(headers))
      return { body: source.part(), filename: filenameIn(headers) }
    // Delimiters count too, because a body may consist of endless parts without headers and content.
    passed += headers.length + delimiter.byteLength + (await source.skipPart(mostBeforeFile - passed))
    if (passed > mostBeforeFile) throw new MalformedMultipart('the form has too much before its field file')
  }
}

/**
 * The file name in the headers of a part. It is `filename="…"` in UTF-8, where browsers percent-encode quotes
 * and line breaks (RFC 7578, section 4.2, and the HTML standard). Other clients send `filename*` (RFC 8187).
 */
function filenameIn(headers: string): string {
  const [line = ''] = /^content-disposition:[^\n]*/im.exec(headers) ?? []
  const [, extended] = /;\s*filename\*=UTF-8'[^']*'([^;\s]*)/i.exec(line) ?? []
  const [, quoted, bare] = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/i.exec(line) ?? []
  if (extended === undefined) {
    // Only a quote is escaped by a backslash. Other backslashes stay, because a Windows path may be sent.
    const plain = quoted?.replace(/\\"/g, '"') ?? bare ?? ''
    return plain.replace(/%22/g, '"').replace(/%0[AD]/gi, ' ')
  }
  try {
    return decodeURIComponent(extended)
  } catch {
    return quoted ?? bare ?? ''
  }
}

class Source {
  private readonly body: ChunkSource
  private readonly delimiter: DelimiterSearch
  private readonly emptyLine = new DelimiterSearch(bytesOf('\r\n\r\n'))
  /** The bytes of a part's headers that have arrived so far. */
  private readonly kept = new Uint8Array(longestHeaders)
  private chunk: Bytes
  /** How many bytes of the chunk have been used. */
  private used = 0

  constructor(body: ChunkSource, delimiter: Bytes) {
    this.body = body
    this.delimiter = new DelimiterSearch(delimiter)
    // Before the first delimiter there is no line break. So one is put there.
    this.chunk = bytesOf('\r\n')
  }

  /** Reads the next chunk if all of this one has been used. */
  private async fill(): Promise<void> {
    while (this.used === this.chunk.byteLength) {
      const { done, value } = await this.body.read()
      if (done) throw new MalformedMultipart('the form ends before it is complete')
      this.chunk = value
      this.used = 0
    }
  }

  /**
   * Reads the headers of a part and skips the empty line that ends them. undefined after the closing
   * delimiter (`--`).
   */
  async headers(): Promise<string | undefined> {
    const { emptyLine, kept } = this
    let length = 0
    for (let found = false; !found; ) {
      await this.fill()
      const { end: behind } = emptyLine.next(this.chunk, this.used)
      found = behind >= 0
      const taken = this.chunk.subarray(this.used, found ? behind : this.chunk.byteLength)
      this.used += taken.byteLength
      if (length + taken.byteLength > longestHeaders)
        throw new MalformedMultipart('the form has headers that are too long')
      kept.set(taken, length)
      length += taken.byteLength
      if (length >= 2 && kept[0] === dash && kept[1] === dash) return undefined
    }
    return new TextDecoder().decode(kept.subarray(0, length - emptyLine.mark.byteLength))
  }

  /** Skips everything up to the end of the delimiter. Answers how many bytes came before the delimiter. */
  async skipPart(most: number): Promise<number> {
    for (let skipped = 0; ; ) {
      await this.fill()
      const { end, begun, to } = this.delimiter.next(this.chunk, this.used)
      skipped += begun + to - this.used
      this.used = end < 0 ? this.chunk.byteLength : end
      if (end >= 0) return skipped
      if (skipped > most) throw new MalformedMultipart('the form has too much before its field file')
    }
  }

  /** The bytes before the delimiter. What follows the delimiter is never read. */
  part(): ChunkSource {
    const { body, delimiter } = this
    const ready: Bytes[] = []
    let ended = false
    return {
      read: async (): Promise<Chunk> => {
        while (ready.length === 0 && !ended) {
          await this.fill()
          const { end, begun, to } = delimiter.next(this.chunk, this.used)
          const settled = this.chunk.subarray(this.used, to)
          this.used = end < 0 ? this.chunk.byteLength : end
          if (begun > 0) ready.push(delimiter.mark.slice(0, begun))
          if (settled.byteLength > 0) ready.push(settled)
          ended = end >= 0
          if (ended) await body.cancel()
        }
        const value = ready.shift()
        return value === undefined ? { done: true } : { done: false, value }
      },
      cancel: reason => body.cancel(reason),
    }
  }
}

const dash = 0x2d
const bytesOf = (text: string) => new TextEncoder().encode(text)
