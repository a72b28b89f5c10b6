import { call, headersOf } from './api.ts'
import { type Bench, median, type Subject, send, spread } from './measure.ts'
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

const portion = new Uint8Array(1024 * 1024)

/** The most memory the service takes above what it has when idle, while it receives a file of so many MiB and hands it out again. */
export async function largeFile({ server, world }: Subject, mebibytes: number): Promise<Finding> {
  const idle = server.usage().memory
  let peak = idle
  const watching = setInterval(() => {
    peak = Math.max(peak, server.usage().memory)
  }, 20)
  try {
    const to = `file_type=100&to_type=2&to_id=${world.middle.group_id}`
    const place = await call<{ readonly upload_url: string; readonly download_url: string }>(
      server.url,
      world,
      1,
      `/file/upload/chat?${to}`,
    )
    let left = mebibytes
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(portion)
        else controller.close()
      },
    })
    const stored = await fetch(place.upload_url, { method: 'PUT', body, duplex: 'half' } as RequestInit)
    if (!stored.ok) throw new Error(`the upload of ${mebibytes} MiB failed: ${await stored.text()}`)
    const file = await fetch(place.download_url, { headers: await headersOf(world, 1) })
    let bytes = 0
    for await (const chunk of file.body ?? []) bytes += chunk.byteLength
    if (bytes !== mebibytes * portion.length) throw new Error(`of ${mebibytes} MiB, ${bytes} bytes came back`)
  } finally {
    clearInterval(watching)
  }
  return {
    name: `memory above idle, ${mebibytes} MiB up and down`,
    shown: `${megabytes(peak - idle)} MB`,
    values: { idle, peak },
    verdict: judged({ atMost: 150 }, (peak - idle) / 1e6, ' MB'),
  }
}
