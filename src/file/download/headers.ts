import type { ByteRange } from '../../platform.ts'

/*
 * HTTP semantics of a download: one range, validators, and the headers that keep hostile bytes harmless
 * (docs/file-security.md).
 */

/** Of a file that anybody may have uploaded: what a browser may do with it is to show it, or save it. */
export const hostileHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  // Pages of other origins embed pictures and play voice.
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
}

/** The one who may read it may keep it for ever: an object never changes. */
export const keepForEver = 'private, max-age=31536000, immutable'

/** RFC 6266 with the extended form of RFC 5987: whatever is in the name, it is one header. */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replace(/[^\w.() -]/g, '_').slice(0, 100)
  const encoded = encodeURIComponent(
    name.replace(/[\u0000-\u001f\u007f\p{Surrogate}]/gu, '_').slice(0, 200),
  ).replace(/['()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`
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

/** Whether If-None-Match names this version (RFC 9110, section 13.1.2). */
export function notModified(headers: Headers, etag: string): boolean {
  const sent = headers.get('if-none-match')
  return (
    sent !== null &&
    (sent.trim() === '*' || sent.split(',').some(tag => tag.trim().replace(/^W\//, '') === `"${etag}"`))
  )
}
