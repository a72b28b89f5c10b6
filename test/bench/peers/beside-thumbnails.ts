import { headersOf } from '../api.ts'
import type { Finding } from '../endurance.ts'
import { median } from '../measure.ts'
import { judged } from '../verdict.ts'
import { workNamed } from '../work.ts'
import type { Cohort } from './cohort.ts'
import { download } from './transfer.ts'

/** Each asks again so many milliseconds after its answer: some hundred requests a second in all. */
const clients = 4
const pauseMs = 5

/** How long `info` takes while so many different pictures are asked for at the same moment. */
export async function besideThumbnails(
  { subject, freshThumbnails }: Cohort,
  count: number,
): Promise<Finding> {
  const { server, world } = subject
  const urls = await freshThumbnails(count)
  const infoWhile = async (isOn: () => boolean): Promise<number[]> => {
    const taken: number[] = []
    const client = async (_: unknown, lane: number) => {
      for (let n = lane; isOn(); n += clients) {
        const { path, user } = workNamed('info').request(n, world)
        const headers = await headersOf(world, user)
        const begun = performance.now()
        await download(server.url + path, headers)
        taken.push(performance.now() - begun)
        await new Promise(resolve => setTimeout(resolve, pauseMs))
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    return taken.sort((a, b) => a - b)
  }
  const percentile99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN

  const quietUntil = performance.now() + 3_000
  const alone = await infoWhile(() => performance.now() < quietUntil)
  const begun = performance.now()
  let asked = count
  // Of many users: each may only wait for some dozens.
  const making = urls.map(async (url, i) => {
    await download(url, await headersOf(world, 1 + (i % world.callers)))
    asked--
  })
  const beside = await infoWhile(() => asked > 0)
  await Promise.all(making)
  const seconds = (performance.now() - begun) / 1000
  const [p99, p99Alone] = [percentile99(beside), percentile99(alone)]
  const times = `p50 ${median(beside).toFixed(1)} ms, p99 ${p99.toFixed(1)}, of ${beside.length}`
  return {
    name: `info beside ${count} pictures of 12 MP asked for at once, p99`,
    shown: `${times}; alone ${p99Alone.toFixed(1)}; all were made in ${seconds.toFixed(1)} s`,
    values: { p50: median(beside), p99, p99Alone, requests: beside.length, seconds },
    verdict: judged({ atMost: 20 }, p99, ' ms'),
  }
}
