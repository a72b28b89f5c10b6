import { failure } from '../../http/respond.ts'

/** A rate-limit binding of Workers. */
export interface RateLimitLike {
  limit(options: { key: string }): Promise<{ readonly success: boolean }>
}

/**
 * The answer 429 for a caller over the platform's limit. Without the binding RATE_LIMITER there is no limit.
 * Calls are counted by token, because a token belongs to one caller.
 */
export async function overLimit(
  limiter: RateLimitLike | undefined,
  { headers, url }: Request,
): Promise<Response | undefined> {
  if (limiter === undefined) return undefined
  // The signature identifies the token. Without the rest of the token nobody can use it.
  const token =
    headers.get('access-token') ??
    new URL(url).searchParams.get('access-token') ??
    /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  const key = token?.slice(-43) ?? headers.get('cf-connecting-ip') ?? ''
  if ((await limiter.limit({ key })).success) return undefined
  return new Response(failure(429, 'too many requests of this caller: try again'), {
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '10', 'access-control-allow-origin': '*' },
  })
}
