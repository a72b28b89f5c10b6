import { Webhook } from 'standardwebhooks'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Client, callers } from '../support/client.ts'
import { addMembers, dataOf, expectRefusal, newGroup, people, type User } from '../support/groups.ts'
import { Receiver } from '../support/receiver.ts'
import type { Suite } from './all.ts'

/** Somebody else's server is told what happens: signed, in order within a group, at least once. */
export const webhooksSuite: Suite = instance => {
  let server: Client
  let owner: User
  let receiver: Receiver
  let webhooks: string[]
  beforeAll(async () => {
    server = await callers(instance()).admin()
  })
  beforeEach(async () => {
    owner = (await people(instance(), ['owner'])).owner
    receiver = await Receiver.start()
    webhooks = []
  })
  afterEach(async () => {
    for (const id of webhooks) await server.call('DELETE', `/webhooks/${id}`)
    await receiver.stop()
  })

  const subscribe = async (settings: Record<string, unknown> = {}) => {
    const created = dataOf(await server.post('/webhooks', { url: receiver.url, ...settings }))
    webhooks.push(created.webhook_id)
    return created as { webhook_id: string; secret: string } & Record<string, unknown>
  }
  const rename = async (group_id: number, value: string) =>
    dataOf(await owner.post('/group/info/name', { group_id, value }))
  /** The names that a group was given, in the order in which the receiver accepted them. */
  const namesOf = (group_id: number) =>
    receiver.received.flatMap(({ message: { type, data } }) =>
      type === 'group.profile.changed' && data.group_id === group_id
        ? [(data.changes as { name: [string, string] }).name[1]]
        : [],
    )
  const deliveries = async (id: string) => dataOf(await server.get(`/webhooks/${id}/deliveries`))

  it('is sent what happens, signed by Standard Webhooks', async () => {
    const { secret, webhook_id } = await subscribe({ kinds: ['group.created', 'group.destroyed'] })
    const group_id = await newGroup(owner, { name: 'Book club' })
    await receiver.until(received => received.some(({ message }) => message.data.group_id === group_id))
    const sent = receiver.received.find(({ message }) => message.data.group_id === group_id)
    if (sent === undefined) throw new Error('nothing was sent')
    const headers = sent.headers as Record<string, string>
    expect(new Webhook(secret).verify(sent.body, headers)).toMatchObject({
      type: 'group.created',
      data: { kind: 'group.created', group_id, by_id: owner.id },
    })
    expect(() => new Webhook(secret).verify(sent.body.replace('club', 'clob'), headers)).toThrow()
    expect(headers['webhook-id']).toMatch(/^evt_[0-9a-z]+_\d+$/)
    expect(new Set(receiver.kinds)).toEqual(new Set(['group.created']))
    // Attempts are written down a moment after they were made.
    let recent: Record<string, unknown>[] = []
    for (let i = 0; i < 200 && recent.length === 0; i++) recent = (await deliveries(webhook_id)).recent
    expect(recent[0]).toMatchObject({ id: headers['webhook-id'], status: 200, attempt: 1 })
  })

  it('hears of one group alone where it wants that', async () => {
    const group_id = await newGroup(owner)
    await subscribe({ group_id })
    const other = await newGroup(owner)
    await rename(other, 'other')
    await rename(group_id, 'wanted')
    await receiver.until(() => namesOf(group_id).length === 1)
    expect(receiver.received.every(({ message }) => message.data.group_id === group_id)).toBe(true)
  })

  it('is sent the events of a group in their order, whatever fails, and those of others meanwhile', async () => {
    const groups = [await newGroup(owner), await newGroup(owner), await newGroup(owner)]
    const [stubborn = 0, ...others] = groups
    const { webhook_id } = await subscribe({ kinds: ['group.profile.changed'] })
    let failures = 2
    receiver.answer(({ message: { data } }, response) => {
      const fails = data.group_id === stubborn && failures > 0
      if (fails) {
        failures--
        receiver.received.pop()
        response.writeHead(503, { 'retry-after': '1' })
      }
      response.end()
    })
    const names = Array.from({ length: 12 }, (_, i) => `name ${i}`)
    for (const name of names) await Promise.all(groups.map(group_id => rename(group_id, name)))
    await receiver.until(() => others.every(group_id => namesOf(group_id).length === names.length))
    await receiver.until(() => namesOf(stubborn).length === names.length)
    for (const group_id of groups) expect(namesOf(group_id)).toEqual(names)
    const { recent } = await deliveries(webhook_id)
    expect(recent.length).toBeGreaterThan(0)
  })

  it('hears of other groups while its answer for one is awaited', async () => {
    const [slow, other] = [await newGroup(owner), await newGroup(owner)]
    await subscribe({ kinds: ['group.profile.changed'] })
    let answer = () => {}
    receiver.answer(({ message: { data } }, response) => {
      if (data.group_id === slow) answer = () => response.end()
      else response.end()
    })
    await rename(slow, 'slow')
    await receiver.until(() => namesOf(slow).length === 1)
    await rename(other, 'other')
    await receiver.until(() => namesOf(other).length === 1)
    answer()
    expect(receiver.received.map(({ message }) => message.data.group_id)).toEqual([slow, other])
  })

  it('holds up a failing group, says so, and goes on behind an event that is skipped', async () => {
    const group_id = await newGroup(owner)
    const { webhook_id } = await subscribe({ kinds: ['group.profile.changed'] })
    receiver.answer((_, response) => void response.writeHead(500).end('no such luck'))
    await rename(group_id, 'first')
    await receiver.until(received => received.length === 1)
    await rename(group_id, 'second')
    const held = async () => (await deliveries(webhook_id)).held
    for (let i = 0; i < 200 && (await held()).length === 0; i++) await new Promise(go => setTimeout(go, 20))
    const [hold] = await held()
    expect(hold).toMatchObject({ group_id, attempts: 1 })
    expect((await deliveries(webhook_id)).recent[0]).toMatchObject({ status: 500, answer: 'no such luck' })
    receiver.answer(200)
    expectRefusal(await server.post(`/webhooks/${webhook_id}/skip`, { seq: hold.seq + 1 }), 10002, 'seq')
    dataOf(await server.post(`/webhooks/${webhook_id}/skip`, { seq: hold.seq }))
    await receiver.until(() => namesOf(group_id).includes('second'))
    const { parked } = await deliveries(webhook_id)
    expect(parked).toMatchObject([{ seq: hold.seq, status: 500 }])
  })

  it('lists what is held up and what was given up page by page', async () => {
    const groups = [await newGroup(owner), await newGroup(owner)].sort((a, b) => a - b)
    const { webhook_id } = await subscribe({ kinds: ['group.profile.changed'] })
    const page = async (query: Record<string, number>) =>
      dataOf(await server.get(`/webhooks/${webhook_id}/deliveries`, { limit: 1, ...query }))
    receiver.answer(500)
    for (const group_id of groups) await rename(group_id, 'first')
    while ((await deliveries(webhook_id)).held.length < 2) await new Promise(go => setTimeout(go, 20))
    const first = await page({})
    const second = await page({ held_from: first.held_next })
    expect([...first.held, ...second.held].map(({ group_id }) => group_id)).toEqual(groups)
    expect(second.held_next).toBe(0)

    const seqs = [...first.held, ...second.held].map(({ seq }) => seq)
    for (const seq of seqs) dataOf(await server.post(`/webhooks/${webhook_id}/skip`, { seq }))
    const newest = await page({})
    const oldest = await page({ parked_before: newest.parked_next })
    expect([...newest.parked, ...oldest.parked].map(({ seq }) => seq)).toEqual(seqs.sort((a, b) => b - a))
    expect(oldest.parked_next).toBe(0)
  })

  it('is sent what was held up in one order when it gets another', async () => {
    const groups = [await newGroup(owner), await newGroup(owner)] as const
    const { webhook_id } = await subscribe({ kinds: ['group.profile.changed'], order: 'strict' })
    receiver.answer(500)
    await rename(groups[0], 'first')
    await rename(groups[1], 'second')
    const held = async () => (await deliveries(webhook_id)).held
    for (let i = 0; i < 200 && (await held()).length === 0; i++) await new Promise(go => setTimeout(go, 20))
    receiver.received.length = 0
    receiver.answer(200)
    dataOf(await server.call('PUT', `/webhooks/${webhook_id}`, { body: { order: 'group' } }))
    await receiver.until(() => groups.every(group_id => namesOf(group_id).length > 0))
    expect(await held()).toEqual([])
  })

  it('is sent again what it had from a cursor on', async () => {
    const group_id = await newGroup(owner)
    const { webhook_id, acked } = await subscribe({ group_id })
    await rename(group_id, 'first')
    await rename(group_id, 'second')
    await receiver.until(() => namesOf(group_id).length === 2)
    dataOf(await server.post(`/webhooks/${webhook_id}/replay`, { after: acked }))
    await receiver.until(() => namesOf(group_id).length === 4)
    expect(namesOf(group_id)).toEqual(['first', 'second', 'first', 'second'])
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(2)
    expectRefusal(await server.post(`/webhooks/${webhook_id}/replay`, { after: 'abcdef.1' }), 10002, 'after')
  })

  it('is disabled by 410, and goes on where it stopped when it is resumed', async () => {
    const group_id = await newGroup(owner)
    const { webhook_id } = await subscribe({ group_id })
    receiver.answer(410)
    await rename(group_id, 'first')
    const state = async () => dataOf(await server.get(`/webhooks/${webhook_id}`))
    for (let i = 0; i < 300 && (await state()).state === 'active'; i++)
      await new Promise(go => setTimeout(go, 20))
    expect(await state()).toMatchObject({ state: 'disabled', reason: expect.stringContaining('410') })
    await rename(group_id, 'second')
    receiver.answer(200)
    receiver.received.length = 0
    dataOf(await server.post(`/webhooks/${webhook_id}/resume`))
    await receiver.until(() => namesOf(group_id).length === 2)
    expect(namesOf(group_id)).toEqual(['first', 'second'])
  })

  it('is signed by both secrets for a day when its secret is rotated', async () => {
    const group_id = await newGroup(owner)
    const { webhook_id, secret: old } = await subscribe({ group_id })
    const rotated = dataOf(await server.post(`/webhooks/${webhook_id}/rotate`))
    await rename(group_id, 'after')
    await receiver.until(() => namesOf(group_id).length === 1)
    const [sent] = receiver.received
    if (sent === undefined) throw new Error('nothing was sent')
    for (const secret of [old, rotated.secret]) {
      new Webhook(secret).verify(sent.body, sent.headers as Record<string, string>)
    }
    expect(sent.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
    expect(JSON.stringify(dataOf(await server.get('/webhooks')))).not.toContain('whsec_')
  })

  it('keeps all of the changes that are made at once', async () => {
    const group_id = await newGroup(owner)
    const { webhook_id, secret } = await subscribe({ group_id })
    const kinds = ['group.profile.changed']
    const [changed, ...rotated] = await Promise.all([
      server.call('PUT', `/webhooks/${webhook_id}`, { body: { kinds } }),
      ...Array.from({ length: 4 }, () => server.post(`/webhooks/${webhook_id}/rotate`)),
    ])
    expect(dataOf(changed).kinds).toEqual(kinds)
    expect(dataOf(await server.get(`/webhooks/${webhook_id}`)).kinds).toEqual(kinds)
    await rename(group_id, 'after')
    await receiver.until(() => namesOf(group_id).length === 1)
    const sent = receiver.received.find(({ message }) => message.type === 'group.profile.changed')
    for (const good of [secret, ...rotated.map(answer => dataOf(answer).secret)])
      new Webhook(good).verify(sent?.body ?? '', (sent?.headers ?? {}) as Record<string, string>)
  })

  it('can be tried out', async () => {
    const { webhook_id, secret } = await subscribe()
    receiver.answer((_, response) => void response.writeHead(202).end('thanks'))
    const tried = dataOf(await server.post(`/webhooks/${webhook_id}/test`))
    expect(tried).toMatchObject({ delivered: true, status: 202, answer: 'thanks' })
    const sent = receiver.received.find(({ message }) => message.type === 'webhook.test')
    new Webhook(secret).verify(sent?.body ?? '', (sent?.headers ?? {}) as Record<string, string>)
  })

  it('follows no redirect, and keeps bodies below 20 kB', async () => {
    const users = await people(
      instance(),
      Array.from({ length: 60 }, (_, i) => `u${i}`),
    )
    const group_id = await newGroup(owner)
    const { webhook_id } = await subscribe({ group_id })
    await addMembers(owner, group_id, Object.values(users))
    dataOf(await owner.post('/group/info/ext', { group_id, value: '語'.repeat(4096) }))
    dataOf(await owner.post('/group/info/ext', { group_id, value: '文'.repeat(4096) }))
    await receiver.until(received => received.length >= 3)
    for (const { body } of receiver.received) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(20_000)
    expect(receiver.received.at(-1)?.message.data).toMatchObject({ truncated: true, group_id })
    receiver.answer((_, response) => void response.writeHead(302, { location: receiver.url }).end())
    const before = receiver.received.length
    const tried = dataOf(await server.post(`/webhooks/${webhook_id}/test`))
    expect(tried).toMatchObject({ delivered: false, status: 302 })
    expect(receiver.received.length).toBe(before + 1)
  })

  it('loses nothing when the service is killed', async () => {
    const group_id = await newGroup(owner)
    await subscribe({ group_id })
    const names: string[] = []
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) {
        names.push(`${round} ${i}`)
        await rename(group_id, `${round} ${i}`)
      }
      await instance().crash()
    }
    // On Workers nobody is left after a crash: the cron trigger, or the next change, goes on.
    const { cron } = instance()
    const trigger = cron && setInterval(() => void cron().catch(() => {}), 1000)
    await receiver
      .until(() => new Set(namesOf(group_id)).size === names.length)
      .finally(() => clearInterval(trigger))
    // What was sent twice came in its order, too: each name stands first where it belongs.
    expect([...new Set(namesOf(group_id))]).toEqual(names)
  })

  describe('a webhook', () => {
    it('is changed, listed and deleted by administrators of its app', async () => {
      const { webhook_id } = await subscribe()
      const changed = await server.call('PUT', `/webhooks/${webhook_id}`, {
        body: { kinds: ['group.created'], order: 'strict' },
      })
      expect(dataOf(changed)).toMatchObject({ kinds: ['group.created'], order: 'strict', url: receiver.url })
      const listed = dataOf(await server.get('/webhooks')) as { webhook_id: string }[]
      expect(listed.map(one => one.webhook_id)).toContain(webhook_id)
      const secret = await instance().createApp(`hooks-${webhook_id.slice(3)}`, {})
      const foreign = await callers(instance(), `hooks-${webhook_id.slice(3)}`, secret).admin()
      expect(dataOf(await foreign.get('/webhooks'))).toEqual([])
      expectRefusal(await foreign.get(`/webhooks/${webhook_id}`), 20026)
      expectRefusal(await owner.get('/webhooks'), 10010)
      expect(dataOf(await server.call('DELETE', `/webhooks/${webhook_id}`))).toBe(true)
      expectRefusal(await server.get(`/webhooks/${webhook_id}`), 20026)
    })

    it.each([
      'ftp://example.org/hook',
      'https://user:password@example.org/hook',
      'https://example.org:22/hook',
      'https://10.0.0.1/hook',
      'https://0x0a000001/hook',
      'https://167772161/hook',
      'https://012.0.0.1/hook',
      'https://[::ffff:10.0.0.1]/hook',
      'https://[fd00::1]/hook',
      'https://[2002:a00:1::]/hook',
      'https://[64:ff9b::a00:1]/hook',
      'https://169.254.169.254/latest/meta-data',
      'https://224.0.0.1/hook',
      'https://0.0.0.0/hook',
      'hook',
    ])('is refused the URL %s', async url => {
      expectRefusal(await server.post('/webhooks', { url }), 10002, 'url')
    })
  })
}
