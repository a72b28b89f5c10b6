import type { Page } from 'playwright-core'
import { Cohort } from '../../src/client/client.ts'
import { signToken } from './client.ts'
import { operatorToken } from './operator.ts'
import { bytesOf, quarters } from './pictures.ts'
import type { Instance } from './target.ts'

/** A link into the console, as `cohort console --url` makes it. */
export const consoleLink = async (instance: Instance): Promise<string> =>
  `${instance.url}/console/#${await operatorToken(instance, { jti: `link-${Date.now()}-${Math.random()}` })}`

/** Text that would do harm if any of it were taken for HTML. */
export const hostile = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`

/** An app with a group in which something of everything is there, all its texts hostile. */
export async function furnish({ url, app_id, secret }: Instance) {
  const as = async (user_id: number) =>
    new Cohort({
      url,
      app: app_id,
      token: await signToken(secret, { app: app_id, role: 1, sub: String(user_id) }),
    })
  const [anna, ben, cleo] = await Promise.all([as(1), as(2), as(3)])
  const { group_id } = await anna.group.create({
    name: hostile.slice(0, 64),
    description: hostile,
    user_list: [2],
  })
  await anna.group.create({ name: 'Book club', user_list: [2, 3] })
  await cleo.group.apply({ group_id, reason: hostile })
  await (await as(4)).user.setSettings({ group_confirm: true })
  await anna.group.invite({ group_id, user_list: [4], reason: hostile })
  await ben.group.setDisplayName({ group_id, value: hostile.slice(0, 64) })
  await anna.group.publishAnnouncement({ group_id, title: 'Tuesday', content: hostile })
  await anna.group.setExt({ group_id, value: hostile })
  await anna.group.block({ group_id, user_list: [9] })
  const picture = new Blob([await bytesOf(quarters(80, 60).png())], { type: 'image/png' })
  await ben.files.upload(picture, { group_id, shared: true, name: hostile.slice(0, 100) })
  const second = new Blob([await bytesOf(quarters(60, 80).png())], { type: 'image/png' })
  const { download_url } = await ben.files.upload(second, { group_id, name: hostile.slice(0, 100) })
  const server = new Cohort({ url, app: app_id, token: await signToken(secret, { app: app_id, role: 2 }) })
  const quarantined = download_url.replace(url, '')
  const file_sign = quarantined.split('file_sign=')[1] ?? ''
  await server.moderation.quarantine({ file_sign, reason: hostile })
  return { group_id, quarantined }
}

/** What is wrong with the screen that is open; empty when all is well. */
export async function problemsOf(page: Page): Promise<string[]> {
  const { default: axe } = await import('axe-core')
  // The page's own policy lets no script in but its own; the test's comes by the debugger.
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run()
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth
    const hurt = (globalThis as { hurt?: unknown }).hurt !== undefined
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
      ...(wide ? [`wider than the window: ${document.documentElement.scrollWidth}`] : []),
      ...(hurt ? ['a text of a user was run'] : []),
    ]
  })
  return found
}
