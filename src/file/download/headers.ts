import { shortened } from '../file-name.ts'

/* Headers that keep hostile bytes harmless (docs/file-security.md). */

/** For a file that anybody may have uploaded: a browser may only show it or save it. */
export const hostileHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  // Pages of other origins embed pictures and play voice.
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
}

/** The browser of a caller who may read the file may keep it for ever, because an object never changes. */
export const keepForEver = 'private, max-age=31536000, immutable'

/**
 * Code points. Percent-encoded they take up to 2 400 bytes, and proxies allow 4 096 for all headers together.
 */
const longestName = 200

/**
 * The name twice (RFC 6266): once in ASCII, and once in full for clients that know RFC 8187. No name can
 * break out of this one header.
 */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replace(/[^\w.() -]/g, '_').slice(0, 100)
  const whole = name.replace(/[\u0000-\u001f\u007f\p{Surrogate}]/gu, '_')
  const encoded = encodeURIComponent(shortened(whole, longestName)).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`
}
