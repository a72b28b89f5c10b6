import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, troublesOf } from '../support/browser.ts'
import { callers } from '../support/client.ts'
import { commandTarget } from '../support/command-target.ts'
import { dataOf } from '../support/groups.ts'
import type { Instance } from '../support/target.ts'

/** Pictures of the page go there, to be looked at, if it is set. */
const { DOCS_PICTURES } = process.env

describe('the documentation, in Chromium', () => {
  let service: Instance
  let browser: Awaited<ReturnType<typeof openBrowser>>
  let page: Page
  let troubles: string[]
  const elsewhere: string[] = []
  beforeAll(async () => {
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start()
    browser = await openBrowser()
    page = await browser.context.newPage()
    troubles = troublesOf(page)
    page.on('request', request => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(service.url))
        elsewhere.push(request.url())
    })
    if (DOCS_PICTURES !== undefined) mkdirSync(DOCS_PICTURES, { recursive: true })
  })
  afterAll(async () => {
    await browser.close()
    await service.stop()
  })

  /** Loads the page once; then only its address changes, as by a click in its list. */
  const open = async (hash: string, heading: string) => {
    if (!page.url().startsWith(service.url)) await page.goto(`${service.url}/docs`)
    await page.getByText('Authentication and first call').first().waitFor()
    await page.evaluate(to => {
      globalThis.location.hash = to
    }, hash)
    await page.getByRole('heading', { name: heading, exact: true }).first().waitFor()
    await page.waitForTimeout(500)
  }
  const picture = async (name: string) => {
    if (DOCS_PICTURES !== undefined) await page.screenshot({ path: `${DOCS_PICTURES}/${name}.png` })
  }
  const search = async (text: string) => {
    await page.locator('button[role=search]').first().click()
    await page.getByRole('combobox').or(page.getByRole('searchbox')).last().fill(text)
  }

  it('finds what is searched for, and leads there', async () => {
    await open('', 'Cohort')
    await search('kick')
    const found = page.getByRole('option', { name: /Kick members out of a group/ })
    await found.waitFor()
    await picture('search')
    await found.click()
    await page.waitForURL(/kick/)
    await page.getByRole('heading', { name: 'Kick members out of a group' }).first().waitFor()
    await picture('operation')
  })

  it('shows an example of what is sent and answered', async () => {
    await open('#tag/groups/POST/group/create', 'Create a group')
    const section = page
      .locator('section', { has: page.getByRole('heading', { name: 'Create a group' }) })
      .last()
    await section.getByText('A chapter a week').first().waitFor()
    await section.getByText('"owner_id"').first().waitFor()
    await picture('example')
  })

  it('makes a real call with a token', async () => {
    const anna = await callers(service).as(1)
    await open('#tag/groups/POST/group/create', 'Create a group')
    // Scalar gives its fields no label of their own: the app's id comes first, then the token.
    const [, token] = await page.locator('input[placeholder^="QUxM"]').all()
    await token?.fill(anna.headers['access-token'] ?? '')
    await page
      .getByRole('button', { name: /^Test Request.*\/group\/create/ })
      .first()
      .click()
    const client = page.getByRole('dialog', { name: 'API Client' })
    await client.getByRole('button', { name: /Send/ }).first().click()
    await client.getByText('"owner_id"').first().waitFor()
    await picture('try')
    const [group_id] = dataOf(await anna.get('/group/user_joined'))
    const group = dataOf(await anna.get('/group/info', { group_id }))
    expect(group).toMatchObject({ name: 'Book club', owner_id: 1 })
    await page.keyboard.press('Escape')
  })

  it.each([
    ['wide', 1280, 'light'],
    ['phone', 360, 'light'],
    ['dark', 1280, 'dark'],
  ] as const)('fits the window: %s', async (name, width, colorScheme) => {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    await open('', 'Cohort')
    await picture(name)
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(wide).toBe(0)
    await open('#tag/groups/POST/group/create', 'Create a group')
    await page.waitForTimeout(500)
    await picture(`${name}-operation`)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.emulateMedia({ colorScheme: 'light' })
  })

  it('lists every route without scripts', async () => {
    const plain = await (await fetch(`${service.url}/docs`)).text()
    expect(plain).toMatch(/<noscript>[\s\S]*POST \/group\/create[\s\S]*<\/noscript>/)
  })

  it('loads from this service alone, and without an error', () => {
    expect(elsewhere).toEqual([])
    expect(troubles).toEqual([])
  })
})
