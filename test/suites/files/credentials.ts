import { beforeAll, describe, expect, it } from 'vitest'
import { Client, callers, signToken } from '../../support/client.ts'
import {
  avatarOf,
  expectBytes,
  expectRefused,
  nameOf,
  newTenants,
  nobody,
  read,
  readByUrl,
  sdkSignOf,
  sendFile,
  signOf,
  toUser,
} from '../../support/files.ts'
import { png, someBytes } from '../../support/fixtures.ts'
import { people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

const minutesAgo = (minutes: number): number => Math.floor(Date.now() / 1000) - minutes * 60

/** With what a file may be read (docs/behaviour.md, section 7; file-security 19). */
export const fileCredentials: Suite = instance => {
  let neighbour: Tenant
  beforeAll(async () => {
    neighbour = (await newTenants(instance(), 'credentials', { neighbour: {} })).neighbour
  })

  const claimsOf = ({ id }: { id: number }) => ({ app: instance().app_id, role: 1, sub: String(id) })
  const withToken = (token: string) =>
    new Client(instance(), { app_id: instance().app_id, 'access-token': token })

  describe('a credential', () => {
    it('is needed, and may stand in the header or in the query', async () => {
      const { sender, receiver } = await people(instance(), ['sender', 'receiver'])
      const { app_id } = instance()
      const url = await sendFile(sender, toUser(receiver), someBytes(30))
      const token = receiver.headers['access-token'] ?? ''
      expectRefused(await read(nobody, url), 401, 40000)
      expectRefused(
        await read(nobody, url, { query: { app_id: 'nowhere', 'access-token': token } }),
        401,
        40000,
      )
      for (const query of [
        { app_id },
        { app_id, 'access-token': '' },
        { app_id, store_token: '', sdk_sign: '' },
      ]) {
        expectRefused(await read(nobody, url, { query }), 401, 10003)
      }
      const ways = [
        read(receiver, url),
        readByUrl(receiver, url),
        read({ headers: { app_id } }, url, { query: { 'access-token': token } }),
        read({ headers: { 'access-token': token } }, url, { query: { app_id } }),
        read({ headers: { app_id, authorization: `Bearer ${token}` } }, url),
        read({ headers: { app_id } }, url, { query: { store_token: token } }),
        read(receiver, url, { headers: { user_id: String(receiver.id) } }),
      ]
      for (const reply of await Promise.all(ways)) expectBytes(reply, someBytes(30))
      expectRefused(await read(receiver, url, { headers: { user_id: String(sender.id) } }), 403, 10010)
      expectRefused(await read(receiver, url, { headers: { group_id: '1' } }), 403, 10010)
    })

    it('in a query is for downloads alone', async () => {
      const { user } = await people(instance(), ['user'])
      const { app_id } = instance()
      const path = '/group/user_joined'
      expect(
        (
          await new Client(instance(), { app_id }).get(path, {
            'access-token': user.headers['access-token'] ?? '',
          })
        ).code,
      ).toBe(10003)
      const administrator = (await callers(instance()).admin()).headers['access-token'] ?? ''
      expect(
        (await new Client(instance(), { 'access-token': administrator }).get(path, { app_id })).code,
      ).toBe(40000)
    })

    it('for files alone reads what its user may read, and nothing else', async () => {
      const { sender, receiver, outsider } = await people(instance(), ['sender', 'receiver', 'outsider'])
      const { app_id, secret } = instance()
      const url = await sendFile(sender, toUser(receiver), someBytes(30))
      const avatar = await avatarOf(sender, await png())
      const [good, other, old] = [
        await signToken(secret, { ...claimsOf(receiver), use: 'files' }),
        await signToken(secret, { ...claimsOf(outsider), use: 'files' }),
        await signToken(secret, { ...claimsOf(receiver), use: 'files', exp: minutesAgo(1) }),
      ]
      const as = (store_token: string) => ({ query: { app_id, store_token } })
      expectBytes(await read(nobody, url, as(good)), someBytes(30))
      expectBytes(await read(nobody, avatar, as(other)), await png())
      expectRefused(await read(nobody, url, as(other)), 403, 10010)
      expectRefused(await read(nobody, url, as(old)), 401, 402)
      expect((await withToken(good).get('/group/user_joined')).code).toBe(10008)
      expect(
        (await withToken(good).get('/file/upload/forward', { file_sign: signOf(url), to_id: outsider.id }))
          .code,
      ).toBe(10008)
    })

    it("may be the app's own signature of that one file", async () => {
      const { sender, receiver } = await people(instance(), ['sender', 'receiver'])
      const { app_id, secret } = instance()
      const [url, another] = [
        await sendFile(sender, toUser(receiver), someBytes(30)),
        await sendFile(sender, toUser(receiver), someBytes(31)),
      ]
      const avatar = await avatarOf(sender, await png())
      const signed = (sdk_sign: string) => ({ query: { app_id, sdk_sign } })
      const good = sdkSignOf(secret, signOf(url))
      expectBytes(await read(nobody, url, signed(good)), someBytes(30))
      expectBytes(await read(nobody, url, signed(good.toUpperCase())), someBytes(30))
      expectBytes(await read(nobody, avatar, signed(sdkSignOf(secret, nameOf(avatar)))), await png())
      const wrong = [
        sdkSignOf(secret, signOf(another)),
        sdkSignOf('another secret altogether', signOf(url)),
        sdkSignOf(neighbour.secret, signOf(url)),
        sdkSignOf(secret, ''),
        `${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`,
        good.slice(0, -2),
        `${good}00`,
        'x',
      ]
      for (const [name, at] of [
        [signOf(url), url],
        [nameOf(avatar), avatar],
      ] as const) {
        const labelled = sdkSignOf(secret, `cohort-file:${name}`)
        expect((await read(nobody, at, signed(labelled))).status).toBe(200)
      }
      for (const sdk_sign of wrong) expectRefused(await read(nobody, url, signed(sdk_sign)), 403, 10030)
      expectRefused(
        await read(nobody, url, { query: { app_id: neighbour.app_id, sdk_sign: good } }),
        403,
        10030,
      )
      expectRefused(await read(nobody, avatar, signed(good)), 403, 10030)
    })

    it('is no signature of anything but a name that was handed out here', async () => {
      const { app_id, secret } = instance()
      const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const names = [
        `${encoded({ alg: 'HS256' })}.${encoded({ app: app_id, role: 2 })}`,
        'anything',
        `${app_id}/avatar/../x`,
        `${neighbour.app_id}/avatar/1`,
        '',
      ]
      for (const name of names) {
        for (const signed of [name, `cohort-file:${name}`]) {
          const query = `app_id=${app_id}&sdk_sign=${sdkSignOf(secret, signed)}`
          for (const [path, parameter] of [
            ['avatar', 'object_name'],
            ['chat', 'file_sign'],
          ]) {
            const url = new URL(
              `/file/download/${path}?${parameter}=${encodeURIComponent(name)}&${query}`,
              instance().url,
            )
            expectRefused(await read(nobody, url.href), 403, 10030)
          }
        }
      }
    })

    it('that is wrong is refused, wherever it stands (security 19)', async () => {
      const { sender, receiver } = await people(instance(), ['sender', 'receiver'])
      const { app_id, secret } = instance()
      const url = await sendFile(sender, toUser(receiver), someBytes(30))
      const good = await signToken(secret, claimsOf(receiver))
      const [header = '', payload = '', signature = ''] = good.split('.')
      const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const wrong: readonly (readonly [string, number])[] = [
        [await signToken(secret, { ...claimsOf(receiver), exp: minutesAgo(1) }), 402],
        [await signToken('another secret altogether', claimsOf(receiver)), 10008],
        [await signToken(neighbour.secret, { ...claimsOf(receiver), app: neighbour.app_id }), 10008],
        [await signToken(secret, { ...claimsOf(receiver), nbf: minutesAgo(-60) }), 10008],
        [await signToken(secret, { ...claimsOf(receiver), use: 'everything' }), 10008],
        [`${encoded({ alg: 'none' })}.${payload}.`, 10008],
        [`${encoded({ alg: 'RS256' })}.${payload}.${signature}`, 10008],
        [`${header}.${encoded({ ...claimsOf(sender), iat: minutesAgo(0) })}.${signature}`, 10008],
        [`${header}.${payload}`, 10008],
        ['nonsense', 10008],
      ]
      for (const [token, code] of wrong) {
        expectRefused(await read({ headers: { app_id, 'access-token': token } }, url), 401, code)
        expectRefused(await read(nobody, url, { query: { app_id, 'access-token': token } }), 401, code)
        expectRefused(await read(nobody, url, { query: { app_id, store_token: token } }), 401, code)
      }
    })
  })
}
