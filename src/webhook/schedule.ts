const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** How long to wait after each failed attempt, milliseconds. Ten attempts take about four days. */
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
/** The longest wait that a receiver can ask for by Retry-After, milliseconds. */
const maxRetryAfterMs = hour
/** A webhook that fails for so long without one success is disabled, milliseconds. */
export const maxFailingMs = 5 * 24 * hour

/**
 * How long to wait after so many attempts, milliseconds: the time in the schedule, up to a fifth more or
 * less. The random part spreads the retries of many webhooks. Undefined after the last attempt.
 */
export function delayAfter(attempts: number, random: () => number = Math.random): number | undefined {
  const delay = delays[attempts - 1]
  return delay === undefined ? undefined : Math.round(delay * (0.8 + 0.4 * random()))
}

/**
 * The wait that a Retry-After header asks for (RFC 9110, section 10.2.3), milliseconds; undefined if there is
 * none.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const wait = /^\d{1,9}$/.test(header) ? Number(header) * second : Date.parse(header) - now
  return Number.isNaN(wait) ? undefined : Math.min(maxRetryAfterMs, Math.max(second, wait))
}
