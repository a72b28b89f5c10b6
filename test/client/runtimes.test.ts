import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleStory, expectStory, newStage } from '../support/client-story.ts'
import { commandTarget } from '../support/command-target.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'
import type { Instance } from '../support/target.ts'

/** The one file of the client, on every runtime but browsers, against a real service. */
describe('the client', () => {
  let service: Instance
  const folder = temporaryFolder()
  const program = join(folder, 'story.mjs')
  const worker = join(folder, 'worker.mjs')
  beforeAll(async () => {
    await Promise.all([bundleStory('story-program.ts', program), bundleStory('story-worker.ts', worker)])
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start()
  })
  afterAll(async () => {
    await service.stop()
    await removeFolder(folder)
  })

  it.each([
    ['Node', ['node']],
    ['Bun', ['node_modules/.bin/bun']],
    ['Deno', ['node_modules/.bin/deno', 'run', '--allow-net']],
  ])('tells its story on %s', async (_, command) => {
    const stage = await newStage(service)
    const { code, stdout, stderr } = await run([...command, program, JSON.stringify(stage)])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expectStory(JSON.parse(stdout), stage)
  })

  it('tells its story on workerd', async () => {
    const stage = await newStage(service)
    const miniflare = new Miniflare({
      modules: [{ type: 'ESModule', path: 'worker.mjs', contents: readFileSync(worker, 'utf8') }],
      compatibilityDate: '2026-04-01',
    })
    try {
      const body = JSON.stringify(stage)
      const answer = await miniflare.dispatchFetch('http://story.test/', { method: 'POST', body })
      expectStory(await answer.json(), stage)
    } finally {
      await miniflare.dispose()
    }
  })
})
