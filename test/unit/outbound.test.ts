import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mayReach, networksIn, refusalOfUrl } from '../../src/outbound/address.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

const publicOnly = { allowedNetworks: [], allowHttp: false }

describe('an address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s may be reached', address => {
    expect(mayReach(address, publicOnly)).toBe(true)
  })

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2001:db8::1',
    '2002:a00:1::',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    'not an address',
  ])('%s may not', address => {
    expect(mayReach(address, publicOnly)).toBe(false)
  })

  it('of a network that the operator allows may be reached, and no other', () => {
    const rules = { allowedNetworks: networksIn('10.1.0.0/16, fd00::/8, 127.0.0.1'), allowHttp: false }
    expect(['10.1.2.3', 'fd00::7', '127.0.0.1', '::ffff:10.1.2.3'].every(one => mayReach(one, rules))).toBe(
      true,
    )
    expect(['10.2.0.1', 'fe80::1', '127.0.0.2'].some(one => mayReach(one, rules))).toBe(false)
    expect(() => networksIn('10.0.0.0/8,nonsense')).toThrow('nonsense')
  })
})

it('a URL is https, on a port that is nobody else’s, without a password', () => {
  const ok = ['https://example.org/x', 'https://example.org:8443', 'https://example.org:3000/']
  for (const url of ok) expect(refusalOfUrl(url, publicOnly)).toBeUndefined()
  for (const url of [
    'http://example.org',
    'https://a:b@example.org',
    'https://example.org:25',
    'https://localhost',
  ])
    expect(refusalOfUrl(url, publicOnly)).toMatch(/^must /)
  expect(refusalOfUrl('http://example.org', { ...publicOnly, allowHttp: true })).toBeUndefined()
})

const folder = temporaryFolder()
const probe = join(folder, 'probe.mjs')
afterAll(() => removeFolder(folder))
const runtimes = {
  node: ['node', probe],
  bun: ['npx', 'bun', 'test/support/outbound-probe.ts'],
  deno: ['npx', 'deno', 'run', '--no-prompt', '--allow-net', '--allow-sys', 'test/support/outbound-probe.ts'],
} as const

beforeAll(async () => {
  // Node 20 runs no TypeScript.
  const bundle = ['--bundle', '--platform=node', '--format=esm', `--outfile=${probe}`]
  await run(['npx', 'esbuild', 'test/support/outbound-probe.ts', ...bundle])
})

it.each(Object.entries(runtimes))('%s judges the very address that it connects to', async (_, command) => {
  const { stdout, stderr, code } = await run(command, {})
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
  expect(found).toMatchObject({ allowed: 'reached', first: 'reached' })
  for (const name of ['literal', 'decimal', 'inner', 'mapped', 'second']) {
    expect({ name, found: found[name] }).toEqual({
      name,
      found: expect.stringMatching(/private or reserved/),
    })
  }
})
