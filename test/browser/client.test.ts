import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openBrowser, startSite } from '../support/browser.ts'
import { bundleStory, expectStory, newStage } from '../support/client-story.ts'
import { commandTarget } from '../support/command-target.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import type { Instance } from '../support/target.ts'

/** The client on a page of another origin. */
describe('the client, in Chromium', () => {
  let service: Instance
  let site: Awaited<ReturnType<typeof startSite>>
  let browser: Awaited<ReturnType<typeof openBrowser>>
  const folder = temporaryFolder()
  beforeAll(async () => {
    const story = join(folder, 'story.mjs')
    await bundleStory('story.ts', story)
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start()
    site = await startSite()
    site.publish('/story.mjs', 'text/javascript', readFileSync(story))
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await site.close()
    await service.stop()
    await removeFolder(folder)
  })

  it('tells its story', async () => {
    const stage = await newStage(service)
    const page = await browser.context.newPage()
    await page.goto(site.url)
    // As text: the test's own bundler would make another thing of the import.
    const told = await page.evaluate(
      `import('/story.mjs').then(({ tell }) => tell(${JSON.stringify(stage)}))`,
    )
    expectStory(told, stage)
  })
})
