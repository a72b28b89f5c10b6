/** Where clamd listens: on a port, or on a socket in the file system. */
export type ClamdAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** The virus scanner that SCAN names. */
export type ScannerAddress =
  | { readonly is: 'clamd'; readonly at: ClamdAddress }
  | { readonly is: 'webhook'; readonly url: string }

const clamdPort = 3310

/** Reads SCAN; undefined if it is none of the three forms. */
export function scannerAddress(text: string): ScannerAddress | undefined {
  const [, path] = /^(?:clamd:\/\/|unix:(?:\/\/)?)?(\/[^\u0000]+)$/.exec(text) ?? []
  if (path !== undefined) return { is: 'clamd', at: { path } }
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, pathname } = new URL(text)
  if (protocol === 'https:' || protocol === 'http:') return { is: 'webhook', url: text }
  if (protocol !== 'clamd:' || hostname === '' || pathname.length > 1) return undefined
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { is: 'clamd', at: { host, port: port === '' ? clamdPort : Number(port) } }
}
