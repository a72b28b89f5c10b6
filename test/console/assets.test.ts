import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandTarget } from '../support/command-target.ts'
import type { Instance } from '../support/target.ts'

const node = commandTarget('node', ['node', 'dist/cohort.js'])

/** As it comes over the wire: `fetch` would unpack it. */
const packed = async (url: string) => {
  const response = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
  return {
    status: response.status,
    bytes: Number(response.headers.get('content-length')),
    headers: response.headers,
  }
}

describe('the files that a service hands out', () => {
  let service: Instance
  beforeAll(async () => {
    service = await node.start()
  })
  afterAll(() => service.stop())

  it('hold to their sizes: the client 12 kB, the console 60 kB, compressed', async () => {
    const client = await packed(`${service.url}/client.js`)
    const parts = await Promise.all(
      ['', 'console.js', 'console.css'].map(name => packed(`${service.url}/console/${name}`)),
    )
    const console_ = parts.reduce((sum, { bytes }) => sum + bytes, 0)
    console.info(`The client is ${client.bytes} bytes, the console ${console_}, compressed.`)
    for (const { status, headers } of [client, ...parts])
      expect({ status, encoding: headers.get('content-encoding') }).toEqual({ status: 200, encoding: 'gzip' })
    expect(client.bytes).toBeLessThanOrEqual(12_000)
    expect(console_).toBeLessThanOrEqual(60_000)
  })

  it('are the same for who takes no compression, and need not be sent twice', async () => {
    const plain = await fetch(`${service.url}/client.js`, { headers: { 'accept-encoding': 'identity' } })
    const text = await plain.text()
    expect(text).toBe(await (await fetch(`${service.url}/client.js`)).text())
    expect(text).toMatch(/export\s*\{/)
    const again = await fetch(`${service.url}/client.js`, {
      headers: { 'accept-encoding': 'identity', 'if-none-match': plain.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  })

  it('load nothing from anywhere else', async () => {
    const page = await (await fetch(`${service.url}/console/`)).text()
    for (const [, url = ''] of page.matchAll(/(?:src|href)="([^"]*)"/g))
      expect(url).toMatch(/^(\/console\/|data:)/)
  })

  it('are without the console where CONSOLE is off', async () => {
    const closed = await node.start({ CONSOLE: 'off' })
    try {
      for (const path of ['/console', '/console/', '/console/console.js'])
        expect((await fetch(closed.url + path, { redirect: 'manual' })).status).toBe(404)
      expect((await fetch(`${closed.url}/client.js`)).status).toBe(200)
    } finally {
      await closed.stop()
    }
  })
})
