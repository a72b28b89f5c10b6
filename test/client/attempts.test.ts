import { createServer, type IncomingMessage, type Server, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Cohort, CohortError } from '../../src/client/client.ts'
import { newUsers, signToken } from '../support/client.ts'
import { commandTarget } from '../support/command-target.ts'
import type { Instance } from '../support/target.ts'

type Fault = { readonly status: number; readonly headers?: Record<string, string> } | 'cut' | 'lost answer'

/** A bad line to the service: for each call that it has a fault for, the fault; the rest goes through. */
async function startBadLine(service: Instance) {
  const faults: Fault[] = []
  const calls: IncomingMessage[] = []
  const server: Server = createServer((incoming, outgoing) => {
    calls.push(incoming)
    const fault = faults.shift()
    if (fault === 'cut') return void incoming.socket.destroy()
    if (fault !== undefined && fault !== 'lost answer') {
      outgoing.writeHead(fault.status, fault.headers)
      return void outgoing.end('<h1>A proxy says no</h1>')
    }
    const { method, headers, url } = incoming
    const on = send(new URL(url ?? '/', service.url), { method, headers }, answer => {
      if (fault === 'lost answer') return void incoming.socket.destroy()
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(on)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    calls,
    close: () => new Promise(resolve => server.close(resolve).closeAllConnections()),
  }
}

describe('the client on a bad line', () => {
  let service: Instance
  let line: Awaited<ReturnType<typeof startBadLine>>
  let anna: Cohort
  beforeAll(async () => {
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start()
  })
  beforeEach(async () => {
    line = await startBadLine(service)
    const [id = 0] = newUsers(1)
    const token = await signToken(service.secret, { app: service.app_id, role: 1, sub: String(id) })
    anna = new Cohort({ url: line.url, app: service.app_id, token })
  })
  afterEach(() => line.close())
  afterAll(() => service.stop())

  const keysOf = () => line.calls.map(({ headers }) => headers['idempotency-key'])

  it.each<Fault>(['cut', { status: 503 }, { status: 429, headers: { 'retry-after': '0' } }])(
    'tries again after %o',
    async fault => {
      line.faults.push(fault, fault)
      expect(await anna.group.create({ name: 'Lasting' })).toMatchObject({ name: 'Lasting' })
      expect(line.calls.length).toBe(3)
    },
  )

  it('sends the same Idempotency-Key with every attempt of a write, and another with the next', async () => {
    line.faults.push('cut', { status: 503 })
    await anna.group.create({ name: 'One' })
    await anna.group.create({ name: 'Two' })
    const [first, second, third, next] = keysOf()
    expect(first).toMatch(/^[\w-]{16,}$/)
    expect([second, third]).toEqual([first, first])
    expect(next).not.toBe(first)
    line.calls.length = 0
    await anna.group.create({ name: 'Three' }, { idempotencyKey: 'my-own' })
    await anna.group.joined()
    expect(keysOf()).toEqual(['my-own', undefined])
  })

  it('gives up after three more attempts, and says what happened', async () => {
    line.faults.push({ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 })
    const error = await anna.group.joined().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CohortError)
    expect(error).toMatchObject({ status: 503, code: 503, retryable: true, reason: undefined })
    expect(line.calls.length).toBe(4)
  })

  it('waits as long as the service asks, and no longer than a minute', async () => {
    line.faults.push({ status: 429, headers: { 'retry-after': '3600' } })
    const error = await anna.group.joined().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 429, retryable: true })
    expect(line.calls.length).toBe(1)
  })

  it.each([400, 404, 413, 500])('does not try again what is answered %i', async status => {
    line.faults.push({ status })
    await expect(anna.group.joined()).rejects.toMatchObject({ status, code: status, retryable: false })
    expect(line.calls.length).toBe(1)
  })

  it('stops waiting when the signal says so', async () => {
    line.faults.push({ status: 503, headers: { 'retry-after': '30' } })
    const controller = new AbortController()
    const pending = anna.group.joined({}, { signal: controller.signal }).catch((reason: unknown) => reason)
    while (line.calls.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    controller.abort(new Error('gone home'))
    expect(await pending).toMatchObject({ message: 'gone home' })
  })

  it('acts as whom it is told to', async () => {
    const token = await signToken(service.secret, { app: service.app_id, role: 2 })
    const [user_id = 0] = newUsers(1)
    const server = new Cohort({ url: line.url, app: service.app_id, token, as: { user_id } })
    const { group_id, owner_id } = await server.group.create({ name: 'By the server' })
    expect(owner_id).toBe(user_id)
    await server.group.setName({ group_id, value: 'Renamed' }, { as: { group_id } })
    const { user_id: sent, group_id: bound } = line.calls.at(-1)?.headers ?? {}
    expect([sent, bound]).toEqual([undefined, String(group_id)])
  })
})
