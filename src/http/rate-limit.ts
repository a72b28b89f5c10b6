import { LRUCache } from 'lru-cache'
import { HttpError } from '../operation/errors.ts'
import type { Clock } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { networkOf } from './address.ts'

/** How many seconds' worth of requests may come in one burst. */
const burst = 5
/** How many wrong tokens one address may send: 60 at once, then one a second. */
const failedTokens = { perSecond: 1, capacity: 60 }
const mostBuckets = 100_000

interface Bucket {
  tokens: number
  at: number
}

export interface RateLimiter {
  /**
   * Counts a request of this user. null: an administrator, whom only the app's limit binds. Throws 429 when a
   * limit is reached.
   */
  take(app: App, user_id: number | null): void
  /**
   * Counts what a request cost beyond itself, in requests: many ids, many bytes, a conversion. Never throws,
   * but the next requests have to wait for it.
   */
  charge(app: App, user_id: number | null, cost: number): void
  /**
   * Counts a wrong token from this address. Throws 429 after too many. Only senders of wrong tokens have to
   * wait: this is never called for a valid token.
   */
  countWrongToken(address: string): void
}

/**
 * Token buckets in memory: one per user, one per app, and one per address for wrong tokens. The defaults are
 * generous. An app can set its own limits.
 */
export function rateLimiter(clock: Clock): RateLimiter {
  // The least recently used bucket is dropped first, so a busy user never gets a fresh bucket.
  // Not `max`, which takes the memory for all buckets at once: 9 ms of every start.
  const buckets = new LRUCache<string, Bucket>({ maxSize: mostBuckets, sizeCalculation: () => 1 })

  const bucketOf = (key: string, perSecond: number, capacity: number): Bucket => {
    const now = clock()
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: capacity, at: now }
      buckets.set(key, bucket)
      return bucket
    }
    bucket.tokens = Math.min(capacity, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    return bucket
  }

  const take = (key: string, perSecond: number, what: string): void => {
    if (perSecond === 0) return
    const bucket = bucketOf(key, perSecond, perSecond * burst)
    if (bucket.tokens < 1) throw tooMany(what, perSecond * burst, (1 - bucket.tokens) / perSecond)
    bucket.tokens--
  }

  const charge = (key: string, perSecond: number, cost: number): void => {
    if (perSecond === 0) return
    const capacity = perSecond * burst
    const bucket = bucketOf(key, perSecond, capacity)
    // Nobody has to wait longer than it takes to fill a whole bucket.
    bucket.tokens = Math.max(-capacity, bucket.tokens - cost)
  }

  return {
    charge(app, user_id, cost) {
      const { rate_user_per_second, rate_app_per_second } = app.settings
      if (user_id !== null) charge(`u ${app.app_id} ${user_id}`, rate_user_per_second, cost)
      charge(`a ${app.app_id}`, rate_app_per_second, cost)
    },
    take(app, user_id) {
      const { rate_user_per_second, rate_app_per_second } = app.settings
      if (user_id !== null) take(`u ${app.app_id} ${user_id}`, rate_user_per_second, 'this user')
      take(`a ${app.app_id}`, rate_app_per_second, 'this app')
    },
    countWrongToken(address) {
      if (address === '') return
      const { perSecond, capacity } = failedTokens
      const bucket = bucketOf(`f ${networkOf(address)}`, perSecond, capacity)
      if (bucket.tokens < 1)
        throw tooMany('this address, with tokens that are wrong', capacity, 1 - bucket.tokens)
      bucket.tokens--
    },
  }
}

function tooMany(what: string, limit: number, seconds: number): HttpError {
  const wait = String(Math.max(1, Math.ceil(seconds)))
  return new HttpError(429, `too many requests of ${what}: try again in ${wait} s`, {
    'retry-after': wait,
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': '0',
    'ratelimit-reset': wait,
  })
}
