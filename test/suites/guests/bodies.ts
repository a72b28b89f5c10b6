import { describe, expect, it } from 'vitest'
import { besideAttack } from '../../support/bystander.ts'
import { lacking } from '../../support/capabilities.ts'
import { Client, callers, newAddress, signToken } from '../../support/client.ts'
import { expectBytes, placeFor, read, toUser } from '../../support/files.ts'
import { joined, text } from '../../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people } from '../../support/groups.ts'
import { headOf, openRaw } from '../../support/raw-http.ts'
import { boundary, closing, multipart, part, put } from '../../support/upload-requests.ts'
import type { Suite } from '../all.ts'

/** The bytes, each as a chunk of its own of a chunked body. */
const oneByOne = (bytes: Uint8Array): Buffer =>
  Buffer.concat([
    ...Array.from(bytes, byte => Buffer.from([0x31, 13, 10, byte, 13, 10])),
    Buffer.from('0\r\n\r\n'),
  ])

export const hostileBodies: Suite = (instance, _pace, target) => {
  const oneProcess = lacking(target, 'one process') === undefined
  const ownUrls = lacking(target, 'own upload URLs') === undefined
  const pipelining = lacking(target, 'pipelined requests') === undefined
  const bystander = async () => {
    const { owner } = await people(instance(), ['owner'])
    const group_id = await newGroup(owner)
    return async () => dataOf(await owner.get('/group/info', { group_id }))
  }

  /** How often this route has answered 500. */
  const failuresOf = async (route: string) => {
    const { data } = await (await callers(instance()).admin()).get('/metrics')
    const [, count = '0'] = new RegExp(`route="${route}",code="500"} (\\d+)`).exec(String(data)) ?? []
    return Number(count)
  }

  describe.runIf(ownUrls)('a form in chunks of one byte', () => {
    it('is read like any other', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const place = await placeFor(sender, toUser(friend))
      const file = text('\r\r\n-\r\n--\r\n--a-boundar\r\r\n--a-bound\r\n'.repeat(20))
      const form = joined(part('name="x"', text('undefined')), part('name="file"', file), closing)
      const connection = await openRaw(place.upload_url)
      await connection.write(
        headOf('POST', place.upload_url, { ...multipart, 'transfer-encoding': 'chunked' }),
      )
      await connection.write(oneByOne(form))
      expect(await connection.status()).toBe(200)
      connection.breakOff()
      expectBytes(await read(friend, place.download_url), file)
    })

    it.runIf(oneProcess)('does not hold up others, whatever is in its headers', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const places = await Promise.all(Array.from({ length: 4 }, () => placeFor(sender, toUser(friend))))
      const statuses: number[] = []
      await besideAttack(instance(), await bystander(), async () => {
        for (const place of places) {
          const connection = await openRaw(place.upload_url)
          await connection.write(
            headOf('POST', place.upload_url, { ...multipart, 'transfer-encoding': 'chunked' }),
          )
          // Unfinished headers, searched again with every chunk, would take seconds for each of these.
          await connection.write(
            oneByOne(joined(text(`--${boundary}\r\nx: `), new Uint8Array(32_000).fill(13))),
          )
          statuses.push(await connection.status())
          connection.breakOff()
        }
      })
      expect(statuses).toEqual([400, 400, 400, 400])
    })
  })

  it.runIf(ownUrls)('an upload that is cut off stores nothing, and its URL may be used again', async () => {
    const { sender, friend } = await people(instance(), ['sender', 'friend'])
    const route = '/file/upload/object'
    const before = await failuresOf(route)
    const bytes = new Uint8Array(200_000).fill(65)
    const form = joined(part('name="file"', bytes), closing)
    const ways: readonly (readonly [string, Uint8Array, Readonly<Record<string, string | number>>])[] = [
      ['PUT', bytes, { 'content-length': bytes.length }],
      ['PUT', joined(text('30d40\r\n'), bytes), { 'transfer-encoding': 'chunked' }],
      ['POST', form, { ...multipart, 'content-length': form.length }],
    ]
    for (const [method, body, headers] of ways) {
      const place = await placeFor(sender, toUser(friend))
      for (const sent of [0, 100, 120_000]) {
        const connection = await openRaw(place.upload_url)
        await connection.write(headOf(method, place.upload_url, headers))
        await connection.write(body.subarray(0, sent))
        await new Promise(resolve => setTimeout(resolve, 30))
        connection.breakOff()
      }
      expect((await read(friend, place.download_url)).status).not.toBe(200)
      await expect.poll(async () => (await put(place, bytes)).status, { timeout: 10_000 }).toBe(200)
      expectBytes(await read(friend, place.download_url), bytes)
    }
    expect(await failuresOf(route)).toBe(before)
  })

  describe('a JSON body', () => {
    /** Someone's group, how to ask for its ext, and the head and the body of a request that sets it. */
    const groupWithExt = async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const url = `${instance().url}/group/info/ext`
      const requestTo = (value: string) => {
        const body = JSON.stringify({ group_id, value })
        const headers = { ...owner.headers, 'content-type': 'application/json' }
        return { head: headOf('POST', url, { ...headers, 'content-length': body.length }), body }
      }
      const ext = async () => dataOf(await owner.get('/group/info', { group_id })).ext
      return { connection: () => openRaw(url), requestTo, ext }
    }
    const send = async (client: Client, body: string) => client.call('POST', '/user/settings', { body })

    it.each<readonly [string, string, string]>([
      ['80 000 keys', `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`, 'keys'],
      ['2 001 keys in objects of one', `{"x":[${'{"k":1},'.repeat(2000)}{}]}`, 'keys'],
      ['lists in lists', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'levels'],
      ['100 000 lists', `{"x":[${'[],'.repeat(100_000)}[]]}`, 'items'],
      ['100 000 numbers', `{"x":[${'1,'.repeat(100_000)}1]}`, 'items'],
    ])('with %s is refused before anything is built of it', async (_, body, naming) => {
      const { user } = await people(instance(), ['user'])
      expectRefusal(await send(user, body), 10002, naming)
    })

    it('is read however it is cut, with the headers or after them', async () => {
      const group = await groupWithExt()
      for (const cuts of [[], [0], [9], [0, 1], [0, 5, 6]]) {
        const value = `cut at ${cuts}`
        const { head, body } = group.requestTo(value)
        const whole = head + body
        const places = cuts.map(cut => head.length + cut)
        const connection = await group.connection()
        for (const [i, from] of [0, ...places].entries()) {
          await connection.write(whole.slice(from, places[i]))
          // So that it arrives by itself.
          await new Promise(resolve => setTimeout(resolve, 30))
        }
        expect(await connection.status()).toBe(200)
        connection.breakOff()
        expect(await group.ext()).toBe(value)
      }
    })

    it('that is cut off changes nothing, and is no failure of the service', async () => {
      const group = await groupWithExt()
      const before = await failuresOf('/group/info/ext')
      for (const sent of [0, 1, 7]) {
        const { head, body } = group.requestTo('cut off')
        const connection = await group.connection()
        await connection.write(head + body.slice(0, sent))
        await new Promise(resolve => setTimeout(resolve, 30))
        connection.breakOff()
      }
      const { head, body } = group.requestTo('whole')
      const connection = await group.connection()
      await connection.write(head + body)
      expect(await connection.status()).toBe(200)
      connection.breakOff()
      expect(await group.ext()).toBe('whole')
      expect(await failuresOf('/group/info/ext')).toBe(before)
    })

    it.runIf(pipelining)('is read where requests follow each other without waiting for answers', async () => {
      const group = await groupWithExt()
      const connection = await group.connection()
      const requests = ['first', 'second', 'third'].map(value => group.requestTo(value))
      await connection.write(requests.map(({ head, body }) => head + body).join(''))
      await expect.poll(group.ext, { timeout: 10_000 }).toBe('third')
      connection.breakOff()
    })

    it('may hold any text, however it looks', async () => {
      const { owner } = await people(instance(), ['owner'])
      const tricky = ['":,{}[]'.repeat(500), '\\'.repeat(999), '\\"'.repeat(900), `${'\\'.repeat(8)}"`]
      for (const description of tricky) {
        const text = description.slice(0, 1000)
        const group_id = await newGroup(owner, { description: text })
        expect(dataOf(await owner.get('/group/info', { group_id })).description).toBe(text)
      }
    })

    it.runIf(oneProcess)('of very many keys does not hold up others', async () => {
      const { user } = await people(instance(), ['user'])
      const body = `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`
      await besideAttack(instance(), await bystander(), async () => {
        for (let i = 0; i < 20; i++) expectRefusal(await send(user, body), 10002)
      })
    })
  })

  it('a token in another spelling than its signer gave it is refused', async () => {
    const { app_id, secret } = instance()
    const token = await signToken(secret, { app: app_id, role: 1, sub: '7' })
    const [header = '', payload = '', signature = ''] = token.split('.')
    const last = signature.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const sameBits = alphabet[alphabet.indexOf(last) + 1] ?? ''
    const spellings = [
      `${header}.${payload}.${signature.slice(0, -1)}${sameBits}`,
      `${token}=`,
      `${token}==`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}=.${signature}`,
      `${header}. ${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`,
      `${header}.${payload}.${signature.slice(0, 9)}\t${signature.slice(9)}`,
      `${header}.${payload}.${signature}.`,
    ]
    const ask = (spelling: string) =>
      new Client(instance(), { app_id, 'access-token': spelling, ...newAddress() }).get('/group/user_joined')
    dataOf(await ask(token))
    for (const spelling of spellings) expectRefusal(await ask(spelling), 10008)
    dataOf(await ask(token))
  })
}
