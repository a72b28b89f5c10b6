import { type Bench, median, send, spread } from './measure.ts'
import { startService } from './node.ts'
import { short } from './rows.ts'
import { megabytes } from './table.ts'
import { judged, type Verdict } from './verdict.ts'

/** Something measured that is not a comparison of two. */
export interface Finding {
  readonly name: string
  /** For the table, and as numbers. */
  readonly shown: string
  readonly values: Readonly<Record<string, number | readonly number[]>>
  readonly verdict: Verdict
}

/** Resident memory after each of so many portions of mixed work, on a service that has just started: does it keep growing? */
export async function memoryOver(bench: Bench, portions: number, requests: number): Promise<Finding> {
  const bytes: number[] = []
  for (let i = 0; i < portions; i++) {
    await send(bench, { server: 'service', path: '', work: 'mixed', connections: 32, count: requests / bench.portion })
    bytes.push(bench.subjects.get('service')?.server.usage().memory ?? Number.NaN)
  }
  // The heap and SQLite's cache take their size first; then it must stay.
  const third = Math.floor(portions / 3)
  const growth = median(bytes.slice(-third)) / median(bytes.slice(third, -third))
  return {
    name: `memory over ${short(portions * requests)} requests: last third to middle`,
    shown: `${growth.toFixed(2)}: ${bytes.map(megabytes).join(' ')} MB`,
    values: { bytes, growth },
    verdict: judged({ atMost: 1.1 }, growth),
  }
}

/** From the command to the first answer, milliseconds. */
export async function startTimes(command: readonly string[], folder: string, groups: number, times: number): Promise<Finding> {
  const taken: number[] = []
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    const server = await startService(command, folder)
    await (await fetch(`${server.url}/healthz`)).text()
    taken.push(performance.now() - begun)
    await server.stop()
  }
  const { min, median, max } = spread(taken)
  return {
    name: `start with ${short(groups)} groups: min, median, max`,
    shown: `${[min, median, max].map(ms => ms.toFixed(0)).join(' ')} ms`,
    values: { min, median, max },
    verdict: judged({ atMost: 500 }, median, ' ms'),
  }
}
