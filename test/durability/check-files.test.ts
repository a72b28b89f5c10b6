import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { crowd, newTenant } from '../support/crowds.ts'
import { sendFile, toGroup } from '../support/files.ts'
import { newGroup } from '../support/groups.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { installation } from '../support/programs.ts'

const folder = temporaryFolder()
afterAll(() => removeFolder(folder))

it('finds stored files without bytes or with others, and bytes that no row knows', async () => {
  const { cli, data, serve } = installation('node', ['node', 'dist/cohort.js'], join(folder, 'data'))
  const service = await serve()
  const [user] = await crowd(service, 1, await newTenant(service, 'files'))
  if (user === undefined) throw new Error('no user')
  const group_id = await newGroup(user)
  for (const size of [1000, 2000, 3000])
    await sendFile(user, toGroup(group_id), new Uint8Array(size).fill(65))
  // Beside the service, too.
  expect(await cli('check', '--files')).toMatchObject({ code: 0, stdout: 'ok\n' })
  await service.stop()

  const objects = join(data, 'files', 'objects')
  const [first = '', second = ''] = readdirSync(objects, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
  const keyOf = (path: string) => path.slice(path.lastIndexOf('/') + 1).replaceAll('~', '/')
  rmSync(first)
  truncateSync(second, 10)
  writeFileSync(join(second, '..', 'files~chat~nobody'), 'left behind')
  const { code, stdout } = await cli('check', '--files')
  expect(code).toBe(1)
  expect(stdout.split('\n').sort()).toEqual(
    [
      '',
      `a stored file has lost its bytes: ${keyOf(first)}`,
      `a stored file has lost its bytes: ${keyOf(second)}`,
      'a file in the store has no row: files/chat/nobody',
    ].sort(),
  )
  expect(await cli('check')).toMatchObject({ code: 0 })
})
