import { type Bench, median, type Spread, send, spread } from './measure.ts'
import { startService } from './node.ts'
import type { Side } from './rows.ts'

/** Resident memory after each of so many equal portions of mixed work, bytes, on a service that has just started. */
export async function memoryOver(bench: Bench, portions: number): Promise<number[]> {
  const side: Side = { server: 'service', path: '', work: 'mixed', connections: 32 }
  const after: number[] = []
  for (let i = 0; i < portions; i++) {
    await send(bench, side)
    after.push(bench.subjects.get('service')?.server.usage().memory ?? Number.NaN)
  }
  return after
}

/** How much more memory the second half took than the first: 1 is flat. */
export const growthOf = (memory: readonly number[]): number => {
  const half = memory.length >> 1
  return median(memory.slice(half)) / median(memory.slice(0, half))
}

/** From the command to the first answer, milliseconds. */
export async function startTimes(command: readonly string[], folder: string, times: number): Promise<Spread> {
  const taken: number[] = []
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    const server = await startService(command, folder)
    await (await fetch(`${server.url}/healthz`)).text()
    taken.push(performance.now() - begun)
    await server.stop()
  }
  return spread(taken)
}
