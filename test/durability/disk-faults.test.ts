import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../support/client.ts'
import { installed } from '../support/installed.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'
import { buildBinary, programs } from '../support/programs.ts'
import { sendTo } from '../support/uploads.ts'
import { Home } from './home.ts'

/*
 * A running service whose disk begins to fail, and works again: its system calls are made to fail from
 * outside. Nobody may be told something that is not so, reads go on, and /readyz says why the service is not
 * ready.
 */

/** strace makes system calls fail, prlimit takes descriptors away. */
const traced = installed('strace', 'prlimit')
const folder = temporaryFolder()
const binary = join(folder, 'cohort')

beforeAll(() => buildBinary(binary))
afterAll(() => removeFolder(folder))

let home: Home
afterEach(async () => {
  await home.end('SIGKILL')
  await removeFolder(home.data)
})

const log = 'cohort.db-wal'
const invite = (client: Client, group_id: number, guest: number) =>
  client.post('/group/invite', { group_id, user_list: [guest] })
const countOf = async (client: Client, group_id: number): Promise<number> =>
  (await client.get('/group/info', { group_id })).data.count
const unknown = {
  status: 503,
  code: 503,
  data: null,
  message: expect.stringMatching(
    /may or may not have been carried out: repeat with the same Idempotency-Key/,
  ),
}
const refused = {
  status: 503,
  code: 503,
  data: null,
  message: expect.stringMatching(/nothing was changed: the disk reports errors/),
}

describe.skipIf(!traced).each(Object.entries(programs(binary)))(
  '%s, when the log cannot be synced',
  (_, program) => {
    it('says what it does not know, reads on, says why, and goes on with all that it answered', async () => {
      home = new Home(program)
      const owner = await home.start()
      const { group_id } = (await owner.post('/group/create', {})).data
      expect(await home.get('/readyz')).toEqual({ status: 200, text: 'ok' })

      const fault = await home.fail('fdatasync:error=EIO', log)
      const first = await invite(owner, group_id, 2)
      expect(first).toMatchObject(unknown)
      expect(first.headers.get('retry-after')).toBe('1')
      const second = await invite(owner, group_id, 3)
      expect(second).toMatchObject(refused)
      expect(second.headers.get('retry-after')).toMatch(/^\d+$/)
      expect((await owner.get('/group/info', { group_id })).code).toBe(200)
      expect(await home.readyzUntil(503)).toMatch(/the disk reports errors/)
      await fault.end()

      await home.readyzUntil(200)
      expect((await invite(owner, group_id, 4)).data[0].result).toBe('success')
      const before = await countOf(owner, group_id)
      await home.end('SIGKILL')
      expect(await countOf(await home.start(), group_id)).toBe(before)
    })

    it('writes the log anew after one failure, and nobody notices but the one who runs it', async () => {
      home = new Home(program)
      const owner = await home.start()
      const { group_id } = (await owner.post('/group/create', {})).data
      const fault = await home.fail('fdatasync:error=EIO:when=1', log)
      expect((await invite(owner, group_id, 2)).data[0].result).toBe('success')
      expect((await invite(owner, group_id, 3)).data[0].result).toBe('success')
      await fault.end()
      expect((await home.get('/metrics')).text).toMatch(/^cohort_sync_failures_total 1$/m)
    })
  },
)

