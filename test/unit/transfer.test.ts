import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { testFolder } from '../support/test-folder.ts'
import { fullApp, linesIn } from '../support/transfer.ts'

const { place, onNode } = testFolder()

describe('export and import', () => {
  const source = onNode()
  let exported: string
  beforeAll(async () => {
    await fullApp(source)
    exported = await source.done('export', '--app', 'demo')
  })

  it('carry groups, members and blacklists over as they are', async () => {
    const file = place('app.ndjson')
    await source.done('export', '--app', 'demo', file)
    expect(readFileSync(file, 'utf8')).toBe(exported)
    expect(await source.cli('export', '--app', 'demo', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--force/),
    })
    const target = onNode()
    await target.done('app', 'create', 'moved')
    expect(await target.done('import', '--app', 'moved', file)).toBe(
      '2 groups, 6 members and 1 blacklisted users are new\n',
    )
    expect(linesIn(await target.done('export', '--app', 'moved'))).toEqual(linesIn(exported))
    expect(await target.done('check')).toBe('ok\n')
    expect(await target.done('import', '--app', 'moved', file)).toBe(
      '0 groups, 0 members and 0 blacklisted users are new\n',
    )
    expect(linesIn(await target.done('export', '--app', 'moved'))).toEqual(linesIn(exported))
    expect(existsSync(`${file}.progress`)).toBe(false)
  })

  it('carry the ban of somebody who left over: it is in force when they come back', async () => {
    const origin = onNode()
    const instance = await origin.serve()
    const { owner, user } = await people(instance, ['owner', 'user'])
    const group_id = await newGroup(owner, { user_list: [user.id] })
    dataOf(await owner.post('/group/ban', { group_id, user_list: [user.id], duration: -1 }))
    dataOf(await user.post('/group/leave', { group_id }))
    await instance.stop()
    const file = place('banned.ndjson')
    await origin.done('export', '--app', 'demo', file)

    const target = onNode()
    await target.done('app', 'create', 'demo')
    for (const _ of ['first', 'again']) await target.done('import', '--app', 'demo', file)
    const moved = await target.serve()
    const as = async (id: number) => callers(moved).as(id)
    dataOf(await (await as(owner.id)).post('/group/invite', { group_id, user_list: [user.id] }))
    expect(dataOf(await (await as(owner.id)).get('/group/banned_list', { group_id }))).toMatchObject([
      { user_id: user.id },
    ])
    expect(await moved.check()).toEqual([])
    await moved.stop()
  })

  it('give a group a new id where another app has its own, the same one every time', async () => {
    const file = place('app.ndjson')
    await source.done('export', '--app', 'demo', file)
    await source.done('app', 'create', 'other')
    expect(await source.done('import', '--app', 'other', file)).toMatch(
      /^2 groups, 6 members .*\n2 groups got new ids, for another app has theirs: .*app\.ndjson\.ids/,
    )
    const ids = new Map(
      readFileSync(`${file}.ids`, 'utf8')
        .trimEnd()
        .split('\n')
        .map(pair => pair.split(' ').map(Number) as [number, number]),
    )
    const renumbered = (lines: readonly unknown[]) =>
      (lines as { group_id: number }[]).map(value => ({ ...value, group_id: ids.get(value.group_id) }))
    const other = await source.done('export', '--app', 'other')
    expect(linesIn(other)).toEqual(renumbered(linesIn(exported)))
    expect(await source.done('import', '--app', 'other', file)).toBe(
      '0 groups, 0 members and 0 blacklisted users are new\n',
    )
    expect(await source.done('export', '--app', 'other')).toBe(other)
    expect(await source.done('check')).toBe('ok\n')
  })
})
