import type { Measured } from './measure.ts'
import type { Target } from './rows.ts'

/** Milliseconds, with 32 clients. */
const slowestWrite = 15
/** Times p50. */
const slowestRead = 4

export interface Verdict {
  readonly what: string
  readonly pass: boolean
}

/** The targets of a row, each with whether it is met. Not a number never passes. */
export function verdictsOf({ row, a, ratio }: Measured): Verdict[] {
  const { atLeast, atMost } = row.target
  return [
    ...(atLeast === undefined ? [] : [judged({ atLeast }, ratio.median)]),
    ...(atMost === undefined ? [] : [judged({ atMost }, ratio.median)]),
    ...(row.p99 === 'read'
      ? [{ what: `p99 < ${slowestRead} × p50`, pass: a.p99 < slowestRead * a.p50 }]
      : []),
    ...(row.p99 === 'write' ? [{ what: `p99 < ${slowestWrite} ms`, pass: a.p99 < slowestWrite }] : []),
  ]
}

export function judged({ atLeast, atMost }: Target, value: number, unit = ''): Verdict {
  if (atLeast !== undefined) return { what: `≥ ${atLeast}${unit}`, pass: value >= atLeast }
  return { what: `≤ ${atMost}${unit}`, pass: value <= (atMost ?? 0) }
}
