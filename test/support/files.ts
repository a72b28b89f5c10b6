import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import type { Bytes } from '../../src/platform.ts'
import type { Client, Sent } from './client.ts'
import { dataOf, type Tenant } from './groups.ts'
import type { Instance } from './target.ts'
import { sendTo, type UploadTarget } from './uploads.ts'

type Settings = Readonly<Record<string, boolean | number | string>>

/** Apps with settings of their own, so that no test changes what another one counts on. */
export async function newTenants<Name extends string>(
  instance: Instance,
  prefix: string,
  apps: Readonly<Record<Name, Settings>>,
): Promise<Record<Name, Tenant>> {
  const tenants: Record<string, Tenant> = {}
  for (const [name, settings] of Object.entries<Settings>(apps)) {
    const app_id = `${prefix}-${name}`
    tenants[name] = { app_id, secret: await instance.createApp(app_id, settings) }
  }
  return tenants
}

/** To whom a file goes, and as what. */
export interface Delivery {
  readonly file_type?: number
  readonly to_id: number
  readonly to_type?: 1 | 2
}

export const toUser = ({ id }: { readonly id: number }): Delivery => ({ to_id: id, to_type: 1 })
export const toGroup = (group_id: number): Delivery => ({ to_id: group_id, to_type: 2 })

/** A place for the bytes of a chat file, plain unless it says otherwise. */
export async function placeFor(sender: Client, delivery: Delivery): Promise<UploadTarget> {
  return dataOf(await sender.get('/file/upload/chat', { file_type: 100, ...delivery }))
}

/** An answer of an upload URL or of a download: of the service, with a code, or of the store. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Bytes
  /** Of an answer in JSON; 0 for others. */
  readonly code: number
  readonly message: string
}

export async function replyOf(response: Response): Promise<Reply> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isEnvelope = response.headers.get('content-type') === 'application/json'
  const { code = 0, message = null } =
    isEnvelope && bytes.length > 0 ? JSON.parse(new TextDecoder().decode(bytes)) : {}
  return { status: response.status, headers: response.headers, bytes, code, message: message ?? '' }
}

/** Sends the bytes as the upload's answer says. */
export const send = async (place: UploadTarget, bytes: Bytes): Promise<Reply> =>
  replyOf(await sendTo(place, bytes))

/** As `send`, and they must be taken. */
export async function deliver(place: UploadTarget, bytes: Bytes): Promise<string> {
  const reply = await send(place, bytes)
  expect({ ok: reply.status < 300, code: reply.code || 200 }, reply.message).toEqual({ ok: true, code: 200 })
  return place.download_url
}

/** Sends a chat file and answers its download URL. */
export async function sendFile(sender: Client, delivery: Delivery, bytes: Bytes): Promise<string> {
  return deliver(await placeFor(sender, delivery), bytes)
}

/** The caller's avatar, stored: its download URL. */
export async function avatarOf(client: Client, bytes: Bytes): Promise<string> {
  return deliver(dataOf(await client.get('/file/upload/avatar/user')), bytes)
}

/** What clients cut out of a chat download URL. */
export const signOf = (url: string): string => url.split('sign=')[1] ?? ''
export const nameOf = (url: string): string => new URL(url).searchParams.get('object_name') ?? ''

export interface Reading {
  readonly query?: Sent['query']
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: 'GET' | 'HEAD'
  readonly redirect?: RequestRedirect
}

/** Downloads with these credentials in the headers, as a client that can send headers does. */
export async function read(
  reader: Pick<Client, 'headers'>,
  url: string,
  { query = {}, headers = {}, method = 'GET', redirect = 'follow' }: Reading = {},
): Promise<Reply> {
  return replyOf(
    await fetch(withQuery(url, query), { method, redirect, headers: { ...reader.headers, ...headers } }),
  )
}

/** As `read`, with all credentials in the query, as `<img>` and `<audio>` must. */
export const readByUrl = (
  reader: Pick<Client, 'headers'>,
  url: string,
  { query = {}, ...rest }: Reading = {},
): Promise<Reply> => read(nobody, url, { ...rest, query: { ...reader.headers, ...query } })

/** Sends no credentials. */
export const nobody: Pick<Client, 'headers'> = { headers: {} }

/** Appended to the URL, as clients do: it has a query already. */
export function withQuery(url: string, query: NonNullable<Sent['query']>): string {
  const more = Object.entries(query).map(
    ([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  )
  return url + more.join('')
}

export function expectBytes(reply: Reply, bytes: Bytes): void {
  expect({ status: reply.status, size: reply.bytes.length }, reply.message).toEqual({
    status: 200,
    size: bytes.length,
  })
  expect(Buffer.compare(reply.bytes, bytes)).toBe(0)
}

/** A refused download: its HTTP status, the code in the envelope, a message, and nothing of the file. */
export function expectRefused(reply: Reply, status: number, code: number, naming = ''): void {
  expect({ status: reply.status, code: reply.code }, reply.message).toEqual({ status, code })
  expect(reply.message).toMatch(/\w/)
  expect(reply.message).toContain(naming)
  expect(JSON.parse(new TextDecoder().decode(reply.bytes))).toMatchObject({ code, data: null })
}

/**
 * What an app's server may sign instead of a token: hex HMAC-SHA-256 of the file's name under the app's
 * secret.
 */
export const sdkSignOf = (secret: string, name: string): string =>
  createHmac('sha256', secret).update(name).digest('hex')
