import { beforeAll, describe, expect, it } from 'vitest'
import { newTenant } from '../../support/crowds.ts'
import { administratorOf, eventsAfter, headOf, type Told } from '../../support/events.ts'
import { addMembers, dataOf, newGroup, people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** GET /events: a cursor, pages, filters, and waiting. */
export const feedSuite: Suite = instance => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await newTenant(instance(), 'events-feed')
  })
  const setup = async () => {
    const admin = await administratorOf(instance(), tenant)
    const cast = await people(instance(), ['owner', 'friend', 'other'], tenant)
    return { tenant, admin, ...cast }
  }

  it('is read from a cursor in pages, without gaps and in order', async () => {
    const { admin, owner, friend } = await setup()
    const group_id = await newGroup(owner)
    await addMembers(owner, group_id, [friend])
    for (let i = 0; i < 7; i++) dataOf(await owner.post('/group/info/name', { group_id, value: `Name ${i}` }))
    const whole = await eventsAfter(admin, 'earliest')
    expect(whole.map(({ seq }) => seq)).toEqual(whole.map((_, i) => i + 1))
    const paged = []
    for (let cursor = 'earliest', more = true; more; ) {
      const answer = await admin.get('/events', { after: cursor, limit: 2 })
      expect(dataOf(answer).length).toBeLessThanOrEqual(2)
      paged.push(...answer.data)
      more = answer.body.more === true
      ;({ cursor } = answer)
    }
    expect(paged).toEqual(whole)
    expect(await headOf(admin)).toBe(whole.at(-1)?.cursor)
    const versions = whole.filter(event => event.group_id === group_id).map(event => event.group_version)
    expect([...new Set(versions)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('can be narrowed to kinds and to a group, and goes on all the same', async () => {
    const { admin, owner } = await setup()
    const [one, two] = [await newGroup(owner), await newGroup(owner)]
    const before = await headOf(admin)
    dataOf(await owner.post('/group/info/name', { group_id: one, value: 'One' }))
    dataOf(await owner.post('/group/info/name', { group_id: two, value: 'Two' }))
    dataOf(await owner.post('/group/destroy', { group_id: two }))
    const kinds = async (query: Readonly<Record<string, string | number>>) =>
      (await eventsAfter(admin, before, query)).map(({ kind, group_id }) => [kind, group_id])
    expect(await kinds({ group_id: one })).toEqual([['group.profile.changed', one]])
    expect(await kinds({ kinds: 'group.destroyed' })).toEqual([['group.destroyed', two]])
    // As with every list, a repeated parameter adds up, and an empty one is as if it was not sent.
    const query = `after=${before}&kinds=group.destroyed&kinds=group.profile.changed&group_id=`
    const both = await admin.get(`/events?${query}`)
    expect(dataOf(both).map(({ kind }: Told) => kind)).toEqual([
      'group.profile.changed',
      'group.profile.changed',
      'group.destroyed',
    ])
    const none = await admin.get('/events', { after: before, kinds: 'group.created' })
    expect(none.data).toEqual([])
    expect(none.cursor).toBe(none.body.head)
  })

  it('waits for what is to come, and no longer than it was told to', async () => {
    const { admin, owner } = await setup()
    const group_id = await newGroup(owner)
    const after = await headOf(admin)
    const pending = admin.get('/events', { after, wait: 20 })
    await new Promise(resolve => setTimeout(resolve, 100))
    dataOf(await owner.post('/group/info/name', { group_id, value: 'Now' }))
    const answer = await pending
    expect(dataOf(answer)).toMatchObject([{ kind: 'group.profile.changed', changes: { name: ['', 'Now'] } }])
    const started = Date.now()
    expect(dataOf(await admin.get('/events', { after: answer.cursor, wait: 1 }))).toEqual([])
    expect(Date.now() - started).toBeGreaterThan(900)
  })

  it('a cursor that leads nowhere is answered 410 with where to go on', async () => {
    const { admin } = await setup()
    const head = await headOf(admin)
    const [epoch, seq] = head.split('.')
    for (const after of [`zzzzzz.${seq}`, `${epoch}.${Number(seq) + 1000}`]) {
      const answer = await admin.get('/events', { after })
      expect(answer.status).toBe(410)
      expect(answer.body).toMatchObject({ code: 'reset', head, earliest: `${epoch}.0` })
      expect(answer.message).toContain('read the groups anew')
    }
  })

  it.each([
    ['after', 'x'],
    ['limit', '501'],
    ['wait', '26'],
    ['kinds', 'group.nothing'],
    ['group_id', '0'],
  ])('a wrong %s is refused by name', async (name, value) => {
    const answer = await (await administratorOf(instance())).get('/events', { [name]: value })
    expect(answer).toMatchObject({ status: 400, code: 10002 })
    expect(answer.message).toContain(name)
  })

  describe('is closed to', () => {
    it('users, and administrators who act as one', async () => {
      const { admin, owner } = await setup()
      expect(await owner.get('/events')).toMatchObject({ status: 403, code: 10010 })
      const acting = await admin.call('GET', '/events', { headers: { user_id: String(owner.id) } })
      expect(acting).toMatchObject({ status: 403, code: 10010 })
    })

    it('the administrators of another app', async () => {
      const { admin, owner } = await setup()
      const foreign = await administratorOf(instance(), await newTenant(instance(), 'events-foreign'))
      const group_id = await newGroup(owner)
      const own = await eventsAfter(admin, 'earliest')
      expect(own.some(event => event.group_id === group_id)).toBe(true)
      const theirs = await eventsAfter(foreign, 'earliest')
      expect(theirs.some(event => event.group_id !== null)).toBe(false)
      expect(dataOf(await foreign.get('/events', { after: 'earliest', group_id }))).toEqual([])
    })
  })
}
