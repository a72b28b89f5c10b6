import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { installed } from '../support/installed.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

/** Ends one child by itself and one with `killRunning`, and asks for the end of both again. */
const script = `
import { once } from 'node:events'
import { killRunning, spawnChild } from '${join(process.cwd(), 'src/media/process/child.ts')}'
const [short, long] = [spawnChild(['true'], {}), spawnChild(['sleep', '600'], {})]
const gone = Promise.all([once(short, 'exit'), once(long, 'exit')])
killRunning(long)
await gone
killRunning(short)
killRunning(long)
console.log(long.pid)
`

describe.skipIf(!installed('strace'))('a child process is killed once, and never after its end', () => {
  const folder = temporaryFolder()
  afterAll(() => removeFolder(folder))

  it.each([
    ['bun', ['node_modules/.bin/bun', '-e', script]],
    ['deno', ['node_modules/.bin/deno', 'eval', '--ext=ts', script]],
  ])('on %s', async (name, command) => {
    const trace = join(folder, name)
    const strace = ['strace', '-f', '-e', 'trace=kill,tgkill,pidfd_send_signal', '-o', trace]
    const { code, stdout, stderr } = await run([...strace, ...command])
    expect(code, stderr).toBe(0)
    const calls = readFileSync(trace, 'utf8')
    // A child that is killed before its first step appears in some traces as if it had made the same call.
    const kills = calls.match(/^(\d+) +(kill|pidfd_send_signal)\((?!\1,).*SIGKILL/gm)
    expect(kills, calls).toHaveLength(1)
    expect(kills?.[0]).toContain(`kill(${stdout.trim()}, SIGKILL`)
  })
})