describe.skipIf(!traced)('node', () => {
  const start = async () => {
    home = new Home(['node', 'dist/cohort.js'])
    const owner = await home.start()
    return { owner, group_id: (await owner.post('/group/create', {})).data.group_id as number }
  }

  it('does not wait for ever for a disk that hangs, and goes on when it answers', async () => {
    const { owner, group_id } = await start()
    const fault = await home.fail('fdatasync:delay_enter=14000000:when=1', log)
    const [written, read] = await Promise.all([
      invite(owner, group_id, 2),
      new Promise(resolve => setTimeout(resolve, 100)).then(() => owner.get('/group/info', { group_id })),
    ])
    expect(written).toMatchObject(unknown)
    expect(read.code).toBe(200)
    expect(await invite(owner, group_id, 3)).toMatchObject(refused)
    await home.readyzUntil(200)
    await fault.end()
    expect((await invite(owner, group_id, 3)).data[0].result).toBe('success')
    expect(await countOf(owner, group_id)).toBe(3)
  })

  it('is slow on a slow disk, and right', async () => {
    const { owner, group_id } = await start()
    const fault = await home.fail('fdatasync:delay_enter=500000', log)
    const guests = Array.from({ length: 20 }, (_, i) => 10 + i)
    const answers = await Promise.all(guests.map(guest => invite(owner, group_id, guest)))
    expect(answers.map(({ data }) => data[0].result)).toEqual(guests.map(() => 'success'))
    expect(await countOf(owner, group_id)).toBe(21)
    await fault.end()
  })

  it.each([
    ['EROFS', 'read-only'],
    ['ENOSPC', 'full'],
  ])('says on %s that the disk is %s, changes nothing and reads on', async (errno, words) => {
    const { owner, group_id } = await start()
    const fault = await home.fail(`pwrite64,write,openat:error=${errno}`, log, 'cohort.probe')
    expect(await invite(owner, group_id, 2)).toMatchObject({ status: 200, code: 20000 })
    expect(await countOf(owner, group_id)).toBe(1)
    expect(await home.readyzUntil(503)).toMatch(`not ready: the disk is ${words}`)
    await fault.end()
    await home.readyzUntil(200)
    expect((await invite(owner, group_id, 2)).data[0].result).toBe('success')
  })

  it('refuses uploads while it has no descriptors left, loses nothing, and goes on', async () => {
    const { owner, group_id } = await start()
    const place = () => owner.get('/file/upload/chat', { file_type: 100, to_type: 2, to_id: group_id })
    const [first, second] = [(await place()).data, (await place()).data]
    const bytes = new Uint8Array(100_000).fill(65)
    const pid = String(home.pid)
    // Fewer than it has open: it gets no more.
    await run(['prlimit', `--pid=${pid}`, '--nofile=12:4096'])
    // Its connection was made before. A new one would be refused by the system.
    const refused = await sendTo(first, bytes).catch(() => undefined)
    expect(refused?.status ?? 503).toBe(503)
    await run(['prlimit', `--pid=${pid}`, '--nofile=4096:4096'])
    expect((await sendTo(second, bytes)).status).toBe(200)
    expect((await invite(owner, group_id, 2)).data[0].result).toBe('success')
    const { stdout } = await run(['node', 'dist/cohort.js', 'check', '--files'], { DATA_DIR: home.data })
    expect(stdout).toBe('ok\n')
  })

  it('starts the checkpoint thread again, says so and counts it', async () => {
    const { owner, group_id } = await start()
    const fault = await home.fail('pwrite64:error=EIO', 'cohort.db')
    expect((await invite(owner, group_id, 2)).data[0].result).toBe('success')
    while (!/"event":"checkpoint"/.test(home.output())) await new Promise(resolve => setTimeout(resolve, 50))
    await fault.end()
    expect((await home.get('/metrics')).text).toMatch(/^cohort_checkpoint_failures_total [1-9]/m)
    expect((await invite(owner, group_id, 3)).data[0].result).toBe('success')
    expect(await countOf(owner, group_id)).toBe(3)
  })

  it('notices that its log was deleted, and loses nothing that was answered', async () => {
    const { owner, group_id } = await start()
    expect((await invite(owner, group_id, 2)).data[0].result).toBe('success')
    rmSync(join(home.data, log))
    expect(await invite(owner, group_id, 3)).toMatchObject(unknown)
    expect(await invite(owner, group_id, 4)).toMatchObject({ status: 503 })
    expect((await owner.get('/group/info', { group_id })).code).toBe(200)
    expect(await home.readyzUntil(503)).toMatch(/log was deleted.*restart the service/)
    await home.end('SIGKILL')
    const again = await home.start()
    expect(await countOf(again, group_id)).toBe(3)
    expect((await invite(again, group_id, 4)).data[0].result).toBe('success')
  })
})
