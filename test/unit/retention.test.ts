import { afterAll, beforeAll, expect, it } from 'vitest'
import { read, sendFile, toUser } from '../support/files.ts'
import { someBytes } from '../support/fixtures.ts'
import { dataOf, newGroup, people, type Tenant } from '../support/groups.ts'
import { operatorOf } from '../support/operator.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { type Installation, installation } from '../support/programs.ts'
import type { Instance } from '../support/target.ts'

const folder = temporaryFolder()
let program: Installation
let service: Instance
beforeAll(async () => {
  program = installation('node', ['node', 'dist/cohort.js'], folder)
  service = await program.serve()
})
afterAll(async () => {
  await service.stop()
  await removeFolder(folder)
})

const tenantWith = async (app_id: string): Promise<Tenant> => ({
  app_id,
  secret: await service.createApp(app_id, { retention_chat_days: 10, retention_shared_days: 10 }),
})
const send = async (tenant: Tenant, count: number): Promise<string[]> => {
  const { sender, friend } = await people(service, ['sender', 'friend'], tenant)
  const urls: string[] = []
  // As many as one user may send at the same time.
  for (let at = 0; at < count; at += 8) {
    const some = Array.from({ length: Math.min(8, count - at) }, () =>
      sendFile(sender, toUser(friend), someBytes(7)),
    )
    urls.push(...(await Promise.all(some)))
  }
  return urls
}
const run = async (name: string) =>
  dataOf(await (await operatorOf(service)).post('/operator/job/run', { name }))

it('one run removes no more than it may, and apps take turns', async () => {
  const [large, small] = [await tenantWith('a-large'), await tenantWith('b-small')]
  await send(large, 120)
  const [url = ''] = await send(small, 1)
  service.makeFilesOlder(11)
  // A run that is asked for handles as many as one of a cron trigger.
  expect(await run('expire-files')).toEqual({ files: 100 })
  const { reader } = await people(service, ['reader'], small)
  expect((await read(reader, url)).status).toBe(404)
  expect(await run('expire-files')).toEqual({ files: 21 })
  expect(await run('expire-files')).toEqual({ files: 0 })
  await run('collect-released')
})

it('`cohort gc --dry-run` says what would go and changes nothing; `cohort gc` does it', async () => {
  const tenant = await tenantWith('dry')
  await send(tenant, 3)
  const { owner } = await people(service, ['owner'], tenant)
  const group_id = await newGroup(owner)
  for (const name of ['a', 'b'])
    dataOf(
      await owner.post('/group/file/upload', { group_id, name, size: 1, url: 'https://example.org/a.txt' }),
    )
  const shared = await sendFile(owner, { to_id: group_id, to_type: 2, file_type: 200 }, someBytes(100))
  dataOf(await owner.post('/group/file/upload', { group_id, name: 'c', size: 100, url: shared }))
  service.makeFilesOlder(11)
  const objects = await service.storedObjects()
  const [told, again] = [await program.done('gc', '--dry-run'), await program.done('gc', '--dry-run')]
  expect(told).toContain('expire-files: would delete 4 files, 3 records, 121 bytes\n')
  expect(again).toBe(told)
  expect(await service.storedObjects()).toBe(objects)
  expect((await read(owner, shared)).status).toBe(200)
  const done = await program.done('gc')
  expect(done).toMatch(/^expire-files: \d+ files$/m)
  expect(done).toContain('freed 121 bytes of 4 files\n')
  expect((await read(owner, shared)).status).toBe(404)
  expect(await program.done('gc', '--dry-run')).toContain(
    'expire-files: would delete 0 files, 0 records, 0 bytes\n',
  )
})
