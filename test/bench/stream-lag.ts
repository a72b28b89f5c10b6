import { Agent, request } from 'node:http'
import { createParser } from 'eventsource-parser'
import { signToken } from '../support/client.ts'
import { answerTo, headersOf } from './api.ts'
import type { Finding } from './endurance.ts'
import { median, type Subject } from './measure.ts'
import { judged } from './verdict.ts'
import { workNamed } from './work.ts'

const clients = 8

const administratorOf = async ({ app_id, secret }: Subject['world']) => ({
  app_id,
  'access-token': await signToken(secret, { app: app_id, role: 2 }),
})

/** From the answer of a change, which is then on disk, to its frame at a reader of the stream: p99. */
export async function streamLag({ server, world }: Subject, changes: number): Promise<Finding> {
  const ended = new AbortController()
  const response = await fetch(`${server.url}/events/stream?kinds=group.member.joined`, {
    headers: await administratorOf(world),
    signal: ended.signal,
  })
  const told = new Map<number, number>()
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'hello') return
      const at = performance.now()
      for (const user of (JSON.parse(data) as { users: number[] }).users) told.set(user, at)
    },
  })
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      parser.feed(decoder.decode(chunk, { stream: true }))
  })().catch(() => {})
  const answered = new Map<number, number>()
  let next = 0
  const work = workNamed('invite')
  const client = async () => {
    for (let n = next++; n < changes; n = next++) {
      // Beyond those that the rows before have used.
      const { path, user, body } = work.request(5_000_000 + n, world)
      const headers = { ...(await headersOf(world, user)), 'content-type': 'application/json' }
      const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      const at = performance.now()
      await answer.text()
      for (const invited of (body as { user_list: number[] }).user_list) answered.set(invited, at)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const deadline = performance.now() + 10_000
  while (told.size < answered.size && performance.now() < deadline)
    await new Promise(resolve => setTimeout(resolve, 10))
  ended.abort()
  await reading
  const lags = [...answered]
    .map(([user, at]) => Math.max(0, (told.get(user) ?? Number.NaN) - at))
    .sort((a, b) => a - b)
  const p99 = lags[Math.floor(lags.length * 0.99)] ?? Number.NaN
  return {
    name: 'events: lag of a stream, from the answer of the change to its frame',
    shown: `p50 ${median(lags).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${told.size} of ${answered.size} told`,
    values: { p50: median(lags), p99, told: told.size, changes: answered.size },
    verdict: judged({ atMost: 20 }, told.size === answered.size ? p99 : Number.NaN, ' ms'),
  }
}

/** A page of 500 events, one client. */
export async function eventsPage({ server, world }: Subject, times: number): Promise<Finding> {
  const headers = await administratorOf(world)
  const agent = new Agent({ keepAlive: true })
  const page = `${server.url}/events?after=earliest&limit=500`
  const taken: number[] = []
  let bytes = 0
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    const text = await answerTo(request(page, { agent, headers }))
    taken.push(performance.now() - begun)
    bytes = text.length
  }
  agent.destroy()
  return {
    name: 'events: a page of 500, one client',
    shown: `median ${median(taken).toFixed(2)} ms, ${bytes} characters`,
    values: { median: median(taken), bytes },
    verdict: judged({ atMost: 2 }, median(taken), ' ms'),
  }
}
