import { failure } from '../../http/respond.ts'

/** A rate-limit binding of Workers. */
export interface RateLimitLike {
  limit(options: { key: string }): Promise<{ readonly success: boolean }>
}

/**
 * The 429 for a caller over the platform's limit, where one is bound as RATE_LIMITER. Counted by token, which
 * is one caller's.
 */
export async function overLimit(
  limiter: RateLimitLike | undefined,
  { headers }: Request,
): Promise<Response | undefined> {
  if (limiter === undefined) return undefined
  // The signature tells tokens apart, and is of no use to anybody without the rest.
  const key = headers.get('access-token')?.slice(-43) ?? headers.get('cf-connecting-ip') ?? ''
  if ((await limiter.limit({ key })).success) return undefined
  return new Response(failure(429, 'too many requests of this caller: try again'), {
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '10', 'access-control-allow-origin': '*' },
  })
}
