import { sign, verify } from '../operation/sign.ts'
import type { App } from '../tenant/app.ts'

/*
 * The URL at which a scanner reads a file that nobody else may see yet. It names the object and its tag, is
 * signed, and expires.
 */

export const scanPath = '/file/scan/object'

/** How long a scanner may read a file, milliseconds. */
const lifeMs = 5 * 60_000

export interface ScanTicket {
  readonly object_name: string
  readonly size: number
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export function scanUrl(
  app: App,
  baseUrl: string,
  { object_name, size, etag }: Omit<ScanTicket, 'expiresAt'>,
  now: number,
): string {
  const text = `${object_name}~${size}~${encodeURIComponent(etag)}~${now + lifeMs}`
  const ticket = `${text}~${sign(app, 'scan', text)}`
  return `${baseUrl}${scanPath}?ticket=${encodeURIComponent(ticket)}`
}

/** The app that a ticket claims to belong to. That app's key then tells whether the claim is true. */
export const appIdOfTicket = (ticket: string): string => ticket.slice(0, ticket.indexOf('/'))

/** What the ticket says, or undefined if this app has not signed it. */
export function readTicket(app: App, ticket: string): ScanTicket | undefined {
  const [, text, object_name, size, etag, expiresAt, signature] =
    /^(([\w/.-]{1,512})~(\d{1,16})~([\w.%-]{1,512})~(\d{1,16}))~([\w.-]{1,128})$/.exec(ticket) ?? []
  if (
    text === undefined ||
    object_name === undefined ||
    etag === undefined ||
    signature === undefined ||
    !verify(app, 'scan', text, signature)
  )
    return undefined
  return { object_name, size: Number(size), etag: decodeURIComponent(etag), expiresAt: Number(expiresAt) }
}
