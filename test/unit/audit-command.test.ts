import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { administratorOf, type Told } from '../support/events.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { operatorOf } from '../support/operator.ts'
import type { Installation } from '../support/programs.ts'
import { testFolder } from '../support/test-folder.ts'

const { place, onNode } = testFolder()

describe('cohort audit', () => {
  let home: Installation
  /** What `GET /audit` answered before the service was stopped. */
  let asked: Told[]
  let headBefore = ''
  const lineOf = (text: string): string => text.trim().split('\n').at(-1) ?? ''
  const headIn = (text: string): string => /head (\d+:[\w-]{43})/.exec(text)?.[1] ?? ''

  beforeAll(async () => {
    home = onNode()
    await home.done('app', 'create', 'other')
    const service = await home.serve()
    const { owner, member } = await people(service, ['owner', 'member'])
    const group_id = await newGroup(owner, { name: 'Says "hello", and =1+1', user_list: [member.id] })
    dataOf(await owner.post('/group/kick', { group_id, user_list: [member.id] }))
    const backup = dataOf(await (await operatorOf(service)).post('/operator/backup/make', {}))
    asked = dataOf(await (await administratorOf(service)).get('/audit', { limit: 1000 }))
    expect(asked[0]).toMatchObject({ kind: 'backup.made', name: backup.name, bytes: backup.bytes })
    // A stop seals what happened.
    await service.stop()
  })

  it('verify says that all is as it was recorded, and up to where', async () => {
    const told = await home.done('audit', 'verify', '--app', 'demo')
    expect(told).toMatch(/^demo: ok: \d+ events in \d+ batches, head \d+:[\w-]{43}\n$/)
    headBefore = headIn(told)
    await home.done('gc')
    const all = await home.done('audit', 'verify')
    expect(all.split('\n').map(line => line.split(':')[0])).toEqual(['demo', 'other', ''])
    await home.done('audit', 'verify', '--app', 'demo', '--head', headBefore)
    const unknown = await home.cli('audit', 'verify', '--app', 'demo', '--head', `1:${'x'.repeat(43)}`)
    expect(unknown).toMatchObject({ code: 1 })
    expect(unknown.stdout).toContain('the chain does not contain the known head 1')
  })

  it('export writes the events that GET /audit answers, the oldest first', async () => {
    const lines = (await home.done('audit', 'export', '--app', 'demo')).trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line))).toEqual([...asked].reverse())
    const last = asked[0]
    const since = await home.done('audit', 'export', '--app', 'demo', '--from', String(last?.at))
    expect(since.trimEnd().split('\n').at(-1)).toBe(lines.at(-1))
    const before = await home.done('audit', 'export', '--app', 'demo', '--to', '2020-01-31')
    expect(before).toBe('')
  })

  it('export writes a table, in which nothing is a formula', async () => {
    const file = place('audit.csv')
    const database = new Database(join(home.data, 'cohort.db'))
    // What a caller sent as its x-request-id is in the event as it was sent.
    database
      .prepare(
        "INSERT INTO events SELECT app_id, seq + 1, at, kind, NULL, NULL, by_id, acting, key_id, subjects, '{}', '=cmd', ip FROM events WHERE app_id = 'other' ORDER BY seq DESC LIMIT 1",
      )
      .run()
    database.close()
    await home.done('audit', 'export', '--app', 'demo', '--format', 'csv', file)
    const [names, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\r\n')
    expect(names).toBe(
      'cursor,seq,at,time,kind,group_id,group_version,by_id,acting,key_id,subjects,data,request,ip',
    )
    expect(rows).toHaveLength(asked.length)
    const created = rows.find(row => row.includes(',group.created,')) ?? ''
    expect(created).toContain('""name"":""Says \\""hello\\"", and =1+1""')
    const other = await home.done('audit', 'export', '--app', 'other', '--format', 'csv')
    expect(lineOf(other)).toContain(",'=cmd,")
    expect(await home.cli('audit', 'export', '--app', 'demo', file)).toMatchObject({ code: 1 })
  })

  it.each([
    [['audit'], /say export or verify/],
    [['audit', 'delete'], /there is no "audit delete"/],
    [['audit', 'export'], /--app is missing/],
    [['audit', 'export', '--app', 'nobody'], /there is no app "nobody"/],
    [['audit', 'export', '--app', 'demo', '--format', 'xml'], /--format must be ndjson or csv/],
    [['audit', 'export', '--app', 'demo', '--from', 'yesterday'], /--from must be a time/],
    [['audit', 'verify', '--head', '1:x'], /--head must be NUMBER:HASH/],
    [['audit', 'verify', '--head', `1:${'x'.repeat(43)}`], /--head goes with --app/],
  ])('%j is refused', async (args, saying) => {
    const { code, stdout, stderr } = await home.cli(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.split('\n')[0]).toMatch(saying)
  })

  it('a backup ends with the heads, and holds them when it is restored', async () => {
    const file = place('backup.db')
    await home.done('backup', file)
    const end = readFileSync(file).subarray(-1000).toString('latin1')
    const [, head = ''] = /\naudit head of demo: (\d+:[\w-]{43})\n/.exec(end) ?? []
    expect(head).toBe(headIn(await home.done('audit', 'verify', '--app', 'demo')))
    const restored = onNode()
    await restored.done('restore', file)
    await restored.done('audit', 'verify', '--app', 'demo', '--head', head, '--head', headBefore)
    expect(await restored.done('check')).toBe('ok\n')
    // A chain of a restored database goes on from the one in the backup.
    const service = await restored.serve()
    const { owner } = await people(service, ['owner'])
    await newGroup(owner)
    await service.stop()
    const later = await restored.done('audit', 'verify', '--app', 'demo', '--head', head)
    expect(headIn(later)).not.toBe(head)
  })

  it('the head is in the log once a day', async () => {
    const told: string[] = []
    for (let i = 0; i < 2; i++) {
      const gc = await home.done('gc')
      told.push(...gc.split('\n').filter(line => line.includes('"event":"audit-head"')))
    }
    // The first test ran it before this one.
    expect(told).toEqual([])
    const database = new Database(join(home.data, 'cohort.db'))
    database.exec("UPDATE audit_heads SET told_at = told_at - 86400001 WHERE app_id = 'demo'")
    database.close()
    const gc = await home.done('gc')
    const [line = '{}'] = gc.split('\n').filter(one => one.includes('audit-head'))
    const head = headIn(await home.done('audit', 'verify', '--app', 'demo'))
    expect(JSON.parse(line)).toMatchObject({ event: 'audit-head', app: 'demo', head })
  })

  it('verify names what somebody changed', async () => {
    const database = new Database(join(home.data, 'cohort.db'))
    const [kick] = asked.filter(({ kind }) => kind === 'group.member.kicked')
    database.prepare("UPDATE events SET by_id = 99 WHERE app_id = 'demo' AND seq = ?").run(kick?.seq)
    database.close()
    const { code, stdout } = await home.cli('audit', 'verify')
    expect(code).toBe(1)
    expect(stdout).toContain(
      `demo: event ${kick?.seq} was changed, or its digest\ndemo: NOT AS IT WAS RECORDED: `,
    )
  })
})
