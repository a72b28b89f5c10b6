/** base64url without padding. The unused bits of the last character must be zero (RFC 4648, section 3.5). */
const canonical = /^(?:[\w-]{4})*(?:[\w-]{2}[AEIMQUYcgkosw048]|[\w-][AQgw])?$/

/**
 * Whether a token has the only spelling that its signer can have used. Decoders also accept white space,
 * padding, the other alphabet of base64 and unused bits. So one token could be spelled in many ways, and each
 * would be another entry in the cache of verified tokens.
 */
export function isCompactToken(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every(part => part !== '' && canonical.test(part))
}
