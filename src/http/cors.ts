const allowedHeaders =
  'app_id, app-id, access-token, user_id, user-id, group_id, group-id, authorization, content-type, x-request-id, x-cohort-bookmark, idempotency-key, prefer, last-event-id, range, if-none-match, if-range'

/**
 * The value of Access-Control-Allow-Origin: any origin, or the request's own origin if it is on the list.
 * Credentials are not allowed, because tokens travel in headers.
 */
export function corsOrigin(origins: '*' | readonly string[], request: Request): string {
  if (origins === '*') return '*'
  const origin = request.headers.get('origin') ?? ''
  return origins.includes(origin) ? origin : (origins[0] ?? 'null')
}

/** The headers of the answer to a preflight, for a path with these methods. */
export const preflight = (methods: string): Record<string, string> => ({
  'access-control-allow-methods': methods,
  'access-control-allow-headers': allowedHeaders,
  'access-control-max-age': '86400',
  vary: 'Origin',
})

/** The value of an Allow header. */
export const allowed = (methods: readonly string[]): string =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
