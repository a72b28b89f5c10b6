import { JsonText } from '../db/json-rows.ts'
import type { Page } from '../operation/operation.ts'

/** Headers of every answer. An answer's own headers replace these. */
export const baseHeaders = (requestId: string, origin: string): Record<string, string> => ({
  'content-type': 'application/json',
  'x-request-id': requestId,
  'access-control-allow-origin': origin,
  'access-control-expose-headers':
    'x-request-id, x-cohort-bookmark, idempotent-replayed, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  ...(origin !== '*' && { vary: 'Origin' }),
})

/** The envelope of a success (docs/behaviour.md, section 1). */
export function success(data: unknown, page: Page | undefined): string {
  const body = `{"code":200,"data":${data instanceof JsonText ? data.text : JSON.stringify(data)},"message":null`
  if (page === undefined) return `${body}}`
  const cursor = `${body},"cursor":${JSON.stringify(page.cursor)}`
  return page.total === undefined
    ? `${cursor}}`
    : `${cursor},"total":${page.total},"version":${page.version}}`
}

/** The envelope of an error: `code` is one of ours, or the HTTP status. */
export const failure = (code: number, message: string): string =>
  `{"code":${code},"data":null,"message":${JSON.stringify(message)}}`

/** The caller's own request id if it is well-formed; otherwise a new one. */
export function requestIdOf(sent: string | null): string {
  if (sent !== null && /^[\w.:-]{1,128}$/.test(sent)) return sent
  counter++
  prefix ??= crypto.randomUUID().slice(0, 8)
  return `${prefix}-${counter.toString(36)}`
}

// Made at the first request and not at import, because Workers have no randomness outside of requests.
let prefix: string | undefined
let counter = 0
