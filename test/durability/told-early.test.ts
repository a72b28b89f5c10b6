import { spawn } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import { eventsAfter, FrameReader, headOf, type Told } from '../support/events.ts'
import { injectFault } from '../support/fault.ts'
import { dataOf } from '../support/groups.ts'
import { installed } from '../support/installed.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { buildBinary, programs } from '../support/programs.ts'
import { Receiver } from '../support/receiver.ts'
import { app, Home } from './home.ts'

/*
 * Nothing is told early: while the sync of a change is held back or fails, nobody hears of the change,
 * whichever way events are told. What a power cut takes away then was told to nobody.
 */

const folder = temporaryFolder()
const binary = join(folder, 'cohort')
/** Longer than the pauses after which anything looks for events by itself: a second at most. */
const lookedMs = 1500

beforeAll(() => buildBinary(binary))
afterAll(() => removeFolder(folder))

let home: Home
let receiver: Receiver
let closing: (() => unknown)[]
beforeEach(async () => {
  receiver = await Receiver.start()
  closing = []
})
afterEach(async () => {
  await Promise.all(closing.map(close => close()))
  await home.end('SIGKILL')
  await receiver.stop()
  await removeFolder(home.data)
})

/** How often each way of telling has told that the group was renamed. */
type Heard = Readonly<Record<'poll' | 'stream' | 'mine' | 'webhook' | 'command', number>>

