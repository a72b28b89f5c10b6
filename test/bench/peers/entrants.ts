import { execFileSync } from 'node:child_process'
import type { Request } from 'autocannon'
import { allRight, median, type Sample, sampleOf } from '../measure.ts'
import type { LoadProcess, Server } from '../processes.ts'
import type { Entrant } from '../side-by-side.ts'

const connections = 32

/**
 * A server that gets so many small requests a round, over connections that are kept. `request` makes the n-th
 * one; no n comes twice, so each write changes something.
 */
export function requests(
  name: string,
  server: Server,
  load: LoadProcess,
  {
    count,
    answer,
    request,
  }: { readonly count: number; readonly answer: string; request(n: number): Request },
): Entrant {
  let next = 0
  return {
    name,
    async round(part) {
      const size = Math.max(connections * 2, Math.round(count * part))
      const list = Array.from({ length: size }, () => request(next++))
      return sampleOf(server, size, async () => {
        const loaded = await load.run({ url: server.url, requests: list, answer, count: size, connections })
        allRight(loaded, name)
        return loaded
      })
    },
  }
}

/** Pieces of work that take long: `unitsOfEach` is what the sample counts, `once` does the n-th of them. */
export interface Pieces {
  readonly count: number
  readonly atOnce: number
  readonly unitsOfEach: number
  once(n: number): Promise<unknown>
  /** Clears away what that left, when the round is over. */
  clear?(n: number): void
}

/** A server that gets so many pieces of work a round. No n comes twice. */
export function pieces(
  name: string,
  server: Server,
  { count, atOnce, unitsOfEach, once, clear }: Pieces,
): Entrant {
  let next = 0
  return {
    name,
    async round(part): Promise<Sample> {
      // What others have written and not synced must not be written to the disk meanwhile.
      execFileSync('sync')
      const size = Math.max(1, Math.round(count * part))
      const first = next
      const end = first + size
      const sample = await sampleOf(server, size * unitsOfEach, async () => {
        const taken: number[] = []
        const begun = performance.now()
        const client = async () => {
          while (next < end) {
            const n = next++
            const from = performance.now()
            await once(n)
            taken.push(performance.now() - from)
          }
        }
        await Promise.all(Array.from({ length: Math.min(atOnce, size) }, client))
        const seconds = (performance.now() - begun) / 1000
        const sorted = taken.sort((a, b) => a - b)
        const p99 = sorted[Math.min(size - 1, Math.floor(size * 0.99))] ?? Number.NaN
        return { seconds, p50: median(sorted), p99 }
      })
      for (let n = first; n < end; n++) clear?.(n)
      return sample
    },
  }
}
