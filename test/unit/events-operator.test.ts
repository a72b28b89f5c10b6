import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import { administratorOf, eventsAfter, FrameReader, headOf, type Told } from '../support/events.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { peakAboveIdle } from '../support/memory.ts'
import { nodeProgram } from '../support/programs.ts'
import { testFolder } from '../support/test-folder.ts'

const { place, onNode } = testFolder()

const linesIn = (text: string): Told[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

/** Streams whose readers take nothing. */
const slow = 50

describe('events and whoever runs the service', () => {
  it('a restore makes every reader begin anew', async () => {
    const home = onNode()
    let service = await home.serve()
    const { owner } = await people(service, ['owner'])
    const group_id = await newGroup(owner)
    const backup = place('backup.db')
    await home.done('backup', backup)
    const told = await eventsAfter(await administratorOf(service), 'earliest')
    expect(told.at(-1)).toMatchObject({
      kind: 'backup.made',
      acting: 'service',
      name: basename(backup),
      bytes: statSync(backup).size,
    })
    dataOf(await owner.post('/group/info/name', { group_id, value: 'Lost' }))
    const cursor = await headOf(await administratorOf(service))
    const { state } = dataOf(await owner.get('/group/sync', { group_id }))
    await service.stop()
    await home.done('restore', backup, '--force')
    service = await home.serve()
    const [again, admin] = [await callers(service).as(owner.id), await administratorOf(service)]
    // As many changes as were lost: the numbers are the same, what they mean is not.
    dataOf(await again.post('/group/info/name', { group_id, value: 'Other' }))
    expect((await admin.get('/events', { after: cursor })).status).toBe(410)
    const stream = await FrameReader.open(admin, '/events/stream', { 'last-event-id': cursor })
    expect(await stream.nextData()).toMatchObject({ resumed: false })
    stream.close()
    expect(dataOf(await again.get('/group/sync', { group_id, since: state }))).toMatchObject({ reset: true })
    const { changed } = dataOf(await again.post('/group/versions', { groups: [[group_id, state]] }))
    expect(changed).toHaveLength(1)
    await service.stop()
  })

  it('cohort epoch does the same while the service runs, and is told', async () => {
    const home = onNode()
    const service = await home.serve()
    const admin = await administratorOf(service)
    const cursor = await headOf(admin)
    const stream = await FrameReader.open(admin, '/events/stream')
    await stream.next()
    const [, epoch = ''] = (await home.done('epoch', '--app', 'demo')).trim().split(' ')
    expect(epoch).toMatch(/^[0-9a-z]{6}$/)
    expect(await stream.ended(10_000)).toBe(true)
    expect((await admin.get('/events', { after: cursor })).status).toBe(410)
    const told = await eventsAfter(admin, 'earliest', { kinds: 'app.epoch.renewed' })
    expect(told).toMatchObject([{ epoch, acting: 'service' }])
    expect(await home.done('epoch', '--sql')).toMatch(/^UPDATE apps SET epoch = /)
    await service.stop()
  })

  it('an import tells what it did, in the kinds of operations, and a second time nothing', async () => {
    const home = onNode()
    await home.done('app', 'create', 'demo')
    const file = place('groups.ndjson')
    const lines = [
      { type: 'group', group_id: 17, owner_id: 4, name: 'Chess' },
      { type: 'member', group_id: 17, user_id: 5, role: 2 },
      { type: 'member', group_id: 17, user_id: 6, ban_until: -1, display_name: 'Six' },
      { type: 'blocked', group_id: 17, user_id: 7 },
      ...Array.from({ length: 1100 }, (_, i) => ({ type: 'member', group_id: 17, user_id: 1000 + i })),
    ]
    writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
    await home.done('import', '--app', 'demo', file)
    const told = linesIn(await home.done('events', '--app', 'demo', '--group', '17'))
    expect(told.map(({ kind, group_version }) => [kind, group_version])).toEqual([
      ['group.created', 1],
      ['group.member.joined', 1],
      ['group.member.joined', 1],
      ['group.member.joined', 1],
      ['group.admin.granted', 1],
      ['group.member.changed', 1],
      ['group.member.banned', 1],
      ['group.blacklist.added', 1],
    ])
    const joined = told.flatMap(({ kind, users = [] }) => (kind === 'group.member.joined' ? users : []))
    expect(new Set(joined).size).toBe(1103)
    await home.done('import', '--app', 'demo', file)
    expect(linesIn(await home.done('events', '--app', 'demo', '--group', '17'))).toHaveLength(told.length)
    writeFileSync(file, `${JSON.stringify({ type: 'member', group_id: 17, user_id: 9 })}\n`)
    await home.done('import', '--app', 'demo', file)
    const [last] = linesIn(await home.done('events', '--app', 'demo', '--group', '17')).slice(-1)
    expect(last).toMatchObject({
      kind: 'group.member.joined',
      group_version: 2,
      users: [9],
      acting: 'service',
    })
    await home.done('check')
  })

  it('cohort events --follow prints what happens', async () => {
    const home = onNode()
    const service = await home.serve()
    const { owner } = await people(service, ['owner'])
    const [program = '', ...args] = nodeProgram
    const following = spawn(
      program,
      [...args, 'events', '--app', 'demo', '--follow', '--kinds', 'group.created'],
      {
        env: { ...process.env, DATA_DIR: home.data },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let printed = ''
    following.stdout.on('data', chunk => {
      printed += chunk
    })
    const made: number[] = []
    // It begins with what happens once it has looked.
    while (printed === '') {
      made.push(await newGroup(owner))
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    const [first] = linesIn(printed)
    expect(first?.kind).toBe('group.created')
    expect(made).toContain(first?.group_id)
    following.kill('SIGINT')
    await once(following, 'exit')
    expect((await home.cli('events', '--app', 'demo', '--kinds', 'nonsense')).code).toBe(2)
    await service.stop()
  })

  it('readers who do not read are cut off, and kept no memory for; a stop does not wait for those who do', async () => {
    const home = onNode()
    const service = await home.serve()
    const admin = await administratorOf(service)
    const { owner } = await people(service, ['owner'])
    const group_id = await newGroup(owner)
    await service.setApp('demo', { rate_user_per_second: 0 })
    // Twelve kilobytes each: more in all than a connection's buffers take.
    const long = (i: number) => owner.post('/group/info/ext', { group_id, value: `${i}`.padEnd(4096, 'x') })
    for (let i = 0; i < 1200; i += 40) await Promise.all(Array.from({ length: 40 }, (_, n) => long(i + n)))
    const { hostname, port } = new URL(service.url)
    const headers = Object.entries(admin.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const sockets = Array.from({ length: slow }, () => connect(Number(port), hostname))
    for (const socket of sockets) {
      await once(socket, 'connect')
      socket.pause()
    }
    const streams = async () => {
      const metrics: string = (await admin.get('/metrics')).data
      return Number(/^cohort_event_streams (\d+)$/m.exec(metrics)?.[1])
    }
    const until = async (open: number) => {
      while ((await streams()) !== open) await new Promise(resolve => setTimeout(resolve, 100))
    }
    // One who reads gets all of it meanwhile.
    let reader: FrameReader | undefined
    const peak = await peakAboveIdle(service.url, async () => {
      for (const socket of sockets)
        socket.write(`GET /events/stream?after=earliest HTTP/1.1\r\nhost: x\r\n${headers.join('')}\r\n`)
      await until(slow)
      reader = await FrameReader.open(admin, '/events/stream?after=earliest')
      for (let last = ''; last !== '1199'; )
        last = JSON.parse((await reader.next())?.data ?? '{}').changes?.ext?.[1]?.slice(0, 4) ?? last
      await until(1)
    })
    // With a page of events kept for each it is 1.4 GB.
    expect(peak).toBeLessThan(400e6)
    for (const socket of sockets) {
      socket.resume()
      await once(socket, 'close')
    }
    const waiting = admin.get('/events', { wait: 25 })
    await service.stop()
    expect(await reader?.ended(1000)).toBe(true)
    await waiting.catch(() => undefined)
  })
})
