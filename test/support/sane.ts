import { expect } from 'vitest'
import type { Answer } from './client.ts'

/** Anything that tells how the service is made: stack frames, SQL, paths, names of modules. */
const leaks =
  /\n\s+at |\bat [\w.<>]+ \(|SQLITE|sqlite|\bSELECT\b|\bINSERT\b|\bUPDATE \w|constraint|D1_ERROR|\.[jt]s:\d|node_modules|\/(?:home|root|tmp|work|src|dist|var)\/|[A-Z]:\\|ZodError|TypeError|SyntaxError|RangeError|undefined|\[object/

/** Whatever was sent: an envelope, no fault of the service's own, and nothing of its inside. */
export function expectSane(answer: Answer, sent: unknown): void {
  const { status, code, message, data } = answer
  const shown = { sent: short(sent), status, code, message }
  expect(status, JSON.stringify(shown)).toBeLessThan(500)
  expect(Object.keys(answer.body), JSON.stringify(shown)).toEqual(
    expect.arrayContaining(['code', 'data', 'message']),
  )
  expect(answer.headers.get('x-request-id'), JSON.stringify(shown)).toMatch(/\S/)
  if (code === 200) {
    expect(shown).toMatchObject({ status: 200, message: null })
    return
  }
  expect({ ...shown, data }).toMatchObject({ data: null, message: expect.stringMatching(/\w/) })
  expect(status === 200 || status === code, JSON.stringify(shown)).toBe(true)
  expect(message).not.toMatch(leaks)
}

/** A value as it can be shown. */
export const short = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 200)

/** Runs so many at a time: a service is not to be measured here, only asked. */
export async function inChunks<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
  size = 32,
): Promise<void> {
  for (let i = 0; i < items.length; i += size) {
    // All of them to their end, so that none of a test that has failed fails the next one.
    const ended = await Promise.allSettled(items.slice(i, i + size).map(run))
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  }
}
