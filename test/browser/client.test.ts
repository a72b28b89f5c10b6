import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { serviceAndSite } from '../support/browser.ts'
import { bundleStory, expectStory, newStage } from '../support/client-story.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

/** The client on a page of another origin. */
describe('the client, in Chromium', () => {
  const home = serviceAndSite()
  const folder = temporaryFolder()
  beforeAll(async () => {
    const story = join(folder, 'story.mjs')
    await bundleStory('story.ts', story)
    home.site.publish('/story.mjs', 'text/javascript', readFileSync(story))
  })
  afterAll(() => removeFolder(folder))

  it('tells its story', async () => {
    const stage = await newStage(home.service)
    const page = await home.openPage()
    // As text: the test's own bundler would make another thing of the import.
    const told = await page.evaluate(
      `import('/story.mjs').then(({ tell }) => tell(${JSON.stringify(stage)}))`,
    )
    expectStory(told, stage)
  })
})
