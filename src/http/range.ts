import type { ByteRange, SentBody } from '../platform.ts'

/** Bytes to answer. They have this size, and never change while they have this ETag. */
export interface Sendable {
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
  /**
   * Opens the bytes, or a range of them; undefined if they are gone. It is called only if a body is answered.
   */
  open(range: ByteRange | undefined): Promise<SentBody | undefined>
}

/**
 * The range that a request asks for (RFC 9110, section 14): undefined for the whole (no range, several,
 * another unit, or an If-Range that does not match), 'unsatisfiable' for 416.
 */
export function rangeOf(
  headers: Headers,
  size: number,
  etag: string,
): ByteRange | 'unsatisfiable' | undefined {
  const condition = headers.get('if-range')
  if (condition !== null && condition !== `"${etag}"`) return undefined
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get('range') ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

/**
 * Adds to the headers how long the range is, or all of the `size` bytes, and which range. Answers the length.
 */
export function describePart(
  headers: Record<string, string>,
  size: number,
  range: ByteRange | undefined,
): number {
  const length = range === undefined ? size : range.end - range.start + 1
  headers['content-length'] = String(length)
  if (range !== undefined) headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`
  return length
}

/** Whether If-None-Match names this version (RFC 9110, section 13.1.2). */
export function notModified(headers: Headers, etag: string): boolean {
  const sent = headers.get('if-none-match')
  return (
    sent !== null &&
    (sent.trim() === '*' || sent.split(',').some(tag => tag.trim().replace(/^W\//, '') === `"${etag}"`))
  )
}
