import { shortened } from '../file-name.ts'

/*
 * The headers that keep hostile bytes harmless
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

/** Code points. In percent they are up to 2 400 bytes: proxies take 4 096 for all headers. */
const longestName = 200

/**
 * RFC 6266: the name twice, in ASCII and, for all who know it, as it is (RFC 8187). Whatever is in the name, it is
 * one header.
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
