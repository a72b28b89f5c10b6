import ipaddr from 'ipaddr.js'

/** The address alone, as proxies write it: `203.0.113.7` of `203.0.113.7:4711`, `2001:db8::1` of `[2001:db8::1]:443`. */
export function hostOf(text: string): string {
  const [, bracketed] = /^\[([^\]]*)\]/.exec(text) ?? []
  if (bracketed !== undefined) return bracketed
  const [, beforePort] = /^([^:]+):\d+$/.exec(text) ?? []
  return beforePort ?? text
}

/**
 * What one customer of a network provider has: an IPv4 address, or a whole IPv6 /64, whose addresses it changes
 * as it likes. Anything that is no address stands for itself.
 */
export function networkOf(address: string): string {
  const host = hostOf(address)
  if (!ipaddr.isValid(host)) return host
  // An IPv4 address that is spelled as an IPv6 one is the same.
  const parsed = ipaddr.process(host)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  const [a, b, c, d] = parsed.parts.map(part => part.toString(16))
  return `${a}:${b}:${c}:${d}::/64`
}
