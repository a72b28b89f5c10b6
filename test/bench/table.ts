import type { Finding } from './endurance.ts'
import type { Measured, Spread } from './measure.ts'
import { short } from './rows.ts'
import { type Verdict, verdictsOf } from './verdict.ts'

const columns = [
  'work',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'memory MB',
  'against',
  'its p99',
  'min',
  'median',
  'max',
  'by CPU time',
  'targets',
] as const

/** A table with aligned columns: those of `words` to the left. */
export function table(
  header: readonly string[],
  lines: readonly (readonly string[])[],
  words: ReadonlySet<number>,
): string {
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map(line => line[i]?.length ?? 0)))
  const format = (line: readonly string[]) =>
    line
      .map((cell, i) => (words.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${[format(header), widths.map(width => '─'.repeat(width)).join('  '), ...lines.map(format)].join('\n')}\n`
}

export const comparisons = (measured: readonly Measured[]): string =>
  table(columns, measured.map(cellsOf), new Set([0, 5, 11]))

export const two = (n: number): string => (Number.isNaN(n) ? '?' : n.toFixed(2))
export const megabytes = (bytes: number): string => (Number.isNaN(bytes) ? '?' : (bytes / 1e6).toFixed(0))
export const spreadOf = ({ min, median, max }: Spread): string[] => [two(min), two(median), two(max)]

const cellsOf = (measured: Measured): string[] => {
  const { row, a, b, ratio, cpuRatio, memory } = measured
  return [
    row.name,
    short(Math.round(a.perSecond)),
    two(a.p50),
    two(a.p99),
    megabytes(memory),
    row.against,
    two(b.p99),
    ...spreadOf(ratio),
    row.measure === 'latency' ? '' : two(cpuRatio.median),
    verdicts(verdictsOf(measured)),
  ]
}

export const findings = (list: readonly Finding[]): string =>
  table(
    ['what', 'measured', 'targets'],
    list.map(({ name, shown, verdict }) => [name, shown, verdicts([verdict])]),
    new Set([0, 1, 2]),
  )

export const verdicts = (list: readonly Verdict[]): string =>
  list.map(({ what, pass }) => `${pass ? 'pass' : 'FAIL'} ${what}`).join(', ')
