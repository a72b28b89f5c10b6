import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { installed } from '../support/installed.ts'
import { folderAmongPackages, removeFolder, run, temporaryFolder } from '../support/process.ts'

/*
 * The n-th file call fails: a short story with uploads, shares, deletions, backup and restore is played over
 * and over, and each time another call is refused by a small library between the process and the system.
 * After each, what a restart finds is held against every answer. FILE_FAULT_STEP=1 has every call fail, and
 * not only every 29th.
 */

const step = Number(process.env.FILE_FAULT_STEP ?? 29)

/** A call that is interrupted for ever is one that hangs, which is tried elsewhere. */
const faults = [
  ['EIO', 'once'],
  ['EIO', 'ever'],
  ['ENOSPC', 'once'],
  ['ENOSPC', 'ever'],
  ['EROFS', 'ever'],
  ['EMFILE', 'ever'],
  ['EINTR', 'once'],
  ['short', 'once'],
  ['short', 'ever'],
] as const

const folder = temporaryFolder()
const shim = join(folder, 'shim.so')
let program = ''

/** A library is preloaded on Linux alone. */
const compiler = process.platform === 'linux' && installed('cc')

beforeAll(async () => {
  if (!compiler) return
  const source = fileURLToPath(new URL('./file-faults/shim.c', import.meta.url))
  const compiled = await run(['cc', '-shared', '-fPIC', '-O2', '-Wall', '-o', shim, source, '-ldl'])
  if (compiled.code !== 0) throw new Error(compiled.stderr)
  program = join(folderAmongPackages(), 'story.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./file-faults/story.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3', 'vitest', 'sharp', '@aws-sdk/*'],
    banner: {
      js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
    },
    logLevel: 'warning',
  })
})
afterAll(async () => {
  if (program !== '') await removeFolder(dirname(program))
  await removeFolder(folder)
})

it.skipIf(!compiler).each(faults.map(([errno, mode], i) => ({ errno, mode, first: 1 + i })))(
  'no answer is a lie where the n-th file call fails with $errno, $mode',
  async ({ errno, mode, first }) => {
    const place = join(folder, `${errno}-${mode}`)
    mkdirSync(place)
    const environment = {
      LD_PRELOAD: shim,
      FAULT_ROOT: place,
      FAULT_REPORT: join(folder, `report-${errno}-${mode}`),
    }
    const story = [process.execPath, program, place, errno, mode, String(first), String(step)]
    const { code, stdout, stderr } = await run(story, environment)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const { rounds, problems } = JSON.parse(stdout)
    expect(problems).toEqual([])
    expect(rounds).toBeGreaterThan(2)
  },
  3_600_000,
)
