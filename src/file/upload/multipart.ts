import type { ByteStream } from '../../platform.ts'

/*
 * The one field `file` of a multipart/form-data body, as a stream (RFC 7578). Everything before it is passed
 * over, and memory stays bounded whatever is sent: what is kept is never more than a chunk and the longest
 * allowed header block.
 */

/** The body is not what it says it is. The message is for the caller. */
export class MalformedMultipart extends Error {
  override readonly name = 'MalformedMultipart'
}

const longestHeaders = 16 * 1024
const mostBeforeFile = 1024 * 1024

/**
 * The boundary of a multipart content type, or undefined if it is another type. Throws `MalformedMultipart`
 * if it has none.
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

/** The bytes of the field `file`. Throws `MalformedMultipart`, at once or while they are read. */
export async function fileField(body: ByteStream, boundary: string): Promise<ByteStream> {
  const source = new Source(body.getReader())
  const delimiter = bytesOf(`\r\n--${boundary}`)
  // The first delimiter stands without the line break before it: put one there.
  source.unshift(bytesOf('\r\n'))
  await source.skipTo(delimiter, mostBeforeFile)
  for (let passed = 0; ; ) {
    const headers = await source.line(bytesOf('\r\n\r\n'), longestHeaders)
    if (headers.startsWith('--')) throw new MalformedMultipart('the form has no field named file')
    if (/^content-disposition:\s*form-data\b[^\n]*[;\s]name="?file"?\s*(;|\r?$)/im.test(headers))
      return source.until(delimiter)
    // Delimiters count too: parts without headers and content are endless as well.
    passed +=
      headers.length + delimiter.byteLength + (await source.skipTo(delimiter, mostBeforeFile - passed))
    if (passed > mostBeforeFile) throw new MalformedMultipart('the form has too much before its field file')
  }
}

class Source {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  private held: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  constructor(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>) {
    this.reader = reader
  }

  unshift(bytes: Uint8Array<ArrayBuffer>): void {
    this.held = joined(bytes, this.held)
  }

  /** Reads one more chunk behind what is held. */
  private async more(): Promise<void> {
    const { done, value } = await this.reader.read()
    if (done) throw new MalformedMultipart('the form ends before it is complete')
    this.held = this.held.byteLength === 0 ? value : joined(this.held, value)
  }

  /**
   * Text up to `end`, which is consumed. A closing delimiter (`--`) has no headers and is answered as it is.
   */
  async line(end: Uint8Array, most: number): Promise<string> {
    for (;;) {
      const at = indexOf(this.held, end)
      const closes = this.held.byteLength >= 2 && this.held[0] === dash && this.held[1] === dash
      if (closes) return '--'
      if (at > most || (at < 0 && this.held.byteLength > most))
        throw new MalformedMultipart('the form has headers that are too long')
      if (at >= 0) {
        const text = new TextDecoder().decode(this.held.subarray(0, at))
        this.held = this.held.subarray(at + end.byteLength)
        return text
      }
      await this.more()
    }
  }

  /** Passes over everything up to and with `mark`; answers how many bytes that was. */
  async skipTo(mark: Uint8Array, most: number): Promise<number> {
    let skipped = 0
    for (;;) {
      const at = indexOf(this.held, mark)
      if (at >= 0) {
        this.held = this.held.subarray(at + mark.byteLength)
        return skipped + at
      }
      const settled = Math.max(0, this.held.byteLength - mark.byteLength + 1)
      skipped += settled
      if (skipped > most) throw new MalformedMultipart('the form has too much before its field file')
      this.held = this.held.subarray(settled)
      await this.more()
    }
  }

  /** A stream of what comes before `mark`; what follows it is never read. */
  until(mark: Uint8Array): ByteStream {
    let ended = false
    return new ReadableStream({
      pull: async controller => {
        while (!ended) {
          const at = indexOf(this.held, mark)
          // The last bytes may be the beginning of the mark: they wait for the next chunk.
          const settled = at >= 0 ? at : Math.max(0, this.held.byteLength - mark.byteLength + 1)
          ended = at >= 0
          if (settled > 0) {
            controller.enqueue(this.held.slice(0, settled))
            this.held = this.held.subarray(settled)
            if (!ended) return
          } else if (!ended) await this.more()
        }
        controller.close()
        await this.reader.cancel()
      },
      cancel: reason => this.reader.cancel(reason),
    })
  }
}

const dash = 0x2d
const bytesOf = (text: string) => new TextEncoder().encode(text)

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength)
  both.set(a)
  both.set(b, a.byteLength)
  return both
}

/**
 * Where `mark` begins in `bytes`, or -1. Its first byte is a carriage return, which is rare enough in files
 * to jump from one to the next.
 */
function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  const first = mark[0] as number
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + mark.byteLength > bytes.byteLength) return -1
    let i = 1
    while (i < mark.byteLength && bytes[at + i] === mark[i]) i++
    if (i === mark.byteLength) return at
  }
  return -1
}