/** A running service, and everybody who listens to it. */
async function listeners(program: readonly string[]) {
  home = new Home(program, { WEBHOOK_ALLOW: '127.0.0.0/8', WEBHOOK_ALLOW_HTTP: 'true' })
  const owner = await home.start()
  const admin = await callers({ url: home.url, ...app }).admin()
  const { group_id } = dataOf(await owner.post('/group/create', {}))
  const kinds = ['group.profile.changed']
  dataOf(await admin.post('/webhooks', { url: receiver.url, kinds }))
  const after = await headOf(admin)

  const stream = await FrameReader.open(admin, `/events/stream?kinds=${kinds}`)
  const mine = await FrameReader.open(owner, '/events/mine')
  await Promise.all([stream.next(), mine.next()])
  const polled: Told[] = []
  const poll = admin.get('/events', { after, wait: 25, kinds: kinds.join() }).then(
    answer => void polled.push(...dataOf(answer)),
    () => {},
  )
  const printed: string[] = []
  const [command = '', ...args] = [
    ...program,
    'events',
    '--app',
    app.app_id,
    '--follow',
    '--after',
    'earliest',
  ]
  const follower = spawn(command, args, {
    env: { ...process.env, DATA_DIR: home.data },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  follower.stdout.on('data', chunk => printed.push(...String(chunk).trim().split('\n')))
  closing.push(
    () => stream.close(),
    () => mine.close(),
    () => follower.kill('SIGKILL'),
  )
  while (!printed.some(line => line.includes('webhook.created')))
    await new Promise(resolve => setTimeout(resolve, 20))

  return {
    owner,
    admin,
    group_id: group_id as number,
    after,
    poll,
    follower: follower.pid ?? 0,
    heard: (): Heard => ({
      poll: polled.length,
      stream: stream.waiting,
      mine: mine.waiting,
      webhook: receiver.received.length,
      command: printed.filter(line => line.includes('group.profile.changed')).length,
    }),
  }
}

const nothing: Heard = { poll: 0, stream: 0, mine: 0, webhook: 0, command: 0 }
const everything: Heard = { poll: 1, stream: 1, mine: 1, webhook: 1, command: 1 }

/**
 * Has the syncs of the log fail or wait in all of these processes, as `inject` says. Answers what ends that.
 */
async function onSyncs(inject: string, ...pids: number[]): Promise<() => Promise<void>> {
  const path = join(home.data, 'cohort.db-wal')
  const faults = await Promise.all(pids.map(pid => injectFault(pid, `fdatasync:${inject}`, [path])))
  const end = async () => void (await Promise.all(faults.map(fault => fault.end())))
  closing.push(end)
  return end
}
const held = 'delay_enter=60000000'

/** Resolves when the renaming is committed, though it is not on disk. */
async function committed(): Promise<void> {
  const database = new Database(join(home.data, 'cohort.db'), { readonly: true })
  const renamed = database.prepare(`SELECT 1 FROM events WHERE kind = 'group.profile.changed'`)
  while (renamed.get() === undefined) await new Promise(resolve => setTimeout(resolve, 10))
  database.close()
}

describe.skipIf(!installed('strace')).each(Object.entries(programs(binary)))(
  'with %s, while the sync of a change is held back',
  (_, program) => {
    it('nobody is told of it, and all are told afterwards', async () => {
      const { owner, group_id, heard, poll, follower } = await listeners(program)
      const release = await onSyncs(held, home.pid, follower)
      const changing = owner.post('/group/info/name', { group_id, value: 'Early' })
      await committed()
      const reading = owner.get('/group/info', { group_id })
      const answered: string[] = []
      void changing.then(() => answered.push('the change'))
      void reading.then(() => answered.push('a read'))
      await new Promise(resolve => setTimeout(resolve, lookedMs))
      expect(heard()).toEqual(nothing)
      expect(answered).toEqual([])

      await release()
      expect((await changing).code).toBe(200)
      expect(dataOf(await reading)).toMatchObject({ name: 'Early' })
      await poll
      while (Object.values(heard()).some(times => times === 0))
        await new Promise(resolve => setTimeout(resolve, 20))
      expect(heard()).toEqual(everything)
    })

    it('and fails, nobody is told before the disk works again', async () => {
      const { owner, admin, group_id, heard, after, poll, follower } = await listeners(program)
      const recipients = (headers = {}) =>
        admin.call('GET', '/authz/recipients', { query: { group_id }, headers })
      const verdict = { group_id, user_id: 1, action: 'post' }
      const kept = (await recipients()).headers.get('etag') ?? ''
      expect((await recipients({ 'if-none-match': kept })).status).toBe(304)
      expect(dataOf(await admin.post('/authz/check', verdict)).ttl_ms).toBe(-1)
      const endFault = await onSyncs('error=EIO', home.pid, follower)
      expect((await owner.post('/group/info/name', { group_id, value: 'Early' })).status).toBe(503)
      await new Promise(resolve => setTimeout(resolve, lookedMs))
      expect(heard()).toEqual(nothing)
      // Readers who go on from an answer later must not get one that may become untrue. Others read on.
      expect(await admin.get('/events', { after })).toMatchObject({ status: 503 })
      expect(await owner.get('/group/sync', { group_id })).toMatchObject({ status: 503 })
      expect(await owner.post('/group/versions', { groups: [] })).toMatchObject({ status: 503 })
      expect(await admin.get('/audit')).toMatchObject({ status: 503 })
      expect(await owner.get('/group/qrcode/sign', { group_id })).toMatchObject({ status: 503 })
      expect(await owner.get('/group/info', { group_id })).toMatchObject({ status: 200, code: 200 })
      // And nobody keeps an answer that no event would take back.
      const uncertain = await recipients({ 'if-none-match': kept })
      expect({ status: uncertain.status, etag: uncertain.headers.get('etag') }).toEqual({
        status: 200,
        etag: null,
      })
      expect((await recipients({ 'if-none-match': '*' })).status).toBe(200)
      expect(dataOf(await admin.post('/authz/check', verdict)).ttl_ms).toBe(0)
      expect(dataOf(await admin.post('/authz/check/batch', { checks: [verdict] }))).toMatchObject([
        { ttl_ms: 0 },
      ])

      await endFault()
      await home.readyzUntil(200)
      const certain = await recipients({ 'if-none-match': kept })
      expect({ status: certain.status, etag: certain.headers.get('etag') }).toEqual({
        status: 200,
        etag: expect.not.stringMatching(kept),
      })
      expect(dataOf(await admin.post('/authz/check', verdict)).ttl_ms).toBe(-1)
      await poll
      // The command has ended, as it says when it cannot know what is on disk.
      while (Object.values({ ...heard(), command: 1 }).some(times => times === 0))
        await new Promise(resolve => setTimeout(resolve, 20))
      expect(heard()).toEqual({ ...everything, command: 0 })
    })

    it('a power cut takes away nothing that was told', async () => {
      const { owner, group_id, heard, after, follower } = await listeners(program)
      const release = await onSyncs(held, home.pid, follower)
      // What the disk has: nothing of what follows is synced.
      const disk = join(folder, 'disk')
      cpSync(home.data, disk, { recursive: true })
      void owner.post('/group/info/name', { group_id, value: 'Early' }).catch(() => {})
      await committed()
      await new Promise(resolve => setTimeout(resolve, lookedMs))
      for (const close of closing.splice(0)) close()
      await Promise.all([home.end('SIGKILL'), release()])
      rmSync(home.data, { recursive: true })
      cpSync(disk, home.data, { recursive: true })
      rmSync(disk, { recursive: true })

      const again = await home.start()
      const admin = await callers({ url: home.url, ...app }).admin()
      expect(heard()).toEqual(nothing)
      expect(await eventsAfter(admin, after)).toEqual([])
      dataOf(await again.post('/group/info/name', { group_id, value: 'Late' }))
      expect(await eventsAfter(admin, after)).toMatchObject([{ changes: { name: ['', 'Late'] } }])
      await receiver.until(received => received.length > 0)
      expect(receiver.received.map(({ message }) => message.data.changes)).toEqual([{ name: ['', 'Late'] }])
    })
  },
)
