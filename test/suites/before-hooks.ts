import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import { dataOf, expectRefusal, newGroup, people, type Tenant } from '../support/groups.ts'
import { Receiver } from '../support/receiver.ts'
import type { Suite } from './all.ts'

/** An app has somebody else asked before a change is made. */
export const beforeHooksSuite: Suite = instance => {
  let asked: Receiver
  let apps: Record<'strict' | 'lenient', Tenant>
  beforeAll(async () => {
    asked = await Receiver.start()
    const hook = {
      hook_url: asked.url,
      hook_operations: '/group/create, /group/invite',
      hook_deadline_ms: 300,
    }
    const tenant = async (app_id: string, hook_on_failure: string): Promise<Tenant> => ({
      app_id,
      secret: await instance().createApp(app_id, { ...hook, hook_on_failure }),
    })
    apps = { strict: await tenant('hook-strict', 'refuse'), lenient: await tenant('hook-lenient', 'allow') }
  })
  afterAll(() => asked.stop())
  beforeEach(() => {
    asked.received.length = 0
    asked.answer((_, response) => void response.end('{"allow":true}'))
  })

  it('is asked about the operations that were chosen, signed, and told who asks for what', async () => {
    const { owner } = await people(instance(), ['owner'], apps.strict)
    const group_id = await newGroup(owner, { name: 'Asked' })
    dataOf(await owner.post('/group/info/name', { group_id, value: 'Not asked' }))
    dataOf(await owner.get('/group/info', { group_id }))
    expect(asked.received).toHaveLength(1)
    const [{ message, headers, body } = { message: undefined, headers: {}, body: '' }] = asked.received
    expect(message?.data).toMatchObject({
      app_id: 'hook-strict',
      operation: '/group/create',
      administrator: false,
      user_id: owner.id,
      input: { name: 'Asked' },
    })
    const stranger = new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    expect(() => stranger.verify(body, headers as Record<string, string>)).toThrow()
  })

  it('says no in its own words, and nothing is changed', async () => {
    const { owner, friend } = await people(instance(), ['owner', 'friend'], apps.strict)
    const group_id = await newGroup(owner)
    asked.answer((_, response) => void response.end('{"allow":false,"message":"pay first"}'))
    expectRefusal(await owner.post('/group/invite', { group_id, user_list: [friend.id] }), 10010, 'pay first')
    expectRefusal(await owner.post('/group/create', { name: 'No' }), 10010, 'pay first')
    expect(dataOf(await owner.get('/group/user_joined'))).toEqual([group_id])
  })

  it.each([
    [
      'an error',
      (response: { writeHead(status: number): { end(): void } }) => void response.writeHead(500).end(),
    ],
    ['nonsense', (response: { end(text: string): void }) => void response.end('yes')],
    ['nothing in time', () => undefined],
  ])('that answers %s does what the app chose for that', async (_, answer) => {
    const strict = (await people(instance(), ['owner'], apps.strict)).owner
    const lenient = (await people(instance(), ['owner'], apps.lenient)).owner
    asked.answer((_, response) => answer(response as never))
    expectRefusal(await strict.post('/group/create', {}), 10010, 'before-hook')
    dataOf(await lenient.post('/group/create', {}))
  })

  it('that fails ten times is not asked for a while, and holds nobody up', async () => {
    const { owner } = await people(instance(), ['owner'], apps.lenient)
    asked.answer(500)
    for (let i = 0; i < 25; i++) dataOf(await owner.post('/group/create', {}))
    expect(asked.received.length).toBeLessThan(25)
    const before = asked.received.length
    dataOf(await owner.post('/group/create', {}))
    expect(asked.received.length).toBe(before)
  })

  it('is not asked again about a change that was made before', async () => {
    const { owner } = await people(instance(), ['owner'], apps.strict)
    const create = (name: string) =>
      owner.call('POST', '/group/create', {
        body: { name },
        headers: { 'idempotency-key': `create-${owner.id}` },
      })
    const group_id = dataOf(await create('Once')).group_id
    expect(asked.received).toHaveLength(1)
    asked.answer((_, response) => void response.end('{"allow":false,"message":"pay first"}'))
    expect(dataOf(await create('Once')).group_id).toBe(group_id)
    expect((await create('Twice')).status).toBe(422)
    expect(asked.received).toHaveLength(1)
  })

  it('needs no words of administrators either', async () => {
    const { admin } = callers(instance(), apps.strict.app_id, apps.strict.secret)
    const { owner } = await people(instance(), ['owner'], apps.strict)
    dataOf(await (await admin({ user_id: owner.id })).post('/group/create', {}))
    expect(asked.received.at(-1)?.message.data).toMatchObject({ administrator: true, user_id: owner.id })
  })
}
