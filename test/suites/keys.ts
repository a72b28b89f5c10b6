import { exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, fromAddress, signToken } from '../support/client.ts'
import { dataOf, expectRefusal } from '../support/groups.ts'
import { type JwksServer, jwksServer, newKey, pemOf, type SigningKey, signWith } from '../support/jwks.ts'
import type { Instance } from '../support/target.ts'
import { changed, hour, now, tokenTrials } from '../support/tokens.ts'

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

  it('an address that sends wrong tokens is told to wait, and no other', async () => {
    const address = fromAddress('198.51.100.7')
    const token = await signed(good())
    const codes: number[] = []
    let last: Answer | undefined
    while (codes.length < 500 && last?.status !== 429) {
      last = await tryToken(changed(token, 40), address)
      codes.push(last.code)
    }
    expect(codes.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 10008))
    expect({ status: last?.status, code: last?.code, data: last?.data }).toEqual({
      status: 429,
      code: 429,
      data: null,
    })
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await tryToken('', address)).code).toBe(10003)
    dataOf(await tryToken(token, fromAddress('198.51.100.8')))
  })
}
