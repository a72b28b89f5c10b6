import { describe, expect, it } from 'vitest'
import { serviceAndSite } from '../support/browser.ts'
import { signToken } from '../support/client.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'

/** A browser's own EventSource on a page of another origin: it sends no headers, and comes back by itself. */
describe('events, in Chromium', () => {
  const home = serviceAndSite()

  it('reach an EventSource, also what happened while the service was away', async () => {
    const { owner } = await people(home.service, ['owner'])
    const { app_id, secret, url } = home.service
    const token = await signToken(secret, { app: app_id, role: 2 })
    const page = await home.openPage()
    await page.evaluate(address => {
      const seen: { kind: string; id: string }[] = []
      const source = new EventSource(address)
      for (const kind of ['hello', 'group.created', 'group.profile.changed'])
        source.addEventListener(kind, event => seen.push({ kind, id: (event as MessageEvent).lastEventId }))
      Object.assign(window, { seen })
    }, `${url}/events/stream?app_id=${app_id}&access-token=${token}`)
    const kinds = () =>
      page.evaluate(() => (window as unknown as { seen: { kind: string }[] }).seen.map(({ kind }) => kind))
    const sees = async (expected: readonly string[]) => {
      const deadline = Date.now() + 20_000
      while ((await kinds()).length < expected.length && Date.now() < deadline)
        await new Promise(resolve => setTimeout(resolve, 50))
      expect(await kinds()).toEqual(expected)
    }
    await sees(['hello'])
    const group_id = await newGroup(owner)
    await sees(['hello', 'group.created'])
    await home.service.crash()
    dataOf(await owner.post('/group/info/name', { group_id, value: 'While it was away' }))
    await sees(['hello', 'group.created', 'hello', 'group.profile.changed'])
  })
})
