import { beforeAll, expect, it } from 'vitest'
import type { Answer, Client } from '../../support/client.ts'
import { newTenant, times } from '../../support/crowds.ts'
import { administratorOf, eventsAfter, headOf } from '../../support/events.ts'
import { dataOf, newGroup, people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

const keyed = (client: Client, path: string, key: string, body: object, method = 'POST'): Promise<Answer> =>
  client.call(method, path, { body, headers: { 'idempotency-key': key } })
const isReplay = (answer: Answer): boolean => answer.headers.get('idempotent-replayed') === 'true'

/** Idempotency-Key: a write that is sent again is done once. */
export const idempotencySuite: Suite = instance => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await newTenant(instance(), 'events-idempotency')
  })
  const setup = async () => {
    const admin = await administratorOf(instance(), tenant)
    return { tenant, admin, ...(await people(instance(), ['owner', 'friend'], tenant)) }
  }

  it('a creation sent twenty times at once makes one group, and one after a crash none', async () => {
    const { owner, admin } = await setup()
    const before = await headOf(admin)
    const send = () => keyed(owner, '/group/create', 'once', { name: 'Once' })
    const answers = await Promise.all(times(20).map(send))
    const ids = new Set(answers.map(answer => dataOf(answer).group_id))
    expect(ids.size).toBe(1)
    expect(answers.filter(answer => !isReplay(answer))).toHaveLength(1)
    await instance().crash()
    const again = await send()
    expect(dataOf(again).group_id).toBe([...ids][0])
    expect(isReplay(again)).toBe(true)
    expect(dataOf(await owner.get('/group/user_joined'))).toEqual([...ids])
    expect((await eventsAfter(admin, before)).filter(({ kind }) => kind === 'group.created')).toHaveLength(1)
  })

  it('another input under the same key is refused with the name of the operation', async () => {
    const { owner } = await setup()
    dataOf(await keyed(owner, '/group/create', 'k', { name: 'One' }))
    const other = await keyed(owner, '/group/create', 'k', { name: 'Two' })
    expect(other).toMatchObject({ status: 422, code: 422, data: null })
    expect(other.message).toContain('post__group_create')
    // The same input, in another order and with a default spelled out, is the same.
    expect(isReplay(await keyed(owner, '/group/create', 'k', { type: 0, name: 'One' }))).toBe(true)
  })

  it('a key is of one caller and one operation', async () => {
    const { owner, friend, admin } = await setup()
    const one = dataOf(await keyed(owner, '/group/create', 'k', {})).group_id
    const two = dataOf(await keyed(friend, '/group/create', 'k', {})).group_id
    expect(two).not.toBe(one)
    const as = await admin.call('POST', '/group/create', {
      body: {},
      headers: { 'idempotency-key': 'k', user_id: String(owner.id) },
    })
    expect(dataOf(as).group_id).not.toBe(one)
    dataOf(await keyed(owner, '/group/info/name', 'k', { group_id: one, value: 'Named' }))
  })

  it('a refusal is decided anew', async () => {
    const { owner, friend } = await setup()
    const group_id = await newGroup(owner)
    const send = () => keyed(friend, '/group/display_name', 'k', { group_id, value: 'Me' })
    expect((await send()).code).toBe(20011)
    dataOf(await owner.post('/group/invite', { group_id, user_list: [friend.id] }))
    const done = await send()
    expect([done.code, isReplay(done)]).toEqual([200, false])
    expect(isReplay(await send())).toBe(true)
    // What was done is answered as it was, also to one who may no longer.
    dataOf(await owner.post('/group/kick', { group_id, user_list: [friend.id] }))
    const after = await send()
    expect([after.code, isReplay(after)]).toEqual([200, true])
  })

  it('URLs are presented anew', async () => {
    const { owner, friend } = await setup()
    const query = { file_type: 100, to_id: friend.id, to_type: 1 }
    const send = () => owner.call('GET', '/file/upload/chat', { query, headers: { 'idempotency-key': 'k' } })
    const [first, second] = [await send(), await send()]
    expect(dataOf(second).download_url).toBe(dataOf(first).download_url)
    expect(isReplay(second)).toBe(true)
    expect(second.data.upload_url).toMatch(/^http/)
  })

  it.each(['', 'a b', 'é', 'x'.repeat(256)])('a key that is none is refused: %j', async key => {
    const { owner } = await people(instance(), ['owner'])
    expect(await keyed(owner, '/group/create', key, {})).toMatchObject({ code: 10002, data: null })
  })
}
