import autocannon, { type Request } from 'autocannon'
import { signToken } from '../support/client.ts'
import { type Call, type WorkName, workNamed } from './work.ts'
import type { World } from './world.ts'

/*
 * The process that makes the load: autocannon, in a process of its own so that it shares no event loop with
 * whoever directs it, kept for the whole run so that it is warm. It takes jobs as messages and answers each
 * with what it measured.
 */

interface Round {
  /** `http://host:port`, and with the yardstick the first part of the path. */
  readonly url: string
  readonly count: number
  readonly connections: number
}

/** Requests of a work item of the service. */
export interface WorkJob extends Round {
  readonly world: World
  readonly work: WorkName
  /** Number of the first request. */
  readonly start: number
}

/** Requests that are given; if there are fewer than `count`, they are sent again. For servers of others. */
export interface RequestsJob extends Round {
  readonly requests: readonly Request[]
  /** What the body of each answer begins with. */
  readonly answer: string
}

export type Job = WorkJob | RequestsJob

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

interface Planned {
  request(n: number): Promise<Request> | Request
  isRight(body: string): boolean
}

function planOf(job: Job): Planned {
  if ('requests' in job) {
    const { requests, answer } = job
    return {
      request: n => requests[n % requests.length] as Request,
      isRight: body => body.startsWith(answer),
    }
  }
  const { world, start, url } = job
  const work = workNamed(job.work)
  const { pathname } = new URL(url)
  const path = pathname === '/' ? '' : pathname
  return {
    request: n => requestOf(work.request(start + n, world), world, path),
    isRight: body =>
      work.bytes === true
        ? body.length > 0
        : body.startsWith('{"code":200,') && !body.includes('"result":"fail"'),
  }
}

async function run(job: Job): Promise<Loaded> {
  const { url, count, connections } = job
  const plan = planOf(job)
  const requests: Request[][] = Array.from({ length: connections }, () => [])
  for (let n = 0; n < count; n++) requests[n % connections]?.push(await plan.request(n))

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
    url: new URL(url).origin,
    connections,
    amount: count,
    sampleInt: 100,
    timeout: 60,
    setupClient: it => it.setRequests(requests[client++] ?? []),
    verifyBody(body) {
      const right = plan.isRight(body)
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
