import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { freePort, type Running, removeFolder, startServer, temporaryFolder } from '../support/process.ts'

/** The example of a message server, as the README starts it: two browsers, a group, a message, a ban. */
let data: string
let cohort: Running
let messages: Running
let url: string
let browser: Awaited<ReturnType<typeof openBrowser>>

beforeAll(async () => {
  data = temporaryFolder()
  const [port, messagePort] = [await freePort(), await freePort()]
  const app = { APP_ID: 'demo', APP_SECRET: 'a-secret-of-the-demo-app-for-tests' }
  const nextDoor = { WEBHOOK_ALLOW: '127.0.0.1', WEBHOOK_ALLOW_HTTP: 'true' }
  const cohortUrl = `http://127.0.0.1:${port}`
  url = `http://127.0.0.1:${messagePort}`
  const service = { ...app, ...nextDoor, DATA_DIR: data, PORT: String(port) }
  cohort = await startServer(['node', 'dist/cohort.js', 'serve'], service, cohortUrl)
  const settings = { ...app, COHORT_URL: cohortUrl, PORT: String(messagePort) }
  messages = await startServer(['node', 'examples/message-server/server.mjs'], settings, url)
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  await messages.end('SIGKILL')
  await cohort.end('SIGTERM')
  await removeFolder(data)
})

async function signIn(user: number): Promise<Page> {
  const page = await browser.context.newPage()
  await page.goto(url)
  await page.fill('#enter [name=user]', String(user))
  await page.click('#enter button')
  await page.waitForSelector('#inside:not([hidden])')
  return page
}

const say = async (page: Page, text: string) => {
  await page.fill('#say [name=text]', text)
  await page.click('#say button')
}
const sees = (page: Page, text: string) => page.waitForSelector(`#log >> text=${text}`)

it('carries messages to members, and a ban takes effect at once', async () => {
  const [owner, member] = [await signIn(1), await signIn(2)]
  await owner.fill('#create [name=name]', 'Book club')
  await owner.click('#create button')
  await owner.waitForFunction("document.querySelector('#act [name=group]').value !== ''")
  const group = await owner.inputValue('#act [name=group]')
  await owner.fill('#act [name=other]', '2')
  await member.fill('#act [name=group]', group)

  await say(member, 'too early')
  await sees(member, 'not sent: not_a_member')
  await owner.click('#act [value=invite]')
  await sees(owner, 'by 2: 2')
  await say(member, 'hello everybody')
  await sees(owner, '2: hello everybody')
  await sees(member, '2: hello everybody')

  await owner.click('#act [value=ban]')
  await sees(member, 'by 1: 2')
  await say(member, 'am I heard?')
  await sees(member, 'not sent: banned')
  expect(await owner.locator('#log >> text=am I heard?').count()).toBe(0)
  await owner.click('#act [value=unban]')
  await say(owner, 'welcome back')
  await sees(member, '1: welcome back')
})
