import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { answerTo, call, headersOf } from './api.ts'
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

/**
 * Resident memory after each of so many portions of mixed work, on a service that has just started: does it
 * keep growing?
 */
export async function memoryOver(bench: Bench, portions: number, requests: number): Promise<Finding> {
  const bytes: number[] = []
  for (let i = 0; i < portions; i++) {
    await send(bench, {
      server: 'service',
      path: '',
      work: 'mixed',
      connections: 32,
      count: requests / bench.portion,
    })
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
export async function startTimes(
  command: readonly string[],
  folder: string,
  groups: number,
  times: number,
): Promise<Finding> {
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

/**
 * The most memory the service takes above what it has when idle, while it receives a file of so many MiB and
 * hands it out again.
 */
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

/**
 * How long one invites while so many others upload a MiB each, over and over: files must not hold up the log.
 * The uploaders send by `node:http`, which takes a third of the CPU time of `fetch`: those of real life are
 * on machines of their own.
 */
export async function besideUploads(bench: Bench, uploaders: number): Promise<Finding> {
  const { server, world } = bench.subjects.get('service') as Subject
  const invite = { server: 'service', path: '', work: 'invite', connections: 32 } as const
  const agent = new Agent({ keepAlive: true })
  let uploading = true
  let stored = 0
  const upload = async (user: number): Promise<void> => {
    const headers = await headersOf(world, user)
    const slot = `${server.url}/file/upload/chat?file_type=100&to_type=1&to_id=${user}`
    while (uploading) {
      const place = JSON.parse(await answerTo(request(slot, { agent, headers })))
      await answerTo(request(place.data.upload_url, { agent, method: 'PUT' }), portion)
      stored++
    }
  }
  const alone: number[] = []
  const beside: number[] = []
  for (let round = 0; round < bench.rounds; round++) {
    alone.push((await send(bench, invite)).p99)
    uploading = true
    const uploads = Promise.all(Array.from({ length: uploaders }, (_, i) => upload(i + 1)))
    beside.push((await send(bench, invite)).p99)
    uploading = false
    await uploads
  }
  agent.destroy()
  const ratio = median(beside) / median(alone)
  const [p99, p99Alone] = [median(beside).toFixed(1), median(alone).toFixed(1)]
  return {
    name: `invite one beside ${uploaders} uploads, p99 to alone`,
    shown: `${ratio.toFixed(2)}: ${p99} to ${p99Alone} ms, ${stored} MiB stored`,
    values: { alone, beside, ratio },
    verdict: judged({ atMost: 3 }, ratio),
  }
}

/**
 * What so many clients cost that have connected and keep their connection, and how long others wait for
 * `info` meanwhile.
 */
export async function idleConnections(bench: Bench, count: number): Promise<Finding> {
  const { server } = bench.subjects.get('service') as Subject
  const { hostname, port } = new URL(server.url)
  const info = { server: 'service', path: '', work: 'info', connections: 32 } as const
  const alone = await send(bench, info)
  const before = server.usage().memory
  const sockets: Socket[] = []
  // Each has asked once: a connection that never says anything is closed by the service after a while.
  const join = async () => {
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    await once(socket, 'connect')
    socket.write(`GET /healthz HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
    await once(socket, 'data')
  }
  while (sockets.length < count)
    await Promise.all(Array.from({ length: Math.min(100, count - sockets.length) }, join))
  const memory = server.usage().memory - before
  const crowded = await send(bench, info)
  const open = sockets.filter(socket => !socket.destroyed && !socket.readableEnded).length
  for (const socket of sockets) socket.destroy()
  if (open < count) throw new Error(`of ${count} idle connections, ${open} were left`)
  const cost = alone.perSecond / crowded.perSecond
  return {
    name: `info beside ${short(count)} idle connections, to without`,
    shown: `${cost.toFixed(2)} × the time; ${megabytes(memory)} MB more; p99 ${crowded.p99.toFixed(1)} ms`,
    values: { memory, alone: alone.perSecond, crowded: crowded.perSecond, p99: crowded.p99 },
    verdict: judged({ atMost: 1.5 }, cost),
  }
}
