import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type Client, callers } from '../support/client.ts'
import { read, sendFile, toGroup } from '../support/files.ts'
import { dataOf, newGroup } from '../support/groups.ts'
import { buildBinary, installation, programs } from '../support/programs.ts'
import type { Instance } from '../support/target.ts'
import { testFolder } from '../support/test-folder.ts'
import { newWorld, type World } from '../support/world.ts'

const { folder, place, onNode } = testFolder()
const binary = join(folder, 'cohort')

beforeAll(() => buildBinary(binary))

const leftovers = (directory: string): string[] =>
  readdirSync(directory).filter(name => name.includes('.tmp'))

/** What a member is told about the world, and the bytes of a file in it. */
async function tellAll(instance: Instance, world: World, path: string) {
  const { as, admin } = callers(instance)
  const { group_id } = world
  const readers: Client[] = [await as(world.member.id), await as(world.owner.id), await admin()]
  const answers: Answer['body'][] = []
  for (const client of readers) {
    for (const route of [
      'info',
      'member_list',
      'admin_list',
      'banned_list',
      'blocked_list',
      'announcement/list',
      'file/list',
      'settings',
    ]) {
      answers.push((await client.get(`/group/${route}`, { group_id })).body)
    }
  }
  answers.push((await (await as(world.invitee.id)).get('/group/invitation_list')).body)
  const { status, bytes, headers } = await read(await as(world.member.id), new URL(path, instance.url).href)
  return { answers, file: { status, bytes: Buffer.from(bytes).toString('hex'), etag: headers.get('etag') } }
}

describe.each(Object.entries(programs(binary)))('backup and restore with %s', (name, program) => {
  const before = installation(name, program, place('data'))
  const after = installation(name, program, place('data'))
  const file = place('backup.db')

  it('bring back a running service as it was, its files too', async () => {
    const original = await before.serve()
    const world = await newWorld(original)
    const bytes = new Uint8Array(300_000).map((_, i) => i % 251)
    const url = await sendFile(world.owner, toGroup(world.group_id), bytes)
    const path = new URL(url).pathname + new URL(url).search
    const told = await tellAll(original, world, path)
    expect(told.file).toMatchObject({ status: 200, bytes: Buffer.from(bytes).toString('hex') })

    expect(await before.done('backup', file, '--files')).toMatch(
      /: 1 files of 300000 bytes, 0 were there already/,
    )
    expect(await before.cli('restore', file, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/a service is running/),
    })
    expect(await before.cli('backup', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/exists: --force/),
    })
    expect(await before.done('backup', file, '--files', '--force')).toMatch(
      /: 0 files of 0 bytes, 1 were there already/,
    )
    expect(await tellAll(original, world, path)).toEqual(told)
    await original.stop()
    expect(existsSync(join(before.data, 'cohort.pid'))).toBe(false)

    expect(await after.done('restore', file)).toMatch(/--files brings them back/)
    expect(await after.done('restore', file, '--files', '--force')).toMatch(/1 files of 300000 bytes/)
    const restored = await after.serve()
    expect(await tellAll(restored, world, path)).toEqual(told)
    expect(await restored.check()).toEqual([])
    await restored.stop()
    expect([...leftovers(folder), ...leftovers(after.data)]).toEqual([])
    // It holds secrets.
    expect(statSync(file).mode & 0o077).toBe(0)
  })
})

it('a backup under load ends, has all that was answered before it began, and is whole', async () => {
  const loaded = onNode()
  await loaded.done('app', 'create', 'many')
  const lines = place('many.ndjson')
  const members = (group_id: number) =>
    Array.from({ length: 1500 }, (_, i) =>
      JSON.stringify({ type: 'member', group_id, user_id: 10 + i }),
    ).join('\n')
  const groups = Array.from(
    { length: 60 },
    (_, i) => `{"type":"group","group_id":${i + 1},"owner_id":1}\n${members(i + 1)}`,
  )
  writeFileSync(lines, groups.join('\n'))
  await loaded.done('import', '--app', 'many', lines)
  // More than one step of a backup.
  expect(statSync(join(loaded.data, 'cohort.db')).size / 4096).toBeGreaterThan(1000)

  const original = await loaded.serve()
  const { as } = callers(original)
  const answered: number[] = []
  let writing = true
  const writers = Array.from({ length: 8 }, async (_, i) => {
    const client = await as(100 + i)
    while (writing) answered.push(await newGroup(client, { name: 'Under load' }))
  })
  while (answered.length < 200) await new Promise(resolve => setImmediate(resolve))
  const earlier = [...answered]
  const file = place('loaded.db')
  await loaded.done('backup', file)
  const meanwhile = answered.length - earlier.length
  writing = false
  await Promise.all(writers)
  await original.stop()
  expect(meanwhile).toBeGreaterThan(0)

  const copy = onNode()
  await copy.done('restore', file)
  const restored = await copy.serve()
  const reader = await callers(restored).as(1)
  for (let i = 0; i < earlier.length; i += 500) {
    const group_list = earlier.slice(i, i + 500)
    const infos: { group_id: number }[] = dataOf(await reader.post('/group/info/batch', { group_list }))
    expect(infos.map(({ group_id }) => group_id)).toEqual(group_list)
  }
  expect(await restored.check()).toEqual([])
  await restored.stop()
})

it('a backup of nothing, or of an unknown place, is refused', async () => {
  const nothing = onNode()
  expect(await nothing.cli('backup', place('x.db'))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no database/),
  })
  expect(existsSync(nothing.data)).toBe(false)
  expect(await nothing.cli('backup')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/FILE is missing/),
  })
  expect(await nothing.cli('backup', 's3:x.db')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/S3_BUCKET must be set/),
  })
})
