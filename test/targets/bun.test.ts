import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { scansByClamd } from '../scan/by-clamd.ts'
import { runSuites } from '../suites/all.ts'
import { commandTarget } from '../support/command-target.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

/** The binary and nothing else: no sources, no packages. */
const folder = temporaryFolder()
const binary = join(folder, 'cohort')

beforeAll(async () => {
  const { code, stderr } = await run(['npm', 'run', '--silent', 'build:binary', '--', '--outfile', binary])
  if (code !== 0) throw new Error(stderr)
})
afterAll(() => removeFolder(folder))

const target = commandTarget('bun', [binary], { cwd: folder })
runSuites(target)
scansByClamd(target)
