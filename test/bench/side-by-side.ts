import { median, middle, type Sample, type Spread, spread } from './measure.ts'
import { short } from './rows.ts'
import { spreadOf, table, two, verdicts } from './table.ts'
import type { Verdict } from './verdict.ts'

/** One that takes part in a contest. */
export interface Entrant {
  readonly name: string
  /** Does a round of the work, or so much of one; throws if anything fails. */
  round(part: number): Promise<Sample>
}

/** The same work, done by several in turn. */
export interface Contest {
  readonly name: string
  /** What a sample counts. */
  readonly unit: 'request' | 'MB' | 'picture'
  readonly subject: Entrant
  readonly against: readonly Entrant[]
  readonly targets: readonly ContestTarget[]
}

/** Of the subject to one other: `speed` at least so much, or CPU time at most so much. */
export interface ContestTarget {
  readonly to: string
  readonly speedAtLeast?: number
  readonly cpuAtMost?: number
}

interface Against {
  readonly name: string
  readonly sample: Sample
  /** Of the subject to it, over the rounds: more is better. */
  readonly speed: Spread
  /** CPU time of the subject to its own, over the rounds: less is better. */
  readonly cpu: Spread
}

export interface Compared {
  readonly name: string
  readonly unit: Contest['unit']
  readonly subject: { readonly name: string; readonly sample: Sample }
  readonly against: readonly Against[]
  readonly targets: readonly Verdict[]
}

/** All in turn, so that they see the same weather; before that a part of a round of each, to warm up. */
export async function compare(contest: Contest, rounds: number, warmUp: number): Promise<Compared> {
  const { name, unit, subject, against } = contest
  const entrants = [subject, ...against]
  const samples = new Map<Entrant, Sample[]>(entrants.map(entrant => [entrant, []]))
  for (const entrant of entrants) await entrant.round(warmUp)
  for (let round = 0; round < rounds; round++)
    for (const entrant of entrants) samples.get(entrant)?.push(await entrant.round(1))
  const own = samples.get(subject) ?? []
  const others = against.map(entrant => {
    const its = samples.get(entrant) ?? []
    const ratios = (of: (own: Sample, its: Sample) => number) =>
      spread(own.map((sample, round) => of(sample, its[round] as Sample)))
    return {
      name: entrant.name,
      sample: middle(its),
      speed: ratios((a, b) => a.perSecond / b.perSecond),
      cpu: ratios((a, b) => b.perCpuSecond / a.perCpuSecond),
    }
  })
  return {
    name,
    unit,
    subject: { name: subject.name, sample: middle(own) },
    against: others,
    targets: contest.targets.flatMap(target => judged(target, others)),
  }
}

function judged({ to, speedAtLeast, cpuAtMost }: ContestTarget, against: readonly Against[]): Verdict[] {
  const other = against.find(({ name }) => name === to)
  if (other === undefined) return []
  return [
    ...(speedAtLeast === undefined
      ? []
      : [{ what: `speed ≥ ${speedAtLeast} of ${to}`, pass: other.speed.median >= speedAtLeast }]),
    ...(cpuAtMost === undefined
      ? []
      : [{ what: `CPU time ≤ ${cpuAtMost} of ${to}`, pass: other.cpu.median <= cpuAtMost }]),
  ]
}

const columns = [
  'work',
  'by',
  'per second',
  'p50 ms',
  'p99 ms',
  'CPU µs',
  'speed to it',
  'CPU to it: min',
  'median',
  'max',
  'targets',
] as const

/** A line for each that took part. The ratios are the subject's to the one of that line. */
export const sideBySide = (list: readonly Compared[]): string =>
  table(columns, list.flatMap(linesOf), new Set([0, 1, 10]))

const linesOf = ({ name, unit, subject, against, targets }: Compared): string[][] => [
  [unit === 'request' ? name : `${name}, ${unit}`, ...cellsOf(subject), '', '', '', '', verdicts(targets)],
  ...against.map(other => ['', ...cellsOf(other), two(other.speed.median), ...spreadOf(other.cpu), '']),
]

const cellsOf = ({ name, sample }: { readonly name: string; readonly sample: Sample }): string[] => [
  name,
  sample.perSecond < 100 ? two(sample.perSecond) : short(Math.round(sample.perSecond)),
  two(sample.p50),
  two(sample.p99),
  short(Math.round(1e6 / sample.perCpuSecond)),
]

/** Of the CPU time that the subjects wanted, how much others had. */
export const waitedBy = (list: readonly Compared[]): number =>
  median(list.map(({ subject }) => subject.sample.waited))
