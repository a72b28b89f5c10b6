const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** How long to wait after each failed attempt, milliseconds: ten attempts within about four days. */
const delays = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
] as const

export const maxAttempts = delays.length + 1
/** How long a receiver may ask to be left alone by Retry-After. */
const maxRetryAfterMs = hour
/** A webhook without one success for so long is disabled. */
export const maxFailingMs = 5 * 24 * hour

/**
 * When to try again after so many attempts, milliseconds from now: as the schedule says, give or take a fifth, so
 * that many do not come at once; undefined after the last attempt.
 */
export function delayAfter(attempts: number, random: () => number = Math.random): number | undefined {
  const delay = delays[attempts - 1]
  return delay === undefined ? undefined : Math.round(delay * (0.8 + 0.4 * random()))
}

/** How long a receiver asks to be left alone (RFC 9110, section 10.2.3), milliseconds; undefined if it does not. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const wait = /^\d{1,9}$/.test(header) ? Number(header) * second : Date.parse(header) - now
  return Number.isNaN(wait) ? undefined : Math.min(maxRetryAfterMs, Math.max(second, wait))
}
