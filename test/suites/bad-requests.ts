import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { type Answer, type Client, callers, newAddress } from '../support/client.ts'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { expectSane, short } from '../support/sane.ts'
import type { Instance } from '../support/target.ts'

const mebibyte = 1024 * 1024

/**
 * Requests that are wrong in ways that have nothing to do with the operation: a part of the suite of bad
 * input.
 */
export function badRequests(instance: () => Instance): void {
  const setup = async () => {
    const { owner, member } = await people(instance(), ['owner', 'member'])
    const group_id = await newGroup(owner, { name: 'As it was', user_list: [member.id] })
    const name = async () => dataOf(await owner.get('/group/info', { group_id })).name
    const raw = (body: BodyInit, headers: Record<string, string> = {}, path = '/group/info/name') =>
      sendRaw(owner, path, body, headers)
    return { owner, member, group_id, name, raw }
  }

  it('JSON of 100 000 levels is no harm, as a body, as a value, as what is ignored', async () => {
    const { owner, group_id, name } = await setup()
    const levels = 100_000
    const list = '['.repeat(levels) + ']'.repeat(levels)
    const object = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    for (const deep of [list, object]) {
      const bodies = [
        deep,
        `{"group_id":${group_id},"value":${deep}}`,
        `{"group_id":${deep},"value":"x"}`,
        deep.slice(0, levels),
      ]
      for (const body of bodies) expectRefusal(await owner.call('POST', '/group/info/name', { body }), 10002)
      for (const path of ['/group/ban', '/group/invite', '/group/create']) {
        const answer = await owner.call('POST', path, {
          body: `{"group_id":${group_id},"duration":1,"user_list":${deep}}`,
        })
        expectSane(answer, 'deep user_list')
      }
      expectSane(
        await owner.call('POST', '/group/info/name', {
          body: `{"group_id":${group_id},"value":"As it was","ignored":${deep}}`,
        }),
        'deep',
      )
      expectSane(
        await owner.call('POST', '/group/application_list', {
          body: `{"group_list":[${group_id}],"version":${deep}}`,
        }),
        'deep version',
      )
    }
    expect(await name()).toBe('As it was')
  })

  it('a body of more than 1 MiB is 413, which its sender gets to read', async () => {
    const { group_id, name, raw } = await setup()
    const value = (size: number) => JSON.stringify({ group_id, value: 'x', ignored: 'y'.repeat(size) })
    const tooLarge = { status: 413, code: 413, data: null }
    for (const size of [1, 3, 7].map(mebibytes => mebibytes * mebibyte)) {
      for (let n = 0; n < 5; n++) {
        for (const [how, body] of [
          ['with a length', value(size)],
          ['in chunks', streamOf(value(size))],
        ] as const) {
          const answer = await raw(body).catch(error => ({ how, size, error: String(error.cause ?? error) }))
          expect.soft(answer).toMatchObject(tooLarge)
          if ('code' in answer) expectSane(answer, size)
        }
      }
    }
    // Of 10 MB nobody has to read all to answer: then the connection ends.
    for (const body of [value(10 * mebibyte), streamOf(value(10 * mebibyte))]) {
      const answer = await raw(body, { connection: 'close' }).catch(() => undefined)
      if (answer !== undefined) expect(answer).toMatchObject(tooLarge)
    }
    expect(await name()).toBe('As it was')
    const whole = value(mebibyte - value(0).length)
    expect(whole).toHaveLength(mebibyte)
    for (const body of [whole, streamOf(whole)]) dataOf(await raw(body))
    expect(await name()).toBe('x')
  })

  it('another content type is 415, and JSON in other spellings is not', async () => {
    const { group_id, name, raw } = await setup()
    const body = JSON.stringify({ group_id, value: 'New' })
    for (const type of [
      'text/plain',
      'text/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'x',
      'application/xml',
    ]) {
      const answer = await raw(body, { 'content-type': type })
      expect({ type, status: answer.status, code: answer.code, data: answer.data }).toEqual({
        type,
        status: 415,
        code: 415,
        data: null,
      })
      expectSane(answer, type)
    }
    expect(await name()).toBe('As it was')
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/json;charset=UTF-8',
    ]) {
      dataOf(await raw(body, { 'content-type': type }))
    }
  })

  it('a body that is not UTF-8 is refused, and a mark before the JSON does no harm', async () => {
    const { group_id, raw, name } = await setup()
    const around = (bytes: number[]) => {
      const [head = '', tail = ''] = JSON.stringify({ group_id, value: '|' }).split('|')
      const encode = (text: string) => [...new TextEncoder().encode(text)]
      return new Uint8Array([...encode(head), ...bytes, ...encode(tail)])
    }
    const broken = [
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
      [0x00],
      [0x1f],
      [0xe9],
    ]
    for (const bytes of broken) {
      for (const type of ['application/json', 'application/json; charset=iso-8859-1'])
        expectRefusal(await raw(around(bytes), { 'content-type': type }), 10002, 'body')
    }
    expect(await name()).toBe('As it was')
    const plain = JSON.stringify({ group_id, value: 'Plain' })
    expectSane(await raw(new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(plain)])), 'BOM')
    const utf16 = new Uint8Array([...plain].flatMap(char => [char.charCodeAt(0), 0]))
    expectRefusal(await raw(utf16), 10002)
    expect(await name()).toBe('Plain')
  })

  it('a body that is packed is 415, which names how', async () => {
    const { group_id, raw, name } = await setup()
    const body = JSON.stringify({ group_id, value: 'Packed' })
    for (const [encoding, packed] of [
      ['gzip', gzipSync(body)],
      ['deflate', deflateSync(body)],
      ['br', brotliCompressSync(body)],
      ['gzip, gzip', gzipSync(gzipSync(body))],
    ] as const) {
      const answer = await raw(new Uint8Array(packed), { 'content-encoding': encoding })
      expect(answer).toMatchObject({ status: 415, code: 415, data: null })
      expect(answer.message).toContain(encoding)
      expect(answer.headers.get('accept-encoding')).toBe('identity')
    }
    expect(await name()).toBe('As it was')
    dataOf(await raw(body, { 'content-encoding': 'identity' }))
  })

  it('of a key that comes twice one is taken, and names of prototypes are names', async () => {
    const { owner, group_id, name, raw } = await setup()
    const answer = await raw(`{"group_id":1,"value":"First","group_id":${group_id},"value":"Second"}`)
    expectSane(answer, 'duplicate keys')
    if (answer.code === 200) expect(await name()).toBe('Second')
    const tricks = [
      `{"__proto__":{"group_id":${group_id},"value":"Polluted"}}`,
      `{"constructor":{"prototype":{"group_id":${group_id},"value":"Polluted"}}}`,
      `{"__proto__":{"group_id":${group_id}},"value":"Polluted"}`,
    ]
    for (const body of tricks) expectRefusal(await raw(body), 10002, 'group_id')
    const url = `/group/info?__proto__[group_id]=${group_id}&constructor[prototype][group_id]=${group_id}&__proto__.group_id=${group_id}`
    expectRefusal(await owner.call('GET', url), 10002, 'group_id')
    expectRefusal(await raw('{}'), 10002, 'group_id')
    expect(await name()).not.toBe('Polluted')
  })

  it('hostile queries are read for what they say', async () => {
    const { owner, group_id } = await setup()
    const get = (query: string) => owner.call('GET', `/group/info?${query}`)
    const good = [
      `group_id=${group_id}&group_id=5`,
      `group_id=${group_id}&x=${'y'.repeat(10_000)}`,
      `group_id=${group_id}&%`,
      `group_id=${group_id}&x=%zz&y=%`,
      `group_id=${group_id}&x=%ff%fe&%00=%00`,
      `&&group_id=${group_id}&&=&=x`,
      `group_id=${group_id}#x`,
      `${'a=b&'.repeat(2000)}group_id=${group_id}`,
      `group_id=${encodeURIComponent(`${group_id}`).replace(/^./, digit => `%3${digit}`)}`,
    ]
    for (const query of good) {
      const answer = await get(query)
      expectSane(answer, query)
      expect({ query: short(query), code: answer.code }).toEqual({ query: short(query), code: 200 })
    }
    const bad = [
      '',
      '%',
      'group_id',
      'group_id=',
      'group_id=%',
      'group_id=%zz',
      `group_id=${group_id}%00`,
      `group_id=%20${group_id}`,
      `group_id=+${group_id}`,
    ]
    bad.push(
      `group_id[]=${group_id}`,
      `group_id[0]=${group_id}`,
      `GROUP_ID=${group_id}`,
      `group_id=${'9'.repeat(10_000)}`,
      'group_id=%F0%9F%98%80',
    )
    for (const query of bad) {
      const answer = await get(query)
      expectSane(answer, query)
      expectRefusal(answer, 10002, 'group_id')
    }
  })

  const wrongIds = [
    'abc',
    '-1',
    '0',
    '1.5',
    '1e3',
    '1e20',
    '9007199254740992',
    '0x10',
    '+7',
    '7,8',
    '7 8',
    'null',
    '',
    '٣',
    "1' OR '1'='1",
    '9'.repeat(5000),
  ]

  it('acting headers that are no ids are refused', async () => {
    const { group_id, owner } = await setup()
    const admin = await callers(instance()).admin()
    for (const value of wrongIds.filter(text => /^[\u0020-\u007e]*$/.test(text))) {
      for (const header of ['user_id', 'group_id']) {
        const answer = await admin.call('GET', '/group/info', {
          query: { group_id },
          headers: { [header]: value },
        })
        expectSane(answer, { header, value })
        expectRefusal(answer, 10002, header)
      }
      const own = await owner.call('GET', '/group/info', { query: { group_id }, headers: { user_id: value } })
      expectSane(own, { user_id: value })
      expect([10002, 10010]).toContain(own.code)
    }
    expectRefusal(
      await owner.call('GET', '/group/info', {
        query: { group_id },
        headers: { group_id: String(group_id) },
      }),
      10010,
    )
  })

  it('app ids and tokens that are nonsense are refused', async () => {
    const { group_id, owner } = await setup()
    const get = (headers: Record<string, string>) =>
      owner.call('GET', '/group/info', { query: { group_id }, headers: { ...newAddress(), ...headers } })
    for (const app_id of [
      '',
      'x',
      '../demo',
      "demo'; DROP TABLE apps; --",
      'demo/',
      'DEMO',
      '__proto__',
      'constructor',
      'x'.repeat(5000),
      'dem\u00f6',
    ]) {
      const answer = await get({ app_id })
      expectSane(answer, { app_id })
      expectRefusal(answer, 40000)
    }
    const token = owner.headers['access-token'] ?? ''
    const [head = '', claims = '', signature = ''] = token.split('.')
    const tokens = [
      'x',
      '..',
      'a.b.c',
      `${head}.${claims}`,
      `${head}.${claims}.`,
      `.${claims}.${signature}`,
      `${head}..${signature}`,
      `${token}.x`,
      'x'.repeat(9000),
      '\u00ff.\u00fe.\u00fd',
      'null',
      '{}',
      btoa('{"alg":"none"}'),
    ]
    for (const sent of tokens) {
      const answer = await get({ 'access-token': sent })
      expectSane(answer, { token: sent })
      expectRefusal(answer, 10008)
    }
    expectRefusal(await get({ 'access-token': '' }), 10003)
  })
}

const streamOf = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream()

/** Sends a body as it is, in chunks if it is a stream. */
async function sendRaw(
  client: Client,
  path: string,
  body: BodyInit,
  headers: Record<string, string>,
): Promise<Answer> {
  const init = {
    method: 'POST',
    headers: { ...client.headers, 'content-type': 'application/json', ...headers },
    body,
    duplex: 'half',
  }
  const response = await fetch(new URL(path, client.instance.url), init)
  const parsed = (await response.json()) as Record<string, unknown>
  return {
    ...(parsed as unknown as Answer),
    status: response.status,
    headers: response.headers,
    body: parsed,
  }
}
