import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, it } from 'vitest'
import { fileSignOf, grantInUrl, grantOf, signGrant } from '../../src/file/file-sign.ts'
import { readSlot, writeSlot } from '../../src/file/upload/upload-url.ts'
import { equalInConstantTime, sign, verify } from '../../src/operation/sign.ts'
import { type App, appSettings } from '../../src/tenant/app.ts'

const key = (kid: string) => ({ kid, secret: `secret of ${kid}`, created_at: 0 })
const appWith = (...kids: string[]): App => ({
  app_id: 'an-app',
  secrets: [],
  keys: kids.map(key),
  jwks_url: '',
  settings: appSettings.parse({}),
  epoch: '',
})
const slot = { object_name: 'an-app/chat/1', maxSize: 1000, expiresAt: 1_000_000 }

it('what an old key signed stays good until the key goes (security 23)', () => {
  const [before, during, after] = [appWith('a'), appWith('b', 'a'), appWith('b')]
  const [old, older] = [signGrant(before, 77), writeSlot(before, slot)]
  for (const app of [before, during]) expect([grantOf(app, old), readSlot(app, older)]).toEqual([77, slot])
  expect([grantOf(after, old), readSlot(after, older)]).toEqual([undefined, undefined])
  const fresh = signGrant(during, 77)
  expect(fresh).not.toBe(old)
  expect([grantOf(before, fresh), grantOf(after, fresh)]).toEqual([undefined, 77])
})

it('a key of the same name and another secret is another key', () => {
  const app = appWith('a')
  const other = { ...app, keys: [{ ...key('a'), secret: 'another' }] }
  expect(grantOf(other, signGrant(app, 77))).toBeUndefined()
})

it('no kind of sign passes for another (security 8)', () => {
  const app = appWith('a')
  for (const kind of ['cursor', 'qr', 'file', 'upload'] as const) {
    for (const other of ['cursor', 'qr', 'file', 'upload'] as const)
      expect(verify(app, other, 'text', sign(app, kind, 'text'))).toBe(kind === other)
  }
})

it('a sign has no character that ends it in a URL, and is found in one', () => {
  const app = appWith('a')
  for (const grant_id of [1, 35, 36, 2 ** 53 - 1]) {
    const file_sign = signGrant(app, grant_id)
    expect(file_sign).toMatch(/^[\w.-]+$/)
    expect(grantOf(app, file_sign)).toBe(grant_id)
    for (const base of ['', 'https://files.example', 'http://127.0.0.1:1']) {
      expect(grantInUrl(app, `${base}/file/download/chat?file_sign=${file_sign}`)).toBe(grant_id)
    }
  }
  for (const url of [
    '',
    'https://files.example/file/download/chat?file_sign=',
    `/file/download/avatar?file_sign=${signGrant(app, 1)}`,
  ]) {
    expect(grantInUrl(app, url)).toBeUndefined()
  }
})

it('signs are compared whole, wherever they differ (security 23)', () => {
  const text = 'x'.repeat(22)
  expect(equalInConstantTime(text, text)).toBe(true)
  for (let at = 0; at < text.length; at++)
    expect(equalInConstantTime(text, `${text.slice(0, at)}y${text.slice(at + 1)}`)).toBe(false)
  for (const other of ['', text.slice(1), `${text}x`]) expect(equalInConstantTime(text, other)).toBe(false)
})

it('a file_sign is a JWS that says from whom to whom, and nothing else is taken for one', () => {
  const app = appWith('b', 'a')
  const grant = { grant_id: 77, from_id: 2 ** 53 - 1, to_type: 2, to_id: 9 }
  const file_sign = fileSignOf(app, grant)
  const { grant_id: _, ...told } = grant
  expect(decodeJwt(file_sign)).toMatchObject(told)
  expect(decodeProtectedHeader(file_sign)).toEqual({ alg: 'HS256', kid: 'b' })
  expect(grantOf(app, file_sign)).toBe(77)
  expect(grantInUrl(app, `/file/download/chat?file_sign=${file_sign}`)).toBe(77)
  expect(grantOf(appWith('b'), fileSignOf(appWith('a'), grant))).toBeUndefined()
  expect(grantOf(app, fileSignOf(appWith('a'), grant))).toBe(77)
  const [header = '', payload = '', signature = ''] = file_sign.split('.')
  const other = btoa(JSON.stringify({ ...told, grant: '1' })).replaceAll('=', '')
  const unsigned = btoa('{"alg":"none","kid":"b"}').replaceAll('=', '')
  for (const forged of [
    `${header}.${other}.${signature}`,
    `${unsigned}.${payload}.`,
    `${unsigned}.${payload}.${signature}`,
    `${file_sign}.x`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature.slice(0, 22)}`,
    `${file_sign}=`,
    'x'.repeat(600),
  ]) {
    expect(grantOf(app, forged)).toBeUndefined()
  }
})
