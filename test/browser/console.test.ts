import { mkdirSync, readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, startSite, troublesOf } from '../support/browser.ts'
import { consoleLink, furnish, hostile, problemsOf } from '../support/console.ts'
import { type ConsoleHome, consoleHomes } from '../support/console-homes.ts'
import { administratorClient } from '../support/operator.ts'
import type { Instance } from '../support/target.ts'

/** Pictures of every screen go there, to be looked at, if it is set. */
const { CONSOLE_PICTURES } = process.env

describe.each(Object.entries(consoleHomes))('the console of %s, in Chromium', (name, build) => {
  let home: ConsoleHome
  let service: Instance
  let browser: Awaited<ReturnType<typeof openBrowser>>
  let page: Page
  let group_id: number
  /** Path and query of a file that is under quarantine. */
  let quarantined: string
  let troubles: string[]
  beforeAll(async () => {
    home = await build()
    service = await home.target.start()
    ;({ group_id, quarantined } = await furnish(service))
    browser = await openBrowser()
    page = await browser.context.newPage()
    troubles = troublesOf(page)
    await page.goto(await consoleLink(service))
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    if (CONSOLE_PICTURES !== undefined) mkdirSync(CONSOLE_PICTURES, { recursive: true })
  })
  afterEach(() => expect(troubles.splice(0)).toEqual([]))
  afterAll(async () => {
    await browser.close()
    await service.stop()
    await home.remove()
  })

  const open = async (path: string, heading: string | RegExp) => {
    await page.evaluate(hash => {
      globalThis.location.hash = hash
    }, `#/${path}`)
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await page.waitForFunction(() => document.querySelector('.loading') === null)
  }
  const said = (text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
  const confirm = (label: string) => page.getByRole('dialog').getByRole('button', { name: label }).click()

  const screens = (): [string, string, string | RegExp][] => [
    ['overview', '', 'Overview'],
    ['apps', 'apps', 'Apps'],
    ['app', 'apps/demo', 'demo'],
    ['groups', 'apps/demo/groups', 'demo: groups'],
    ['group', `apps/demo/groups/${group_id}`, /img src/],
    ['users', 'apps/demo/users', 'demo: users'],
    ['user', 'apps/demo/users/2', 'User 2'],
    ['files', 'apps/demo/files', 'demo: files'],
    ['moderation', 'apps/demo/moderation', 'demo: moderation'],
    ['events', 'apps/demo/events', 'demo: events'],
    ['audit', 'apps/demo/audit', 'demo: audit'],
    ['webhooks', 'apps/demo/webhooks', 'demo: webhooks'],
    ['backups', 'backups', 'Backups'],
  ]

  /** One page is the same in every home: how it looks is looked at in one, that all is there in each. */
  const views = [
    ['wide', 1280, 'light'],
    ['phone', 360, 'light'],
    ['dark', 1280, 'dark'],
  ] as const
  it.each(name === 'node' ? views : views.slice(0, 1))(
    'shows every screen well: %s',
    async (view, width, colorScheme) => {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      for (const [screen, path, heading] of screens()) {
        await open(path, heading)
        // Pictures and events come a moment later.
        await page.waitForTimeout(300)
        if (CONSOLE_PICTURES !== undefined)
          await page.screenshot({ path: `${CONSOLE_PICTURES}/${screen}-${view}.png`, fullPage: true })
        expect.soft({ screen, problems: await problemsOf(page) }).toEqual({ screen, problems: [] })
      }
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.emulateMedia({ colorScheme: 'light' })
    },
  )

  it('is worked by the keyboard alone', async () => {
    await open('apps', 'Apps')
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    for (let n = 0; n < 30 && (await focused()) !== 'demo'; n++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'demo' }).waitFor()
  })

  it('makes an app, signs a token, rotates and ends a secret, and deletes the app', async () => {
    await open('apps', 'Apps')
    await page.getByLabel('Id: letters, digits, _ or -').fill('from-console')
    await page.getByRole('button', { name: 'Create' }).click()
    await said('The app from-console is there.')
    await page.getByRole('link', { name: 'from-console' }).click()
    await page.getByRole('heading', { level: 1, name: 'from-console' }).waitFor()
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await said('The token is good for an hour.')
    await page.getByRole('button', { name: 'New secret' }).click()
    await said(/A new secret signs/)
    const ends = page.getByRole('table').first().getByRole('button', { name: /^End / })
    // The table is shown anew a moment after the message.
    await ends.nth(1).waitFor()
    const end = ends.last()
    const label = (await end.textContent()) ?? ''
    await end.click()
    await confirm(label)
    await said(/has ended/)
    await page.getByLabel('Setting', { exact: true }).selectOption('max_groups')
    await page.getByLabel('Value; empty: its default').fill('5')
    await page.getByRole('button', { name: 'Change' }).click()
    await said('max_groups is 5 now.')
    await page.getByRole('button', { name: 'Delete app' }).click()
    await confirm('Delete app')
    await said(/is deleted/)
  })

  it('puts a file under quarantine, releases it, and deletes it', async () => {
    await open('apps/demo/files', 'demo: files')
    await page.getByRole('button', { name: 'Quarantine' }).first().click()
    await confirm('Quarantine')
    await said('The file is under quarantine.')
    await page.getByRole('link', { name: 'under quarantine' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'demo: moderation' }).waitFor()
    for (const left of [1, 0]) {
      await page.getByRole('button', { name: 'Release' }).first().click()
      await said(/The file is released/)
      await page.waitForFunction(count => document.querySelectorAll('tbody tr').length === count, left)
    }
    await page.getByText('No file is under quarantine.').waitFor()
    await page.getByLabel('Download URL of the file').fill(service.url + quarantined)
    await page.getByLabel('Reason, for the sender').fill('Again')
    await page.getByRole('button', { name: 'Quarantine' }).click()
    await page.getByRole('cell', { name: 'Again' }).waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await confirm('Delete')
    await said('The file is deleted.')
    await page.getByText('No file is under quarantine.').waitFor()
  })

  it('exports a user, shows what would go, and erases it by its typed id', async () => {
    await open('apps/demo/users/1', 'User 1')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('demo-user-1.ndjson')
    const lines = readFileSync(await file.path(), 'utf8')
      .trimEnd()
      .split('\n')
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ type: 'end', lines: lines.length })
    await open('apps/demo/users/1', 'User 1')
    await page.getByRole('button', { name: 'Show what would go' }).click()
    await said('Nothing is erased yet.')
    const owned = page.getByRole('region', { name: 'Groups that it owns' })
    await owned.getByRole('row', { name: 'Book club 2' }).waitFor()
    if (CONSOLE_PICTURES !== undefined)
      await page.screenshot({ path: `${CONSOLE_PICTURES}/erase.png`, fullPage: true })
    expect(await problemsOf(page)).toEqual([])
    await page.setViewportSize({ width: 360, height: 800 })
    expect(await problemsOf(page)).toEqual([])
    if (CONSOLE_PICTURES !== undefined)
      await page.screenshot({ path: `${CONSOLE_PICTURES}/erase-phone.png`, fullPage: true })
    await page.setViewportSize({ width: 1280, height: 800 })
    await open('apps/demo/users/77', 'User 77')
    await page.getByRole('button', { name: 'Show what would go' }).click()
    await page.getByLabel('Type 77 to erase it').fill('2')
    await page.getByRole('button', { name: 'Erase', exact: true }).click()
    await said('Erase: type 77, the id of the user')
    await page.getByLabel('Type 77 to erase it').fill('77')
    await page.getByRole('button', { name: 'Erase', exact: true }).click()
    await said(/77 is being erased/)
    await page.getByText(/Is being erased|Was erased on/).waitFor()
  })

  it('acts on a group: renames, invites, bans, kicks, accepts, publishes, blocks, dissolves', async () => {
    await open(`apps/demo/groups/${group_id}`, /img src/)
    await page.getByRole('button', { name: 'Accept 3' }).click()
    await said('3 is a member now.')
    await page.getByRole('button', { name: 'Ban 2 for a day' }).click()
    await said('2 may not send for a day.')
    await page.getByRole('button', { name: 'Unban 2' }).click()
    await said('2 may send again.')
    await page.getByRole('button', { name: 'Kick 2' }).click()
    await confirm('Kick 2')
    await said('2 is no member any more.')
    await page.getByRole('button', { name: 'Unblock 9' }).click()
    await said('9 may join again.')
    await page.getByLabel('Title').fill('News')
    await page.getByLabel('Content').fill('Of today')
    await page.getByRole('button', { name: 'Publish' }).click()
    await said('The announcement is published.')
    await page.getByLabel('Name', { exact: true }).fill('Renamed')
    await page.getByRole('button', { name: 'Rename' }).click()
    await said('The group is called Renamed now.')
    await page.getByRole('button', { name: 'Dissolve group' }).click()
    await confirm('Dissolve group')
    await said('The group is dissolved.')
  })

  it('shows who did what, filtered and a page at a time', async () => {
    const admin = await administratorClient(service)
    const named = await admin.group.create({ name: 'Often renamed' }, { as: { user_id: 1 } })
    for (let i = 0; i < 60; i++) await admin.group.setName({ group_id: named.group_id, value: `Name ${i}` })
    await open('apps/demo/audit', 'demo: audit')
    const trail = page.getByRole('region', { name: 'Audit trail' })
    const rows = trail.getByRole('row')
    await trail.getByText('group.profile.changed').first().waitFor()
    const all = await rows.count()
    await page.getByLabel('What').selectOption('group.blacklist.added')
    await page.getByRole('button', { name: 'Show' }).click()
    await said('Only what fits is shown.')
    await trail.getByText('group.profile.changed').first().waitFor({ state: 'detached' })
    expect(await rows.count()).toBeLessThan(all)
    for (const text of (await rows.allTextContents()).slice(1))
      expect(text).toContain('group.blacklist.added')
    // The filter is still there to be changed.
    expect(await page.getByLabel('What').inputValue()).toBe('group.blacklist.added')
    await page.getByLabel('Who did it: user id').fill('987654321')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('Nothing that fits.').waitFor()
    await page.getByLabel('Who did it: user id').fill('')
    await page.getByLabel('What').selectOption('any')
    await page.getByLabel('Last day').fill('2020-01-31')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('Nothing that fits.').waitFor()
    await page.getByLabel('Last day').fill('')
    await page.getByRole('button', { name: 'Show' }).click()
    await said('All is shown.')
    await page.getByRole('button', { name: 'More' }).click()
    await page.waitForFunction(count => document.querySelectorAll('tr').length > count, all)
  })

  it('finds groups by the beginning of their name', async () => {
    await open('apps/demo/groups', 'demo: groups')
    await page.getByLabel('Name begins with').fill('book')
    await page.getByRole('link', { name: 'Book club' }).waitFor()
    await page.getByLabel('Name begins with').fill('no such')
    await page.getByText('No group of such a name.').waitFor()
  })

  it('backs up, runs a job, and says what was done', async () => {
    await open('backups', 'Backups')
    if (name === 'worker') await page.getByText('D1 keeps thirty days by itself').waitFor()
    else {
      await page.getByRole('button', { name: 'Back up now' }).click()
      await said(/is there, /)
    }
    await open('', 'Overview')
    await page.getByRole('button', { name: 'Run sweep-groups' }).click()
    await said(/sweep-groups ran/)
  })

  it('is shown in no frame, and its session is of no use to another site', async () => {
    const response = await fetch(`${service.url}/console/`)
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"])
      expect(policy).toContain(part)
    const stranger = await browser.context.newPage()
    const site = await startSite()
    await stranger.goto(site.url)
    await stranger.setContent(`<iframe src="${service.url}/console/"></iframe>`)
    await stranger.waitForTimeout(500)
    const [, frame] = stranger.frames()
    expect(await frame?.evaluate(() => document.querySelector('#console')).catch(() => null)).toBeNull()
    const seen = await stranger.evaluate(async url => {
      const read = (headers: Record<string, string>) =>
        fetch(`${url}/operator/apps`, { credentials: 'include', headers }).then(
          async answer => (await answer.json()).code,
          () => 'refused by the browser',
        )
      return [await read({}), await read({ 'x-cohort-session': '1' })]
    }, service.url)
    expect(seen).toEqual(['refused by the browser', 'refused by the browser'])
    await stranger.close()
    await site.close()
    // The browser says that it has shown nothing in the frame.
    troubles.length = 0
  })

  it('lets nobody in by a link that was used, and ends with the session', async () => {
    const link = await consoleLink(service)
    const other = await browser.context.newPage()
    await other.goto(link)
    await other.getByRole('heading', { name: 'Overview' }).waitFor()
    expect(other.url()).not.toContain(link.split('#')[1])
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await problemsOf(other)).toEqual([])
    await other.getByLabel('The link, or an operator token').fill(link)
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('alert').getByText('this link was used or has expired').waitFor()
    await other.close()
    troubles.length = 0
    expect(hostile).toContain('<script>')
  })
})
