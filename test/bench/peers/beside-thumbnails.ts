import { headersOf } from '../api.ts'
import type { Finding } from '../endurance.ts'
import { median } from '../measure.ts'
import type { LoadProcess } from '../processes.ts'
import { judged } from '../verdict.ts'
import type { Cohort } from './cohort.ts'
import { download } from './transfer.ts'

const connections = 4

/** How long `info` takes while so many different pictures are asked for at the same moment. */
export async function besideThumbnails(cohort: Cohort, load: LoadProcess, count: number): Promise<Finding> {
  const { server, world } = cohort.subject
  const urls = await cohort.freshThumbnails(count)
  const info = async (start: number) => {
    const requests = 200
    const round = { world, work: 'info', url: server.url, start, count: requests, connections } as const
    return (await load.run(round)).p99
  }
  const alone = [await info(0), await info(200)]
  let made = 0
  const begun = performance.now()
  const making = Promise.all(
    urls.map(async (url, i) => {
      // Of many users: each may only wait for some dozens.
      await download(url, await headersOf(world, 1 + (i % world.callers)))
      made++
    }),
  )
  const beside: number[] = []
  for (let round = 2; made < count; round++) {
    const p99 = await Promise.race([info(round * 200), making.then(() => Number.NaN)])
    if (!Number.isNaN(p99)) beside.push(p99)
  }
  await making
  const seconds = (performance.now() - begun) / 1000
  const p99 = median(beside)
  return {
    name: `info beside ${count} pictures of 12 MP asked for at once, p99`,
    shown: `${p99.toFixed(1)} ms, alone ${median(alone).toFixed(1)} ms; all were made in ${seconds.toFixed(1)} s`,
    values: { p99, alone, seconds },
    verdict: judged({ atMost: 20 }, p99, ' ms'),
  }
}
