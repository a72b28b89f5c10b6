import { exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, fromAddress, signToken } from '../support/client.ts'
import { dataOf, expectRefusal } from '../support/groups.ts'
import { type JwksServer, jwksServer, newKey, pemOf, type SigningKey, signWith } from '../support/jwks.ts'
import type { Instance } from '../support/target.ts'
import { type Claims, changed, hour, now, tokenTrials } from '../support/tokens.ts'

/**
 * The keys that sign tokens (docs/behaviour.md, section 2): published by the app, replaced by new ones, or
 * guessed.
 */
export function keyRules(instance: () => Instance): void {
  const { tryToken, good, signed } = tokenTrials(instance)

  describe('signed with keys that the app publishes', () => {
    const app_id = 'federated'
    let secret: string
    let keys: SigningKey[]
    let server: JwksServer
    beforeAll(async () => {
      keys = await Promise.all([
        ...['RS256', 'PS256', 'ES256', 'EdDSA', 'ES384', 'RS512'].map(alg => newKey(alg)),
        newKey('RS256', 'second'),
      ])
      server = await jwksServer(keys)
      secret = await instance().createApp(app_id)
      await instance().setJwks(app_id, server.url)
    })
    afterAll(() => server.close())

    const keyOf = (kid: string): SigningKey => {
      const key = keys.find(candidate => candidate.kid === kid)
      if (key === undefined) throw new Error(`no key ${kid}`)
      return key
    }
    const tryHere = (token: string): Promise<Answer> => tryToken(token, {}, app_id)

    it.each(['RS256', 'PS256', 'ES256', 'EdDSA', 'second'])('%s is accepted', async kid => {
      expect(dataOf(await tryHere(await signWith(keyOf(kid), good(app_id))))).toEqual([])
      expectRefusal(await tryHere(await signWith(keyOf(kid), { ...good(app_id), exp: 1 })), 402)
      expectRefusal(await tryHere(await signWith(keyOf(kid), { ...good(app_id), nbf: now() + hour })), 10008)
      expectRefusal(await tryHere(await signWith(keyOf(kid), good('demo'))), 10008)
      expectRefusal(await tryToken(await signWith(keyOf(kid), good())), 10008)
    })

    it.each(['ES384', 'RS512'])('%s is refused, though the key is published', async kid => {
      expectRefusal(await tryHere(await signWith(keyOf(kid), good(app_id))), 10008)
    })

    it('HMAC is refused, whatever the secret', async () => {
      const key = keyOf('RS256')
      const pem = await pemOf(key)
      const jwk = await exportJWK(key.publicKey)
      for (const guess of [
        secret,
        pem,
        pem.trim(),
        JSON.stringify(key.jwk),
        JSON.stringify(jwk),
        jwk.n ?? '',
        '{}',
      ]) {
        for (const alg of ['HS256', 'HS384', 'HS512'])
          expectRefusal(await tryHere(await signToken(guess, good(app_id), alg)), 10008)
      }
    })

    it('keys that are not published are refused, and what the token says of where to find them', async () => {
      const own = await jwksServer([await newKey('RS256')])
      for (const kid of ['RS256', 'second', 'third', '']) {
        const attacker = await newKey('RS256', kid)
        expectRefusal(await tryHere(await signWith(attacker, good(app_id))), 10008)
        expectRefusal(await tryHere(await signWith(attacker, good(app_id), { jwk: attacker.jwk })), 10008)
        expectRefusal(await tryHere(await signWith(attacker, good(app_id), { jku: own.url })), 10008)
      }
      await own.close()
    })

    it('nobody gets in when the keys cannot be had, until the app signs with its secret again', async () => {
      const id = 'cut-off'
      const own = await instance().createApp(id)
      const gone = await jwksServer([])
      await gone.close()
      await instance().setJwks(id, gone.url)
      for (const token of [
        await signWith(keyOf('RS256'), good(id)),
        await signWith(keyOf('ES256'), good(id)),
      ]) {
        const answer = await tryToken(token, {}, id)
        expect({ status: answer.status, code: answer.code, data: answer.data }).toEqual({
          status: 503,
          code: 503,
          data: null,
        })
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      }
      expectRefusal(await tryToken(await signToken(own, good(id)), {}, id), 10008)
      await instance().setJwks(id, '')
      dataOf(await tryToken(await signToken(own, good(id)), {}, id))
    })
  })

  it('a new secret is good beside the old one, until the old one is dropped', async () => {
    const id = 'rotating'
    const old = await instance().createApp(id)
    const [before, administrator] = [
      await signToken(old, good(id)),
      await signToken(old, { app: id, role: 2 }),
    ]
    dataOf(await tryToken(before, {}, id))
    const next = await instance().rotateSecret(id)
    expect(next).not.toBe(old)
    for (const secret of [old, next])
      dataOf(await tryToken(await signToken(secret, good(id), 'HS512'), {}, id))
    dataOf(await tryToken(before, {}, id))
    const last = await instance().rotateSecret(id, { dropOld: true })
    dataOf(await tryToken(await signToken(last, good(id)), {}, id))
    for (const token of [before, await signToken(old, good(id)), await signToken(next, good(id))])
      expectRefusal(await tryToken(token, {}, id), 10008)
    expectRefusal(await tryToken(administrator, { user_id: '7' }, id), 10008)
  })

  describe('signed with keys whose endpoint is in trouble', () => {
    const federated = async (id: string) => {
      const secret = await instance().createApp(id)
      const server = await jwksServer([])
      await instance().setJwks(id, server.url)
      const tokenBy = (key: SigningKey, claims: Claims = {}) => signWith(key, { ...good(id), ...claims })
      const tryHere = async (key: SigningKey) =>
        tryToken(await tokenBy(key, { sub: String(++subject) }), {}, id)
      return { id, secret, server, tokenBy, tryHere }
    }
    // Each token is another one: nothing is known of it before.
    let subject = 100
    const expectUnavailable = (answer: Answer) => {
      expect({ status: answer.status, code: answer.code, data: answer.data }).toEqual({
        status: 503,
        code: 503,
        data: null,
      })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }

    const troubles: readonly [what: string, text: string, status: number][] = [
      ['that is no key set', '{}', 200],
      ['whose keys are no list', '{"keys":{}}', 200],
      ['that is no JSON', '<html>', 200],
      ['that is empty', '', 200],
      ['that is an error', '{"keys":[]}', 500],
      ['that leads elsewhere', '', 302],
      ['that is too large', ' '.repeat(2 * 1024 * 1024), 200],
      ['that breaks off', 'nothing at all', 200],
    ]
    const others = ['settled', 'anonymous', 'growing', 'asked'] as const
    type Federated = Awaited<ReturnType<typeof federated>>
    const ready = new Map<string, Federated>()
    // All at once: until a setting of an app is in force takes its time.
    beforeAll(async () => {
      const names = [...troubles.map((_, i) => `trouble-${i}`), ...others]
      await Promise.all(names.map(async name => ready.set(name, await federated(name))))
    })
    afterAll(() => Promise.all([...ready.values()].map(({ server }) => server.close())))
    const appOf = (name: string): Federated => ready.get(name) as Federated

    it.concurrent.each(troubles.map((trouble, i) => [...trouble, i] as const))(
      'an answer %s makes no token a wrong one, before keys are known and after',
      async (_, text, status, i) => {
        const [before, after] = await Promise.all([newKey('RS256', 'before'), newKey('ES256', 'after')])
        const { server, tryHere } = appOf(`trouble-${i}`)
        server.answer(text, status)
        expectUnavailable(await tryHere(before))
        server.publish([before])
        dataOf(await tryHere(before))
        server.answer(text, status)
        dataOf(await tryHere(before))
        // Of a key that is not known, nobody knows whether it is published now.
        await new Promise(resolve => setTimeout(resolve, 1100))
        expectUnavailable(await tryHere(after))
        dataOf(await tryHere(before))
      },
    )

    it('keys stay known when a setting of the app changes', async () => {
      const key = await newKey('RS256', 'only')
      const { id, server, tryHere } = appOf('settled')
      server.publish([key])
      dataOf(await tryHere(key))
      server.answer('nothing at all')
      await instance().setApp(id, { max_groups: 12 })
      dataOf(await tryHere(key))
    })

    it('keys without an id are tried in turn, and so are keys for tokens without one', async () => {
      const keys = await Promise.all([
        newKey('RS256', 'a'),
        newKey('RS256', 'b'),
        newKey('ES256', 'c'),
        newKey('ES256', 'd'),
      ])
      const [stranger] = await Promise.all([newKey('RS256', 'e')])
      const { id, server, tryHere, tokenBy } = appOf('anonymous')
      server.publish(keys, 'anonymously')
      for (const key of keys) dataOf(await tryHere(key))
      expectRefusal(await tryHere(stranger), 10008)
      expectRefusal(await tryToken(await tokenBy(keys[1] as SigningKey, { exp: 1 }), {}, id), 402)
      server.publish(keys)
      for (const key of keys) dataOf(await tryHere({ ...key, kid: undefined }))
      expectRefusal(await tryHere({ ...stranger, kid: undefined }), 10008)
    })

    it('a key that is published while others are known is found', async () => {
      const [first, second] = await Promise.all([newKey('ES256', 'first'), newKey('ES256', 'second')])
      const { server, tryHere } = appOf('growing')
      server.publish([first])
      dataOf(await tryHere(first))
      server.publish([first, second])
      await new Promise(resolve => setTimeout(resolve, 1100))
      dataOf(await tryHere(second))
    })

    it('wrong tokens do not have the keys fetched without end', async () => {
      const [key, stranger] = await Promise.all([newKey('ES256', 'known'), newKey('ES256', 'stranger')])
      const { server, tryHere } = appOf('asked')
      server.publish([key])
      dataOf(await tryHere(key))
      const before = server.asked()
      const started = performance.now()
      for (let i = 0; i < 30; i++) expectRefusal(await tryHere(stranger), 10008)
      expect(server.asked() - before).toBeLessThanOrEqual(1 + (performance.now() - started) / 1000)
    })
  })

  const wrongUntilTold = async (address: Record<string, string>, from = 40): Promise<number[]> => {
    const token = await signed(good())
    const codes: number[] = []
    while (codes.length < 500 && codes.at(-1) !== 429)
      codes.push((await tryToken(changed(token, from), address)).code)
    return codes
  }

  it('an address that sends wrong tokens is told to wait, and nobody else, not even at that address', async () => {
    const address = fromAddress('198.51.100.7')
    const codes = await wrongUntilTold(address)
    expect(codes.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 10008))
    expect(codes.at(-1)).toBe(429)
    const last = await tryToken('x.y.z', address)
    expect({ status: last.status, code: last.code, data: last.data }).toEqual({
      status: 429,
      code: 429,
      data: null,
    })
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await tryToken('', address)).code).toBe(10003)
    expectRefusal(await tryToken(await signed({ ...good(), exp: 1 }), address), 402)
    for (const sub of ['7', '8', '9']) dataOf(await tryToken(await signed({ ...good(), sub }), address))
    const server = await signed({ ...good(), role: 2, sub: undefined })
    dataOf(await tryToken(server, { ...address, user_id: '7' }))
    expectRefusal(await tryToken(changed(await signed(good()), 41), fromAddress('198.51.100.8')), 10008)
  })

  it.each([
    ['of one IPv6 /64', '2001:db8:1:2::1', '2001:0db8:1:2:ffff:0:0:9', '2001:db8:1:3::1'],
    ['with a port', '203.0.113.9:4711', '203.0.113.9:4712', '203.0.113.10:4711'],
    ['in brackets with a port', '[2001:db8:9::1]:443', '2001:db8:9::2', '[2001:db8:a::1]:443'],
    ['of IPv4, spelled as IPv6', '::ffff:203.0.113.20', '203.0.113.20', '::ffff:203.0.113.21'],
  ])('addresses %s wait as one', async (_, one, same, other) => {
    await wrongUntilTold(fromAddress(one), 42)
    expect((await tryToken('x.y.z', fromAddress(same))).code).toBe(429)
    expect((await tryToken('x.y.z', fromAddress(other))).code).toBe(10008)
  })
}
