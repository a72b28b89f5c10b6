import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

/* `npm run cohort` builds beside a running service, and beside other commands. */

const folder = temporaryFolder()
afterAll(() => removeFolder(folder))

/** What builds write. */
const built = [
  ...['cohort.js', 'program.cjs', 'program.cjs.map', 'program.cache', 'reference.cjs'],
  ...['voice-worker.js', 'picture-process.js', 'checkpoint-worker.js', 'log-worker.js'],
  ...['client/client.js', 'amr.wasm', 'opus.wasm'],
].map(name => join('dist', name))
const assets = [
  'src/http/assets.gen.js',
  'src/http/reference.gen.js',
  'src/entry/worker/assets/docs/reference.js',
]

describe('a build', () => {
  const identities = () =>
    [...built, ...assets].map(path => {
      const { ino, mtimeMs } = statSync(path)
      return { path, ino, mtimeMs }
    })

  it.each(['build.mjs', 'extract-wasm.mjs'])('of the same sources writes no file: %s', async script => {
    const before = identities()
    expect(await run(['node', `scripts/${script}`])).toMatchObject({ code: 0 })
    expect(identities()).toEqual(before)
  })

  it('replaces a file as a whole: who reads the old one reads it to its end', async () => {
    const file = join(folder, 'program.cjs')
    writeFileSync(file, 'old')
    const reader = openSync(file, 'r')
    const script = `import('./scripts/write-whole.mjs').then(m => m.writeWhole('${file}', 'new, and longer'))`
    expect(await run(['node', '-e', script])).toMatchObject({ code: 0 })
    expect(readFileSync(reader, 'utf8')).toBe('old')
    expect(readFileSync(file, 'utf8')).toBe('new, and longer')
    expect(readdirSync(folder)).toEqual(['program.cjs'])
    closeSync(reader)
  })
})
