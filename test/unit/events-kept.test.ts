import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptAddress } from '../../src/events/kept-address.ts'
import { type Client, callers } from '../support/client.ts'
import { eventsAfter, headOf, type Told } from '../support/events.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { type ClockedInstance, startClocked } from '../support/in-process.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

describe('as time passes, events', () => {
  let service: ClockedInstance
  let admin: Client
  beforeAll(async () => {
    service = await startClocked()
  })
  afterAll(async () => {
    expect(service.broken()).toEqual([])
    await service.stop()
  })
  const setup = async () => {
    admin = await callers(service).admin()
    const { owner } = await people(service, ['owner'])
    const group_id = await newGroup(owner)
    const name = (value: string) => owner.post('/group/info/name', { group_id, value })
    return { owner, group_id, name }
  }

  it('are kept for thirty days, and what is gone is said', async () => {
    const { owner, group_id, name } = await setup()
    const beginning = await headOf(admin)
    const { state } = dataOf(await owner.get('/group/sync', { group_id }))
    dataOf(await name('Old'))
    service.advance(29 * day)
    await service.tidy()
    expect(await eventsAfter(admin, beginning)).toHaveLength(1)
    dataOf(await name('Newer'))
    const between = await headOf(admin)
    service.advance(3 * day)
    dataOf(await name('New'))
    await service.tidy()
    expect(service.broken()).toEqual([])
    const old = await admin.get('/events', { after: beginning })
    expect(old).toMatchObject({ status: 410, body: { code: 'reset' } })
    const whole = await eventsAfter(admin, 'earliest')
    expect(whole.map(({ changes }) => changes?.name?.[1])).toEqual(['Newer', 'New'])
    expect(await eventsAfter(admin, between)).toHaveLength(1)
    expect(dataOf(await owner.get('/group/sync', { group_id, since: state }))).toMatchObject({ reset: true })
  })

  it('leave the newest, whose number the next one follows', async () => {
    const { name } = await setup()
    dataOf(await name('Last'))
    const head = await headOf(admin)
    service.advance(500 * day)
    await service.tidy()
    expect(await headOf(admin)).toBe(head)
    dataOf(await name('After it'))
    const [event] = await eventsAfter(admin, head)
    expect(event?.seq).toBe(Number(head.split('.')[1]) + 1)
    expect(service.broken()).toEqual([])
  })

  it('are kept as long as the app says', async () => {
    const { name } = await setup()
    await service.setApp({ events_days: 2 })
    dataOf(await name('Two days'))
    const before = await headOf(admin)
    dataOf(await name('Another'))
    service.advance(3 * day)
    dataOf(await name('Now'))
    await service.tidy()
    expect((await admin.get('/events', { after: before })).status).toBe(410)
  })

  it('stay in a chain that verifies, whatever has been deleted of it', async () => {
    const { owner, group_id, name } = await setup()
    const { kicked } = await people(service, ['kicked'])
    dataOf(await owner.post('/group/invite', { group_id, user_list: [kicked.id] }))
    dataOf(await owner.post('/group/kick', { group_id, user_list: [kicked.id] }))
    dataOf(await name('Soon gone'))
    const told = async () => {
      const shown: Told[] = dataOf(await admin.get('/audit', { group_id }))
      return shown.map(({ kind }) => kind)
    }
    expect(await told()).toContain('group.profile.changed')
    await service.tidy()
    service.advance(31 * day)
    dataOf(await name('New'))
    await service.tidy()
    expect(await told()).toEqual(['group.profile.changed', 'group.member.kicked', 'group.created'])
    expect(await service.verify()).toMatchObject({ named: [], deletedTo: expect.any(Number) })
    expect((await service.verify()).deletedTo).toBeGreaterThan(0)
    service.advance(401 * day)
    dataOf(await name('Newer'))
    await service.tidy()
    expect(await told()).toEqual(['group.profile.changed'])
    expect(await service.verify()).toMatchObject({ named: [], unsealed: 0 })
    // Settings that keep events longer do not make what was deleted before look wrong.
    await service.setApp({ events_days: 1000, audit_days: 2000 })
    await service.tidy()
    expect((await service.verify()).named).toEqual([])
    expect(service.broken()).toEqual([])
  })

  it('a key is remembered for a day, over midnight too, and is new after that', async () => {
    const { owner } = await setup()
    const send = async () => {
      const answer = await owner.call('POST', '/group/create', {
        body: {},
        headers: { 'idempotency-key': 'k' },
      })
      return dataOf(answer).group_id
    }
    const first = await send()
    service.advance(13 * hour)
    await service.tidy()
    expect(await send()).toBe(first)
    service.advance(10 * hour)
    expect(await send()).toBe(first)
    service.advance(2 * hour)
    const second = await send()
    expect(second).not.toBe(first)
    expect(await send()).toBe(second)
    service.advance(3 * day)
    await service.tidy()
    expect(await send()).not.toBe(second)
  })
})

describe('the address that an event keeps', () => {
  it.each([
    ['192.0.2.77', 'full', '192.0.2.77'],
    ['192.0.2.77', 'prefix', '192.0.2.0'],
    ['192.0.2.77', 'none', ''],
    ['::ffff:192.0.2.77', 'prefix', '192.0.2.0'],
    ['2001:db8:12:34::7', 'prefix', '2001:db8:12::'],
    ['2001:db8::7', 'prefix', '2001:db8:0::'],
    ['::1', 'prefix', '0:0:0::'],
    ['not an address', 'full', ''],
    ['', 'prefix', ''],
  ] as const)('%s, kept as %s', (address, keeping, kept) => {
    expect(keptAddress(address, keeping)).toBe(kept)
  })
})
