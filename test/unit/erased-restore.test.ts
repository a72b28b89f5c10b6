import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import { bytesOf, filesWith, rowsWith } from '../support/erased.ts'
import { read, sendFile, toUser } from '../support/files.ts'
import { someBytes } from '../support/fixtures.ts'
import { dataOf, infoOf, memberIds, newGroup, people } from '../support/groups.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { installation } from '../support/programs.ts'

/* Erasure by the command line, and what a restore of an older backup does (docs/privacy.md). */

const folder = temporaryFolder()
const node = ['node', 'dist/cohort.js']
afterAll(() => removeFolder(folder))

it('a restore of an older backup erases again who was erased since, before anybody is served', async () => {
  const here = installation('node', node, join(folder, 'data'))
  const backup = join(folder, 'backup.db')
  const first = await here.serve()
  const { owner, friend } = await people(first, ['owner', 'friend'])
  const ids = [7_111_222_333_444_555, 7_222_333_444_555_666] as const
  const [person, stranger] = await Promise.all(
    ids.map(async id => Object.assign(await callers(first).as(id), { id })),
  )
  if (person === undefined || stranger === undefined) throw new Error('two ids make two users')
  const mark = 'gooseberry-77'
  const bytes = someBytes(4000, 7)
  const group_id = await newGroup(person, { name: 'Garden', user_list: [owner.id] })
  const other = await newGroup(owner, { user_list: [person.id, stranger.id] })
  dataOf(await person.post('/group/display_name', { group_id: other, value: mark }))
  const url = await sendFile(person, toUser(friend), bytes)
  dataOf(await stranger.post('/group/display_name', { group_id: other, value: 'stays' }))
  await here.done('backup', backup, '--files')
  await first.stop()

  const said = await here.done(
    'user',
    'erase',
    '--app',
    'demo',
    '--user',
    String(person.id),
    '--owned',
    'transfer',
  )
  expect(said).toContain('"owned_groups": 1')
  expect(said).toMatch(/\nerased\n$/)
  expect(await here.done('user', 'export', '--app', 'demo', '--user', String(person.id))).not.toContain(mark)
  expect(filesWith(here.data, bytesOf(mark))).toEqual({})

  const restored = await here.done('restore', backup, '--files', '--force')
  expect(restored).toContain('1 users who were erased since this backup are erased again.')
  expect(filesWith(here.data, bytesOf(mark))).toEqual({})
  expect(filesWith(here.data, Buffer.from(bytes))).toEqual({})
  const places = new Set(rowsWith(here.data, 'node', [mark, String(person.id)]))
  expect(places).toEqual(new Set(['events.subjects', 'erased_users.user_id']))

  const second = await here.serve()
  const [now, one] = await Promise.all([owner, friend].map(({ id }) => callers(second).as(id)))
  if (now === undefined || one === undefined) throw new Error('two users')
  expect(await infoOf(now, group_id)).toMatchObject({ owner_id: owner.id, count: 1 })
  expect((await memberIds(now, other)).sort()).toEqual([owner.id, stranger.id].sort())
  expect(
    (await read(one, new URL(new URL(url).pathname + new URL(url).search, second.url).href)).status,
  ).not.toBe(200)
  // The id is used again, by another person, whom a backup from after the erasure brings back.
  const again = await callers(second).as(person.id)
  dataOf(await again.post('/group/create', { name: 'Somebody else' }))
  const later = join(folder, 'later.db')
  await here.done('backup', later)
  expect(await second.check()).toEqual([])
  await second.stop()
  expect(await here.done('restore', later, '--force')).not.toContain('erased again')
  expect(rowsWith(here.data, 'node', ['Somebody else'])).toContain('groups.name')
  expect(await here.done('check')).toBe('ok\n')

  // A machine that has no ledger says so.
  const bare = installation('node', node, join(folder, 'bare'))
  cpSync(backup, join(folder, 'old.db'))
  expect(await bare.done('restore', join(folder, 'old.db'))).toContain('erase them again')
})

it('cohort user says what is wrong with what it is told', async () => {
  const here = installation('node', node, join(folder, 'usage'))
  await here.done('app', 'create', 'demo')
  const fails = async (...args: string[]) => {
    const { code, stderr } = await here.cli('user', ...args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(2)
    return stderr
  }
  expect(await fails('forget')).toContain('there is no "user forget"')
  expect(await fails('erase', '--app', 'demo', '--user', 'x')).toContain('--user must be a positive integer')
  expect(await fails('erase', '--app', 'demo', '--user', '1', '--owned', 'keep')).toContain('owned must be')
  const dry = await here.done('user', 'erase', '--app', 'demo', '--user', '1', '--dry-run')
  expect(JSON.parse(dry)).toMatchObject({ dry_run: true, state: 'none', memberships: 0 })
  expect(await here.done('user', 'erase', '--app', 'demo', '--user', '1')).toMatch(/erased\n$/)
})
