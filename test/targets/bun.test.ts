import { beforeAll } from 'vitest'
import { runSuites } from '../suites/all.ts'
import { commandTarget } from '../support/command-target.ts'
import { run } from '../support/process.ts'

beforeAll(async () => {
  const { code, stderr } = await run(['npm', 'run', '--silent', 'build:binary'])
  if (code !== 0) throw new Error(stderr)
})

runSuites(commandTarget('bun', ['dist/cohort']))
