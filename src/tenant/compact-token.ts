/** base64url without padding, whose last character has no bits that mean nothing (RFC 4648, section 3.5). */
const canonical = /^(?:[\w-]{4})*(?:[\w-]{2}[AEIMQUYcgkosw048]|[\w-][AQgw])?$/

/**
 * Whether a token is spelled as its signer spelled it. Decoders also take white space, padding, the other
 * alphabet of base64 and bits that mean nothing: a signature could be written in many ways, each an entry of
 * its own in the cache of verified tokens.
 */
export function isCompactToken(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every(part => part !== '' && canonical.test(part))
}
