import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../support/client.ts'
import { dataOf, expectRefusal } from '../support/groups.ts'
import { type ClockedInstance, startClocked } from '../support/in-process.ts'
import { type JwksServer, jwksServer, newKey, type SigningKey, signWith } from '../support/jwks.ts'

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

/** What time does to the keys that an app publishes: the service itself, with a clock that the test sets. */
describe('published keys as time passes', () => {
  let service: ClockedInstance
  let a: SigningKey
  let b: SigningKey
  let server: JwksServer
  beforeAll(async () => {
    service = await startClocked()
    ;[a, b] = await Promise.all([newKey('RS256', 'a'), newKey('ES256', 'b')])
    server = await jwksServer([])
    await service.setJwks(server.url)
  })
  afterAll(async () => {
    await service.stop()
    await server.close()
  })

  let subject = 0
  const newToken = (key: SigningKey) =>
    signWith(key, {
      app: service.app_id,
      role: 1,
      sub: String(++subject),
      exp: service.now() / second + 2 * day,
    })
  const ask = (token: string) =>
    new Client(service, { app_id: service.app_id, 'access-token': token }).get('/group/user_joined')

  it('a key that left the set is good for nothing within five minutes, for tokens seen before as well', async () => {
    server.publish([a, b])
    const seen = await newToken(a)
    dataOf(await ask(seen))
    server.publish([b])
    // Whether or not somebody asks meanwhile.
    for (const pause of [20 * second, 40 * second, 60 * second, 3 * minute]) {
      service.advance(pause)
      await ask(await newToken(b))
    }
    expectRefusal(await ask(seen), 10008)
    expectRefusal(await ask(await newToken(a)), 10008)
    dataOf(await ask(await newToken(b)))
    server.publish([a, b])
    service.advance(minute)
    const again = await newToken(a)
    dataOf(await ask(again))
    server.publish([b])
    service.advance(5 * minute)
    expectRefusal(await ask(again), 10008)
  })

  it('an endpoint that is down leaves the last keys in force for a day', async () => {
    server.publish([a, b])
    service.advance(5 * minute)
    const seen = await newToken(a)
    dataOf(await ask(seen))
    server.answer('nothing at all')
    service.advance(minute)
    for (let hours = 0; hours < 23; hours++) {
      service.advance(60 * minute)
      dataOf(await ask(seen))
      dataOf(await ask(await newToken(b)))
    }
    service.advance(2 * 60 * minute)
    for (const token of [seen, await newToken(b)])
      expect(await ask(token)).toMatchObject({ status: 503, code: 503 })
    server.publish([b])
    service.advance(minute)
    dataOf(await ask(await newToken(b)))
    expectRefusal(await ask(seen), 10008)
  })

  it('keys are fetched no more often than every half minute, however many ask', async () => {
    server.publish([a, b])
    service.advance(minute)
    dataOf(await ask(await newToken(a)))
    const before = server.asked()
    for (let i = 0; i < 20; i++) {
      dataOf(await ask(await newToken(a)))
      service.advance(second)
    }
    expect(server.asked()).toBe(before)
  })
})
