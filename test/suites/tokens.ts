import { UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { Client, newAddress, signToken } from '../support/client.ts'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { newKey, signWith } from '../support/jwks.ts'
import { bytesOf, quarters } from '../support/pictures.ts'
import { type Claims, changed, hour, now, tokenTrials } from '../support/tokens.ts'
import { upload } from '../support/uploads.ts'
import type { Suite } from './all.ts'
import { keyRules } from './keys.ts'

const largestId = Number.MAX_SAFE_INTEGER
const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** Who is calling (docs/behaviour.md, section 2). */
export const tokensSuite: Suite = instance => {
  const { tryToken, good, signed } = tokenTrials(instance)

  describe('signed with the secret of the app', () => {
    it.each(['HS256', 'HS384', 'HS512'])('%s is accepted', async alg => {
      expect(dataOf(await tryToken(await signed(good(), alg)))).toEqual([])
    })

    it('is accepted as Authorization: Bearer too', async () => {
      const token = await signed(good())
      for (const authorization of [`Bearer ${token}`, `bearer ${token}`])
        dataOf(await tryToken('', { authorization }))
      for (const authorization of ['Bearer', 'Bearer ', `Basic ${token}`, token])
        expectRefusal(await tryToken('', { authorization }), 10003)
      expectRefusal(await tryToken('', { authorization: `Bearer ${changed(token, 3)}` }), 10008)
    })

    it.each<[string, Claims]>([
      ['without exp', { exp: undefined }],
      ['valid since now', { nbf: now() - 1 }],
      ['valid in a moment, by a clock that is a little ahead', { nbf: now() + 20 }],
      ['issued in a moment, by such a clock', { iat: now() + 20 }],
      ['of the largest user id', { sub: String(largestId) }],
      ['with a number as sub', { sub: 7 }],
    ])('%s is accepted', async (_, claims) => {
      dataOf(await tryToken(await signed({ ...good(), ...claims })))
    })

    it.each<[string, number, Claims]>([
      ['expired an hour ago', 402, { iat: now() - 2 * hour, exp: now() - hour }],
      ['expired in 1970', 402, { iat: 0, exp: 1 }],
      ['expired a moment ago', 402, { exp: now() - 2 }],
      ['with an exp that is no time', 10008, { exp: 'soon' }],
      ...[{ toString: 1 }, { valueOf: null }, {}, [], ['7'], [7], true, null, 7.5, -7].map(
        (sub): [string, number, Claims] => [`with the sub ${JSON.stringify(sub)}`, 10008, { sub }],
      ),
      ['valid in an hour', 10008, { nbf: now() + hour }],
      ['issued in an hour', 10008, { iat: now() + hour, exp: now() + 2 * hour }],
      ['of another app', 10008, { app: 'other' }],
      ['of no app', 10008, { app: undefined }],
      ['of several apps', 10008, { app: ['demo', 'other'] }],
      ['without sub', 10008, { sub: undefined }],
      ['without role', 10008, { role: undefined }],
      ...[0, 3, -1, 1.5, 'administrator', [2], true].map((role): [string, number, Claims] => [
        `of the role ${JSON.stringify(role)}`,
        10008,
        { role },
      ]),
      ...['0', '-1', 'abc', '1.5', '1e3', '', ' 7', '7 ', '0x7', '9007199254740992', '7;8', '٣'].map(
        (sub): [string, number, Claims] => [`with the sub ${JSON.stringify(sub)}`, 10008, { sub }],
      ),
      ['of an administrator for files', 10008, { role: 2, use: 'files' }],
      ['with an unknown use', 10008, { use: 'anything' }],
    ])('%s is refused with %i', async (_, code, claims) => {
      expectRefusal(await tryToken(await signed({ ...good(), ...claims })), code)
    })

    it('is refused without saying that it has expired when the signature is wrong', async () => {
      const { app_id, secret } = instance()
      expectRefusal(
        await tryToken(await signToken(`not ${secret}`, { app: app_id, role: 1, sub: '7', exp: 1 })),
        10008,
      )
    })

    it('is refused when anything of it is changed', async () => {
      const token = await signed(good())
      const [header = '', payload = '', signature = ''] = token.split('.')
      const raised = base64url(JSON.stringify({ ...good(), role: 2 }))
      const forgeries = [
        `${header}.${raised}.${signature}`,
        `${header}.${payload}.${changed(signature, 0)}`,
        `${header}.${payload}.${signature.slice(0, -4)}`,
        `${header}.${payload}.${signature}AAAA`,
        `${header}.${payload}.`,
        `${header}.${payload}`,
        `${base64url('{"alg":"HS512"}')}.${payload}.${signature}`,
        `${base64url('{"alg":"HS256","crit":["x"],"x":1}')}.${payload}.${signature}`,
        `${header}.${changed(payload, 5)}.${signature}`,
        `${token}.${signature}`,
      ]
      dataOf(await tryToken(token))
      for (const forgery of forgeries) expectRefusal(await tryToken(forgery), 10008)
    })
  })

  describe('signed with nothing, or with another algorithm', () => {
    it('none is refused', async () => {
      const unsecured = new UnsecuredJWT(good()).encode()
      const [, payload = ''] = unsecured.split('.')
      const [, , signature = ''] = (await signed(good())).split('.')
      const headers = ['none', 'None', 'NONE', 'nOnE', ''].map(alg =>
        base64url(JSON.stringify({ alg, typ: 'JWT' })),
      )
      for (const header of [
        ...headers,
        base64url('{"typ":"JWT"}'),
        base64url('{"alg":null}'),
        base64url('{}'),
      ]) {
        for (const tail of ['', signature])
          expectRefusal(await tryToken(`${header}.${payload}.${tail}`), 10008)
      }
    })

    it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])("%s with somebody's own key is refused", async alg => {
      const key = await newKey(alg)
      expectRefusal(await tryToken(await signWith(key, good())), 10008)
      expectRefusal(await tryToken(await signWith(key, good(), { jwk: key.jwk })), 10008)
    })
  })

  describe('that are no tokens', () => {
    it.each([
      'x',
      '.',
      '..',
      '...',
      'a.b.c',
      'null',
      '{}',
      '!!!.###.$$$',
      'é.ü.ß',
      `${base64url('{"alg":"HS256"}')}..`,
      `${base64url('{"alg":"HS256"}')}.${base64url('[]')}.AAAA`,
      `${base64url('\u0000')}.${base64url('\u0000')}.${base64url('\u0000')}`,
      `${base64url('{"alg":"HS256"}')}.${base64url('{"app":"demo\u0000"}')}.AAAA`,
      `${base64url('{"alg":"HS256","kid":"../../etc/passwd"}')}.${base64url('{}')}.AAAA`,
      `${base64url(`{"alg":${'['.repeat(2000)}`)}.e30.AAAA`,
      'A'.repeat(4000),
      'A'.repeat(5000),
      'A.'.repeat(5000),
    ])('%#: 10008', async token => {
      expectRefusal(await tryToken(token), 10008)
    })

    it('are refused at downloads, where the query may hold anything', async () => {
      const { url, app_id } = instance()
      const { user } = await people(instance(), ['user'])
      const { target } = await upload(
        user,
        '/file/upload/avatar/user',
        {},
        await bytesOf(quarters(4, 4).png()),
      )
      for (const token of [
        '\u0000',
        'a\u0000.b.c',
        '😀.😀.😀',
        '\ud800',
        'x'.repeat(9000),
        '../..',
        "' OR 1=1 --",
      ]) {
        for (const name of ['access-token', 'store_token']) {
          const query = new URLSearchParams({ app_id, [name]: token })
          const response = await fetch(`${target.download_url}&${query}`, { headers: newAddress() })
          expect({ url, status: response.status, body: await response.json() }).toMatchObject({
            url,
            status: 401,
            body: { code: 10008, data: null },
          })
        }
      }
    })
  })

  describe('for files only', () => {
    it('open downloads and nothing else', async () => {
      const { user } = await people(instance(), ['user'])
      const png = await bytesOf(quarters(4, 4).png())
      const { target } = await upload(user, '/file/upload/avatar/user', {}, png)
      const { app_id } = instance()
      const store_token = await signed({ ...good(), sub: String(user.id), use: 'files' })
      const response = await fetch(`${target.download_url}&${new URLSearchParams({ app_id, store_token })}`, {
        headers: newAddress(),
      })
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(png)
      const client = new Client(instance(), { app_id, 'access-token': store_token, ...newAddress() })
      expectRefusal(await client.get('/group/user_joined'), 10008)
      expectRefusal(await client.post('/group/create'), 10008)
      expectRefusal(await client.get('/file/upload/avatar/user'), 10008)
      expectRefusal(await client.get('/file/upload/chat', { file_type: 100, to_id: 7 }), 10008)
    })
  })

  describe('acting headers', () => {
    it.each<[string, { user_id?: string; group_id?: string }, number]>([
      ['none', {}, 200],
      ['user_id of its own', { user_id: '7' }, 200],
      ['user_id of another', { user_id: '8' }, 10010],
      ['user_id that is none', { user_id: 'seven' }, 10002],
      ['user_id that is a fraction', { user_id: '7.0' }, 10002],
      ['user_id 0', { user_id: '0' }, 10002],
      ['group_id', { group_id: '1' }, 10010],
      ['group_id that is none', { group_id: 'x' }, 10002],
      ['both', { user_id: '7', group_id: '1' }, 10010],
    ])('of a user: %s', async (_, headers, code) => {
      const answer = await tryToken(await signed(good()), headers)
      expect({ status: answer.status, code: answer.code }).toEqual({ status: 200, code })
    })

    it.each<[string, { user_id?: string; group_id?: string }, number]>([
      ['user_id', { user_id: '7' }, 200],
      ['the largest user_id', { user_id: String(largestId) }, 200],
      ['a larger user_id', { user_id: '9007199254740992' }, 10002],
      ['user_id that is none', { user_id: '-7' }, 10002],
      ['both', { user_id: '7', group_id: '1' }, 200],
      ['none', {}, 10002],
      ['group_id', { group_id: '1' }, 10002],
    ])('of an administrator: %s', async (_, headers, code) => {
      const answer = await tryToken(await signed({ ...good(), role: 2, sub: undefined }), headers)
      expect({ status: answer.status, code: answer.code }).toEqual({ status: 200, code })
    })

    it("an administrator's sub is not whom it acts as", async () => {
      expectRefusal(await tryToken(await signed({ ...good(), role: 2 })), 10002)
    })
  })

  describe('headers with a hyphen, since proxies such as nginx drop those with an underscore', () => {
    const call = (headers: Record<string, string>, path = '/group/user_joined') =>
      new Client(instance(), { ...newAddress(), ...headers }).get(path)

    it('are second spellings', async () => {
      const { app_id } = instance()
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const administrator = await signed({ ...good(), role: 2, sub: undefined })
      const named = { 'app-id': app_id, 'access-token': administrator }
      expect(dataOf(await call({ ...named, 'user-id': String(owner.id) }))).toEqual([group_id])
      expectRefusal(await call({ ...named, 'user-id': 'x' }), 10002, 'user_id')
      const path = `/group/member_list?group_id=${group_id}`
      dataOf(await call({ ...named, 'group-id': String(group_id) }, path))
      expectRefusal(await call({ ...named, 'group-id': '1' }, path), 10010)
      dataOf(await call({ 'app-id': app_id, 'access-token': await signed(good()), 'user-id': '7' }))
      expectRefusal(await call({ 'app-id': 'nobody', 'access-token': await signed(good()) }), 40000)
    })

    it('are not needed by users, whose tokens name the app', async () => {
      const token = await signed(good())
      dataOf(await call({ 'access-token': token }))
      dataOf(await call({ authorization: `Bearer ${token}` }))
      expectRefusal(await call({ 'access-token': changed(token, token.length - 9) }), 10008)
      expectRefusal(await call({ 'access-token': await signed({ ...good(), app: 'nobody' }) }), 40000)
      expectRefusal(await call({ 'access-token': await signed({ ...good(), app: undefined }) }), 40000)
      expectRefusal(await call({ 'access-token': await signed({ ...good(), exp: 1 }) }), 402)
      expectRefusal(await call({ 'access-token': 'x' }), 10008)
    })

    it('are needed by administrators, who hear of the proxy', async () => {
      const token = await signed({ ...good(), role: 2, sub: undefined })
      expectRefusal(await call({ 'access-token': token }), 40000, 'app-id')
      expectRefusal(await call({ 'access-token': token, user_id: '7' }), 40000, 'app-id')
      expectRefusal(await call({}), 40000, 'app-id')
    })
  })

  it('checks app, token, acting headers, parameters, group, role and the rules of the operation in this order', async () => {
    const { owner, user } = await people(instance(), ['owner', 'user'])
    const group_id = await newGroup(owner)
    const token = user.headers['access-token'] ?? ''
    const { app_id } = instance()
    const right = { app_id, 'access-token': token }
    const steps: [number, Record<string, string>, Record<string, unknown>][] = [
      [40000, { app_id: 'nobody', 'access-token': 'x', user_id: '8' }, {}],
      [10008, { app_id, 'access-token': 'x', user_id: 'x' }, {}],
      [10010, { ...right, user_id: '8' }, {}],
      [10002, right, { group_id: largestId, name: '' }],
      [20001, right, { group_id: largestId, file_id: 1, name: 'b' }],
      [20011, right, { group_id, file_id: 1, name: 'b' }],
      [
        20022,
        { ...right, 'access-token': owner.headers['access-token'] ?? '' },
        { group_id, file_id: 1, name: 'b' },
      ],
    ]
    for (const [code, headers, body] of steps) {
      expectRefusal(
        await new Client(instance(), { ...headers, ...newAddress() }).post('/group/file/update_name', body),
        code,
      )
    }
  })

  keyRules(instance)
}
