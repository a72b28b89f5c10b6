import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newStage } from '../support/client-story.ts'
import { commandTarget } from '../support/command-target.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'
import type { Instance } from '../support/target.ts'

/**
 * What somebody would write with the client that swagger-typescript-api has made: every type here is checked.
 */
const program = `
import { Api } from './api.ts'

const [url = '', app = '', anna = '', ben = ''] = process.argv.slice(2)
const client = (token: string) =>
  new Api<null>({ baseUrl: url, baseApiParams: { headers: { app_id: app, 'access-token': token }, format: 'json' } })

const created = await client(anna).group.groupCreate({ name: 'Book club', user_list: [Number(process.argv[6])] })
const group_id: number = created.data.data?.group_id ?? 0
const query = { group_id, limit: 1 }
const page = await client(ben).group.groupMemberList(query)
const total: number = page.data.total
const cursor: string = page.data.cursor
await client(anna).group.groupInfoName({ group_id, value: 'Book worms' })
const info = await client(ben).group.groupInfo({ group_id })
const refused = await client(ben).group.groupDestroy({ group_id })
const name: string | undefined = info.data.data?.name
const { code, message } = refused.data
console.log(JSON.stringify({ total, more: cursor !== '', first: page.data.data?.[0]?.user_id, name, code, message }))

// @ts-expect-error: the group is named by a number
const wrong = () => client(anna).group.groupInfo({ group_id: 'one' })
// @ts-expect-error: a title is needed
const missing = () => client(anna).group.groupAnnouncementEdit({ group_id, content: 'Chapter 3' })
void [wrong, missing]
`

const strict = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
  },
  files: ['program.ts'],
}

describe('a client generated from /openapi.json', () => {
  let service: Instance
  const folder = temporaryFolder()
  const file = (name: string) => join(folder, name)
  beforeAll(async () => {
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start()
    writeFileSync(file('openapi.json'), await (await fetch(`${service.url}/openapi.json`)).text())
    const generator = ['node_modules/.bin/swagger-typescript-api', 'generate', '--silent']
    const made = await run([...generator, '-p', file('openapi.json'), '-o', folder, '-n', 'api.ts'])
    if (made.code !== 0) throw new Error(made.stdout + made.stderr)
    // The generator has compilers pass over its files; here they are looked at.
    writeFileSync(file('api.ts'), readFileSync(file('api.ts'), 'utf8').replace('// @ts-nocheck', ''))
    writeFileSync(file('program.ts'), program)
    writeFileSync(file('tsconfig.json'), JSON.stringify(strict))
  })
  afterAll(async () => {
    await service.stop()
    await removeFolder(folder)
  })

  it('compiles strictly', async () => {
    const { code, stdout } = await run(['node_modules/.bin/tsc', '-p', file('tsconfig.json')])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  })

  it('calls a running service', async () => {
    const outfile = file('program.mjs')
    await build({ entryPoints: [file('program.ts')], outfile, bundle: true, platform: 'node', format: 'esm' })
    const { url, app, tokens, ids } = await newStage(service)
    const called = await run(['node', outfile, url, app, tokens.anna, tokens.ben, String(ids.ben)])
    expect({ code: called.code, stderr: called.stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(called.stdout)).toMatchObject({
      total: 2,
      more: true,
      first: ids.anna,
      name: 'Book worms',
      code: 20013,
    })
  })
})
