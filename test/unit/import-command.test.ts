import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { appears, type Installation, nodeProgram } from '../support/programs.ts'
import { testFolder } from '../support/test-folder.ts'
import { ask, blocked, group, line, linesIn, member } from '../support/transfer.ts'

const { place, onNode } = testFolder()

describe('import', () => {
  let target: Installation
  let file: string
  beforeEach(async () => {
    target = onNode()
    file = place('lines.ndjson')
    await target.done('app', 'create', 'demo')
  })
  const imported = (...lines: string[]) => {
    writeFileSync(file, lines.join(''))
    return target.cli('import', '--app', 'demo', file)
  }

  it('gives what is left out the defaults of a new group and a new member', async () => {
    const before = Date.now()
    expect(await imported(group(5), '\r\n', member(5, 2).trimEnd())).toMatchObject({ code: 0 })
    const [made, owner, other] = linesIn(await target.done('export', '--app', 'demo')) as Record<
      string,
      unknown
    >[]
    expect(made).toMatchObject({
      creator_id: 1,
      group_type: 0,
      name: '',
      apply_approval: 1,
      capacity: 2000,
      member_invite: true,
    })
    expect(made?.created_at).toBeGreaterThanOrEqual(before)
    expect(owner).toEqual({ type: 'member', group_id: 5, user_id: 1, role: 3, joined_at: made?.created_at })
    expect(other).toEqual({ type: 'member', group_id: 5, user_id: 2, joined_at: expect.any(Number) })
  })

  it('tells of an owner in a line of its own, whenever that comes, but changes nobody else', async () => {
    const said = { role: 3, display_name: 'Ada', joined_at: 7, msg_mute_mode: 1 }
    await imported(group(5), member(5, 2, { display_name: 'Bob', joined_at: 8 }))
    await imported(member(5, 1, said), member(5, 2, { display_name: 'Rob', joined_at: 9 }))
    const members = linesIn(await target.done('export', '--app', 'demo')).slice(1)
    expect(members).toEqual([
      { type: 'member', group_id: 5, user_id: 1, ...said },
      { type: 'member', group_id: 5, user_id: 2, display_name: 'Bob', joined_at: 8 },
    ])
    await imported(member(5, 1, { ...said, display_name: 'Eve' }))
    expect(linesIn(await target.done('export', '--app', 'demo')).slice(1)).toEqual(members)
  })

  const wrong: readonly [what: string, lines: string[], reason: RegExp][] = [
    ['no JSON', [group(5), '{"type":\n'], /line 2: this is no JSON/],
    ['a list', ['[1]\n'], /line 1: type must be group, member, blocked or absent_ban/],
    ['an unknown type', ['{"type":"user"}\n'], /line 1: type must be/],
    ['an unknown name', [group(5, { capactiy: 3 })], /line 1: .*capactiy/],
    [
      'a missing id',
      [group(5), '{"type":"member","group_id":5}\n'],
      /line 2: user_id must be a positive integer/,
    ],
    [
      'an id that is a string',
      [group(5), member(5, 2, { user_id: '2' })],
      /line 2: user_id must be a positive integer/,
    ],
    ['an id too large', [group(2 ** 53)], /line 1: group_id must be a positive integer/],
    ['a role that is none', [group(5), member(5, 2, { role: 4 })], /line 2: role must be 1, 2 or 3/],
    ['a name too long', [group(5, { name: 'x'.repeat(65) })], /line 1: name must be at most 64 characters/],
    [
      'a moment that is no date',
      [group(5), line('blocked', { group_id: 5, user_id: 2, blocked_at: 2 ** 53 - 1 })],
      /line 2: blocked_at must be an integer from 0 to 253402300799999/,
    ],
    [
      'a moment after the year 9999',
      [group(5, { created_at: 253_402_300_800_000 })],
      /line 1: created_at must be/,
    ],
    [
      'an end of a ban that is no date',
      [group(5, { ban_all_until: 2 ** 53 - 1 })],
      /line 1: ban_all_until must be/,
    ],
    ['a version that cannot grow', [group(5, { version: 2 ** 53 - 1 })], /line 1: version must be/],
    ['a group nobody knows', ['\n', member(5, 2)], /line 2: there is no group 5/],
    [
      'a second owner',
      [group(5), member(5, 2, { role: 3 })],
      /line 2: user 2 is not the owner_id of group 5/,
    ],
    [
      'too many members',
      [group(5, { capacity: 2 }), member(5, 2), member(5, 2), member(5, 3)],
      /line 4: group 5 is full: its capacity is 2/,
    ],
    [
      'a blacklisted member',
      [group(5), blocked(5, 2), member(5, 2)],
      /line 3: user 2 would be a member of group 5 and on its blacklist/,
    ],
    ['a member blacklisted', [group(5), member(5, 2), blocked(5, 2)], /line 3: user 2 would be/],
    ['a blacklisted owner', [group(5), blocked(5, 1)], /line 2: user 1 would be/],
    ['a line without end', [group(5), `${' '.repeat(2 ** 21)}\n`], /line 2: is longer than 1048576 bytes/],
  ]
  it.each(wrong)('refuses %s, and imports nothing of the batch', async (_, lines, reason) => {
    expect(await imported(...lines)).toMatchObject({ code: 1, stderr: expect.stringMatching(reason) })
    expect(await target.done('export', '--app', 'demo')).toBe('')
    expect(await target.done('check')).toBe('ok\n')
  })

  it('refuses what is not UTF-8', async () => {
    writeFileSync(
      file,
      Buffer.concat([
        Buffer.from(`${group(5)}\n{"type":"group","name":"`),
        Buffer.from([0xff]),
        Buffer.from('"}\n'),
      ]),
    )
    const { code, stderr } = await target.cli('import', '--app', 'demo', file)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/line 3: is not UTF-8/) })
  })

  it('keeps the batches before a wrong line, and goes on there when it is mended', async () => {
    const many = Array.from({ length: 60_000 }, (_, i) => member(5, i + 2))
    const good = [group(5, { capacity: 100_000 }), ...many]
    const { code, stderr } = await imported(...good, 'nonsense\n')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/line 60002: .*\nAll before line 50001 is imported/),
    })
    expect(ask(target, 'SELECT count FROM groups')).toBe(50_000)
    expect(await target.done('check')).toBe('ok\n')
    writeFileSync(file, [...good, member(5, 100_000)].join(''))
    expect(await target.cli('import', '--app', 'demo', file)).toMatchObject({
      code: 0,
      stdout: '1 groups, 60002 members and 0 blacklisted users are new\n',
      stderr: expect.stringMatching(/Going on at line 50001/),
    })
    expect(ask(target, 'SELECT count FROM groups')).toBe(60_002)
    expect(await target.done('check')).toBe('ok\n')
  })

  it('that is killed leaves whole batches, and goes on where it stopped', async () => {
    for (let id = 1; id <= 300; id++) {
      appendFileSync(
        file,
        group(id) + Array.from({ length: 999 }, (_, i) => member(id, 2 + ((i * id) % 50_021))).join(''),
      )
    }
    const [program = '', ...args] = nodeProgram
    const child = spawn(program, [...args, 'import', '--app', 'demo', file], {
      env: { ...process.env, DATA_DIR: target.data },
    })
    await appears(`${file}.progress`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { line: reached } = JSON.parse(readFileSync(`${file}.progress`, 'utf8'))
    const half = Number(ask(target, 'SELECT count(*) FROM members'))
    expect(half).toBeGreaterThanOrEqual(reached - 1)
    expect(half).toBeLessThan(300_000)
    expect(await target.done('check')).toBe('ok\n')

    // Of another database, the same file says nothing.
    const elsewhere = onNode()
    await elsewhere.done('app', 'create', 'demo')
    const copy = place('lines.ndjson')
    copyFileSync(file, copy)
    copyFileSync(`${file}.progress`, `${copy}.progress`)
    expect(await elsewhere.done('import', '--app', 'demo', copy)).toMatch(/^300 groups, 300000 members/)

    const { code, stderr } = await target.cli('import', '--app', 'demo', file)
    // On a slow machine lines about the progress follow.
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(new RegExp(`^Going on at line ${reached}\\.\n`)),
    })
    expect(await target.done('check')).toBe('ok\n')
    expect(await target.done('export', '--app', 'demo')).toHaveLength(
      (await elsewhere.done('export', '--app', 'demo')).length,
    )
    expect(existsSync(`${file}.progress`)).toBe(false)
  })

  it('may run beside the service, and settles what was pending', async () => {
    const instance = await target.serve()
    const { owner, applicant, invitee, refusedOne } = await people(instance, [
      'owner',
      'applicant',
      'invitee',
      'refusedOne',
    ])
    const group_id = await newGroup(owner)
    for (const client of [applicant, refusedOne])
      dataOf(await client.post('/group/apply', { group_id, reason: 'Please' }))
    dataOf(await invitee.post('/user/settings', { group_confirm: true }))
    dataOf(await owner.post('/group/invite', { group_id, user_list: [invitee.id] }))
    const { version } = await owner.get('/group/member_list', { group_id })

    const big = Array.from({ length: 12_000 }, (_, i) => member(5, 500_000 + i))
    const result = await imported(
      member(group_id, applicant.id),
      member(group_id, invitee.id),
      blocked(group_id, refusedOne.id),
      group(5, { capacity: 20_000 }),
      ...big,
    )
    expect(result).toMatchObject({
      code: 0,
      stdout: '1 groups, 12003 members and 1 blacklisted users are new\n',
    })
    const list = await owner.get('/group/member_list', { group_id })
    expect(list.total).toBe(3)
    expect(list.version).toBeGreaterThan(version)
    expect(dataOf(await invitee.get('/group/invitation_list'))).toEqual([
      expect.objectContaining({ status: 1 }),
    ])
    expect(
      (await owner.post('/group/apply/handle', { group_id, user_id: refusedOne.id, approval: true })).code,
    ).toBe(20014)
    expect(
      (await (await callers(instance).as(500_001)).get('/group/member_list', { group_id: 5 })).total,
    ).toBe(12_001)
    expect(await instance.check()).toEqual([])

    dataOf(await owner.post('/group/destroy', { group_id }))
    expect(await imported(member(group_id, 9), group(6))).toMatchObject({
      code: 0,
      stdout: `1 groups, 1 members and 0 blacklisted users are new\n1 groups were left out, for they are dissolved here: ${group_id}\n`,
    })
    await instance.stop()
  })

  it('again adds what is new, and leaves what the service changed as it is', async () => {
    const lines = [5, 6, 7].flatMap(id => [
      group(id, { owner_id: 10 + id }),
      member(id, 20 + id),
      blocked(id, 9),
    ])
    await imported(...lines)
    const first = await target.done('export', '--app', 'demo')
    const events = () => ask(target, 'SELECT count(*) FROM events')
    const told = events()
    expect(await imported(...lines)).toMatchObject({
      stdout: '0 groups, 0 members and 0 blacklisted users are new\n',
    })
    expect(await target.done('export', '--app', 'demo')).toBe(first)
    expect(events()).toBe(told)

    const instance = await target.serve()
    const { as } = callers(instance)
    const joined = async (user: number) => dataOf(await (await as(user)).get('/group/user_joined'))
    dataOf(await (await as(15)).post('/group/kick', { group_id: 5, user_list: [25] }))
    dataOf(await (await as(16)).post('/group/destroy', { group_id: 6 }))
    const newer = [...lines, member(5, 31), member(6, 32), member(7, 33)]
    expect(await imported(...newer)).toMatchObject({
      code: 0,
      stdout: `0 groups, 1 members and 0 blacklisted users are new
1 groups were left out, for they are changed here since they were imported: 5
1 groups were left out, for they are dissolved here: 6
`,
    })
    expect(await joined(25)).toEqual([])
    expect(await joined(31)).toEqual([])
    expect(await joined(32)).toEqual([])
    expect(await joined(33)).toEqual([7])
    // Of a newer file by which somebody else owns the group.
    expect(await imported(group(7, { owner_id: 27 }), member(7, 27, { role: 3 }))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/1 groups were left out, for they are owned by somebody else here: 7/),
    })
    expect(await instance.check()).toEqual([])
    await instance.stop()
  })

  it('takes ids up to 2^53-1, and new ones are made all the same', async () => {
    const { MAX_SAFE_INTEGER } = Number
    expect(await imported(group(MAX_SAFE_INTEGER), member(MAX_SAFE_INTEGER, MAX_SAFE_INTEGER))).toMatchObject(
      {
        code: 0,
      },
    )
    const instance = await target.serve()
    const { owner } = await people(instance, ['owner'])
    expect(await newGroup(owner)).toBeLessThan(2 ** 52)
    await instance.stop()
  })

  it('wants an app and a file', async () => {
    expect(await target.cli('import', '--app', 'nobody', place('x'))).toMatchObject({ code: 1 })
    writeFileSync(file, '')
    expect(await target.cli('import', '--app', 'nobody', file)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no app "nobody"/),
    })
    expect(await target.cli('import', file)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--app is missing/),
    })
    expect(await target.cli('import', '--app', 'demo')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/FILE is missing/),
    })
    expect(await imported('')).toMatchObject({
      code: 0,
      stdout: '0 groups, 0 members and 0 blacklisted users are new\n',
    })
  })
})
