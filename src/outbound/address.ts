import ipaddr from 'ipaddr.js'

/*
 * Apps name URLs to which this service sends requests. Such a request must not reach an inner network
 * (docs/webhooks.md). The check uses the address to which the connection is really made, so it is no use to
 * let a name resolve to another address after the check.
 */

/** What the operator allows besides the public internet, by `WEBHOOK_ALLOW` and `WEBHOOK_ALLOW_HTTP`. */
export interface OutboundRules {
  /** Networks that may be reached although they are not public. */
  readonly allowedNetworks: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[]
  /** Whether plain http may be used, to any address that may be reached. */
  readonly allowHttp: boolean
}

/** Parses a list such as `10.0.0.0/8,fd00::/8`. Throws an error that names the wrong part. */
export function networksIn(text: string): OutboundRules['allowedNetworks'] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => {
      const network = part.includes('/') ? part : `${part}/${part.includes(':') ? 128 : 32}`
      if (!ipaddr.isValidCIDR(network)) throw new Error(`${part} is no network such as 10.0.0.0/8`)
      return ipaddr.parseCIDR(network)
    })
}

/**
 * Whether a connection to this address may be made: it is a public address (global unicast), or in an allowed
 * network. An IPv4 address inside an IPv6 address is judged as the IPv4 address. 6to4, Teredo and NAT64 are
 * not public.
 */
export function mayReach(address: string, { allowedNetworks }: OutboundRules): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (
    allowedNetworks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))
  ) {
    return true
  }
  return parsed.range() === 'unicast'
}

const allowedPorts = (port: number): boolean => port === 443 || port === 8443 || port >= 1024

/**
 * Why a URL may not be called, or undefined if it may. It checks the form, and the address if the URL has one
 * instead of a name. Addresses of names are checked at each connection.
 */
export function refusalOfUrl(text: string, rules: OutboundRules): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL'
  const { protocol, hostname, port, username, password } = new URL(text)
  if (protocol !== 'https:' && !(protocol === 'http:' && rules.allowHttp)) return 'must begin with https://'
  if (username !== '' || password !== '') return 'must have no user name or password'
  const effective = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  if (!allowedPorts(effective) && !(rules.allowHttp && effective === 80)) {
    return 'must use port 443, 8443, or one from 1024 on'
  }
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  if (ipaddr.isValid(literal)) {
    return mayReach(literal, rules) ? undefined : 'must not point into a private or reserved network'
  }
  if (
    /^localhost\.?$|\.(localhost|local|internal)\.?$/i.test(hostname) &&
    rules.allowedNetworks.length === 0
  ) {
    return 'must not point into a private or reserved network'
  }
  return undefined
}
