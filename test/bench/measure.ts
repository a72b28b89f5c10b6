import type { Loaded } from './load.ts'
import type { LoadProcess, Server } from './processes.ts'
import type { Row, Side } from './rows.ts'
import { workNamed } from './work.ts'
import type { World } from './world.ts'

/** A server to measure and what is in it. */
export interface Subject {
  readonly server: Server
  readonly world: World
}

export interface Sample {
  readonly perSecond: number
  /**
   * Requests per second of the server's own CPU time: neither the load process nor other processes take part
   * in it.
   */
  readonly perCpuSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Of the time the server wanted a CPU, how much others had it: 0 on a machine of its own. */
  readonly waited: number
}

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export interface Measured {
  readonly row: Row
  readonly a: Sample
  readonly b: Sample
  /** Of A to B, over the rounds: see `Measure`. */
  readonly ratio: Spread
  readonly cpuRatio: Spread
  /** Of A's server when the row was done, bytes. */
  readonly memory: number
}

export interface Bench {
  readonly load: LoadProcess
  readonly subjects: ReadonlyMap<Side['server'], Subject>
  readonly rounds: number
  /**
   * How much of each work item's number of requests a round has, and how much of that the round before the
   * first.
   */
  readonly portion: number
  readonly warmUp: number
}

/** Requests made so far of a work item at a server, so that no write is sent twice. */
const used = new Map<string, number>()

/** Sends one round. Throws if any answer is not a success. */
export async function send({ load, subjects, portion }: Bench, side: Side, part = 1): Promise<Sample> {
  const subject = subjects.get(side.server)
  if (subject === undefined) throw new Error(`there is no ${side.server}`)
  const { server, world } = subject
  const work = workNamed(side.work)
  const count = Math.max(side.connections * 2, Math.round((side.count ?? work.count) * portion * part))
  const key = `${side.server}${side.path} ${side.work}`
  const start = used.get(key) ?? 0
  used.set(key, start + count)
  const url = server.url + side.path
  return sampleOf(server, count, async () => {
    const loaded = await load.run({
      world,
      work: side.work,
      url,
      start,
      count,
      connections: side.connections,
    })
    allRight(loaded, `${side.work} at ${url}`)
    return loaded
  })
}

/** What a server does and takes while `work` lets it do so many units. */
export async function sampleOf(
  server: Server,
  units: number,
  work: () => Promise<Pick<Loaded, 'seconds' | 'p50' | 'p99'>>,
): Promise<Sample> {
  const before = server.usage()
  const { seconds, p50, p99 } = await work()
  const after = server.usage()
  const cpu = after.cpu - before.cpu
  const waited = after.waited - before.waited
  return { perSecond: units / seconds, perCpuSecond: units / cpu, p50, p99, waited: waited / (waited + cpu) }
}

/** Throws if any answer is not a success. */
export function allRight({ wrong }: Loaded, what: string): void {
  if (wrong.length === 0) return
  const list = wrong.slice(0, 5).map(([text, times]) => `  ${times} × ${text}`)
  throw new Error(`${what}: not every answer was a success:\n${list.join('\n')}`)
}

/** A and B in turn, so that both see the same weather; one round of each before, to warm up. */
export async function measure(bench: Bench, row: Row): Promise<Measured> {
  const { a, b } = row
  await send(bench, a, bench.warmUp)
  await send(bench, b, bench.warmUp)
  const samples: { readonly a: Sample; readonly b: Sample }[] = []
  for (let round = 0; round < bench.rounds; round++)
    samples.push({ a: await send(bench, a), b: await send(bench, b) })
  const ratios = (of: (sample: Sample) => number) =>
    spread(
      samples.map(sample =>
        row.measure === 'cost' ? of(sample.b) / of(sample.a) : of(sample.a) / of(sample.b),
      ),
    )
  return {
    row,
    a: middle(samples.map(sample => sample.a)),
    b: middle(samples.map(sample => sample.b)),
    ratio: ratios(row.measure === 'latency' ? ({ p50 }) => p50 : ({ perSecond }) => perSecond),
    cpuRatio: ratios(({ perCpuSecond }) => perCpuSecond),
    memory: bench.subjects.get(a.server)?.server.usage().memory ?? Number.NaN,
  }
}

export const middle = (samples: readonly Sample[]): Sample => ({
  perSecond: median(samples.map(({ perSecond }) => perSecond)),
  perCpuSecond: median(samples.map(({ perCpuSecond }) => perCpuSecond)),
  p50: median(samples.map(({ p50 }) => p50)),
  p99: median(samples.map(({ p99 }) => p99)),
  waited: median(samples.map(({ waited }) => waited)),
})

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((x, y) => x - y)
  const half = sorted.length >> 1
  const [below = Number.NaN, above = Number.NaN] = [
    sorted[sorted.length % 2 === 1 ? half : half - 1],
    sorted[half],
  ]
  return (below + above) / 2
}

export const spread = (numbers: readonly number[]): Spread => ({
  min: Math.min(...numbers),
  median: median(numbers),
  max: Math.max(...numbers),
})
