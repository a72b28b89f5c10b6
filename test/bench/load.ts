import autocannon, { type Request } from 'autocannon'
import { signToken } from '../support/client.ts'
import { type Call, type WorkName, workNamed } from './work.ts'
import type { World } from './world.ts'

/*
 * The process that makes the load: autocannon, in a process of its own so that it shares no event loop with
 * whoever directs it, kept for the whole run so that it is warm. It takes jobs as messages and answers each
 * with what it measured.
 */

export interface Job {
  readonly world: World
  readonly work: WorkName
  /** `http://host:port`, and with the yardstick the first part of the path. */
  readonly url: string
  /** Number of the first request. */
  readonly start: number
  readonly count: number
  readonly connections: number
}

export interface Loaded {
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** What went wrong, with how often; empty when every answer was a success. */
  readonly wrong: readonly (readonly [text: string, times: number])[]
}

const tokens = new Map<string, Promise<string>>()
function tokenOf({ app_id, secret }: World, user: number): Promise<string> {
  const key = `${secret} ${user}`
  let token = tokens.get(key)
  if (token === undefined) {
    token = signToken(secret, { app: app_id, role: 1, sub: String(user) })
    tokens.set(key, token)
  }
  return token
}

async function requestOf(call: Call, world: World, path: string): Promise<Request> {
  const headers = {
    app_id: world.app_id,
    'access-token': await tokenOf(world, call.user),
    ...(call.key !== undefined && { 'idempotency-key': call.key }),
  }
  if (call.body === undefined) return { method: call.method, path: path + call.path, headers }
  return {
    method: call.method,
    path: path + call.path,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(call.body),
  }
}

async function run({ world, work: name, url, start, count, connections }: Job): Promise<Loaded> {
  const work = workNamed(name)
  const { origin, pathname } = new URL(url)
  const path = pathname === '/' ? '' : pathname
  const requests: Request[][] = Array.from({ length: connections }, () => [])
  for (let n = 0; n < count; n++)
    requests[n % connections]?.push(await requestOf(work.request(start + n, world), world, path))

  const wrong = new Map<string, number>()
  const note = (text: string, times = 1) =>
    void (times > 0 && wrong.set(text, (wrong.get(text) ?? 0) + times))
  const latencies = new Float64Array(count)
  let answered = 0
  let timed = 0
  let started = 0
  let ended = 0
  let client = 0
  const running = autocannon({
    url: origin,
    connections,
    amount: count,
    sampleInt: 100,
    timeout: 60,
    setupClient: it => it.setRequests(requests[client++] ?? []),
    verifyBody(body) {
      const right =
        work.bytes === true
          ? body.length > 0
          : body.startsWith('{"code":200,') && !body.includes('"result":"fail"')
      if (!right) note(body.slice(0, 120))
      return right
    },
  })
  running.on('start', () => {
    started = performance.now()
  })
  running.on('response', (_client: unknown, _status: number, _bytes: number, ms: number) => {
    // The first of each connection waited until all connections were set up.
    if (answered++ >= connections) latencies[timed++] = ms
    ended = performance.now()
  })
  const result = await running
  note('connection failed', result.errors)
  note('HTTP status other than 2xx', result.non2xx)
  note('not answered', count - answered)
  const sorted = latencies.subarray(0, timed).sort()
  const percentile = (p: number) => sorted[Math.min(timed - 1, Math.floor(timed * p))] ?? Number.NaN
  return { seconds: (ended - started) / 1000, p50: percentile(0.5), p99: percentile(0.99), wrong: [...wrong] }
}

process.on('message', (job: Job) => {
  run(job).then(
    loaded => process.send?.(loaded),
    error => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    },
  )
})
