import ipaddr from 'ipaddr.js'

/**
 * The address without a port, as proxies write it: `203.0.113.7` of `203.0.113.7:4711`, `2001:db8::1` of
 * `[2001:db8::1]:443`.
 */
export function hostOf(text: string): string {
  const [, bracketed] = /^\[([^\]]*)\]/.exec(text) ?? []
  if (bracketed !== undefined) return bracketed
  const [, beforePort] = /^([^:]+):\d+$/.exec(text) ?? []
  return beforePort ?? text
}

/**
 * The part of an address that belongs to one customer of a network provider. This is the whole IPv4 address,
 * or the /64 network of an IPv6 address, in which a customer changes addresses at will. A text that is not an
 * address is answered unchanged.
 */
export function networkOf(address: string): string {
  const host = hostOf(address)
  if (!ipaddr.isValid(host)) return host
  // An IPv4 address that is written as an IPv6 address is the same address.
  const parsed = ipaddr.process(host)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  const [a, b, c, d] = parsed.parts.map(part => part.toString(16))
  return `${a}:${b}:${c}:${d}::/64`
}
