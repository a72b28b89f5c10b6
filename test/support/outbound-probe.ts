/**
 * Asks the outbound port of this runtime for addresses by names that a resolver of the test's own answers,
 * and prints what came of it as JSON. Run by test/unit/outbound.test.ts on Node, Bun and Deno.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { networksIn } from '../../src/outbound/address.ts'
import { nodeOutbound } from '../../src/outbound/node-outbound.ts'

/** What the name resolves to, each time it is asked for; the last answer stays. */
const names: Readonly<Record<string, readonly string[]>> = {
  'inner.test': ['10.1.2.3'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'allowed.test': ['127.0.0.1'],
  'changing.test': ['127.0.0.1', '10.0.0.1'],
}
const asked = new Map<string, number>()

type Done = (error: Error | null, addresses: { address: string; family: number }[]) => void
const resolver = ((hostname: string, _options: unknown, done: Done) => {
  const count = asked.get(hostname) ?? 0
  asked.set(hostname, count + 1)
  const answers = names[hostname] ?? []
  const address = answers[Math.min(count, answers.length - 1)]
  if (address === undefined) return done(new Error('no such name'), [])
  done(null, [{ address, family: address.includes(':') ? 6 : 4 }])
}) as unknown as Parameters<typeof nodeOutbound>[1]

const server = createServer((_, response) => {
  response.setHeader('connection', 'close')
  response.end('reached')
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const strict = nodeOutbound({ allowedNetworks: [], allowHttp: true }, resolver)
const lenient = nodeOutbound({ allowedNetworks: networksIn('127.0.0.1'), allowHttp: true }, resolver)

async function reach(outbound: typeof strict, host: string): Promise<string> {
  try {
    const { body } = await outbound.send({
      url: `http://${host}:${port}/`,
      method: 'POST',
      headers: {},
      body: '{}',
      timeoutMs: 5000,
      maxAnswerBytes: 1024,
    })
    return body
  } catch (error) {
    return `refused: ${error instanceof Error ? error.message : String(error)}`
  }
}

const found = {
  literal: await reach(strict, '127.0.0.1'),
  decimal: await reach(strict, '2130706433'),
  inner: await reach(strict, 'inner.test'),
  mapped: await reach(strict, 'mapped.test'),
  allowed: await reach(lenient, 'allowed.test'),
  first: await reach(lenient, 'changing.test'),
  second: await reach(lenient, 'changing.test'),
}
strict.close()
lenient.close()
server.close()
process.stdout.write(`${JSON.stringify(found)}\n`)
process.exit(0)
