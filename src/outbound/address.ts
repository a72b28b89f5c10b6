import ipaddr from 'ipaddr.js'

/*
 * Where this service may send requests that a tenant asked for: nobody's inner network (docs/webhooks.md). An
 * address is judged as the very address that a connection is made to, so a name that answers differently the
 * second time gains nothing.
 */

/** What the operator allows beyond the public internet: `WEBHOOK_ALLOW` and `WEBHOOK_ALLOW_HTTP`. */
export interface OutboundRules {
  /** Networks that may be reached although they are not public. */
  readonly allowedNetworks: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[]
  /** Whether plain http may be used, to any address that may be reached. */
  readonly allowHttp: boolean
}

/** Reads `10.0.0.0/8,fd00::/8`. Throws with the part that is no network. */
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
 * Whether a connection to this address may be made: it is global unicast, or in a network that is allowed. An
 * IPv4 address inside an IPv6 one is judged as what it is; 6to4, Teredo and NAT64 are not global unicast.
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
 * Why a URL may not be called, or undefined if it may. Judges the form, and a literal address: that one passes
 * name resolution by. Names are judged again at each connection.
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
