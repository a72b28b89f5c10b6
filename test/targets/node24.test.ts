import { afterAll, beforeAll } from 'vitest'
import { runSuites } from '../suites/all.ts'
import { crashSuite } from '../suites/crash.ts'
import { downloads } from '../suites/files/downloads.ts'
import { pictures } from '../suites/files/pictures.ts'
import { rangesAndTags } from '../suites/files/ranges-and-tags.ts'
import { httpSuite } from '../suites/http.ts'
import { storySuite } from '../suites/story.ts'
import { commandTarget } from '../support/command-target.ts'
import { programOnNode24 } from '../support/node24.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

/** What a new Node could break: HTTP, streams, threads, native code. The rules are the same on every Node. */
const folder = temporaryFolder()
const command: string[] = []

beforeAll(() => {
  command.push(...programOnNode24(folder))
}, 600_000)
afterAll(() => removeFolder(folder))

runSuites(commandTarget('node24', command), {
  story: storySuite,
  http: httpSuite,
  crash: crashSuite,
  'file downloads': downloads,
  'file ranges and tags': rangesAndTags,
  'file pictures': pictures,
})
