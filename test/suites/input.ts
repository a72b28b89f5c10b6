import { describe, expect, it } from 'vitest'
import { type Answer, type Client, callers } from '../support/client.ts'
import { dataOf, expectRefusal, infoOf, memberIds, newGroup, people } from '../support/groups.ts'
import { expectStatus, lastOfConnection, mebibyte, padded } from '../support/statuses.ts'
import type { Instance } from '../support/target.ts'

/** How parameters may be sent, and bodies (docs/behaviour.md, sections 1 and 2). */
export function inputRules(instance: () => Instance): void {
  describe('parameters', () => {
    /** A member to leave the group by the call under test. */
    const memberOf = async (): Promise<{
      owner: Client
      friend: Client
      group_id: number
      other: number
    }> => {
      const { owner, friend } = await people(instance(), ['owner', 'friend'])
      const group_id = await newGroup(owner, { user_list: [friend.id] })
      return { owner, friend, group_id, other: await newGroup(owner, { user_list: [friend.id] }) }
    }

    it.each([
      {
        sent: 'the query beside {}',
        method: 'POST',
        call: (group_id: number) => ({ query: { group_id }, body: {} }),
      },
      {
        sent: 'the query, without a body',
        method: 'POST',
        call: (group_id: number) => ({ query: { group_id } }),
      },
      {
        sent: 'the query of a DELETE',
        method: 'DELETE',
        call: (group_id: number) => ({ query: { group_id } }),
      },
      {
        sent: 'the body of a DELETE',
        method: 'DELETE',
        call: (group_id: number) => ({ body: { group_id } }),
      },
      { sent: 'the body', method: 'POST', call: (group_id: number) => ({ body: { group_id } }) },
      {
        sent: 'both, of which the body wins',
        method: 'POST',
        call: (group_id: number, other: number) => ({ query: { group_id: other }, body: { group_id } }),
      },
      {
        sent: 'a string of digits',
        method: 'POST',
        call: (group_id: number) => ({ body: { group_id: String(group_id) } }),
      },
      {
        sent: 'the body beside unknown fields',
        method: 'POST',
        call: (group_id: number) => ({ query: { x: 1 }, body: { group_id, y: null, z: {} } }),
      },
    ])('are read from $sent', async ({ method, call }) => {
      const { friend, group_id, other } = await memberOf()
      expect(dataOf(await friend.call(method, '/group/leave', call(group_id, other)))).toBe(true)
      expect(dataOf(await friend.get('/group/user_joined'))).toEqual([other])
    })

    it('may be strings of digits in lists and in headers too', async () => {
      const { owner, friend } = await people(instance(), ['owner', 'friend'])
      const group_id = await newGroup(owner)
      const answer = await owner.post('/group/invite', { group_id, user_list: [String(friend.id)] })
      expect(dataOf(answer)).toMatchObject([{ user_id: friend.id, result: 'success' }])
      const { admin } = callers(instance())
      expect(dataOf(await (await admin({ user_id: friend.id })).get('/group/user_joined'))).toEqual([
        group_id,
      ])
      expect(await memberIds(await admin({ group_id }), group_id)).toEqual([owner.id, friend.id])
    })

    const noId = [
      0,
      -3,
      1.5,
      1e20,
      2 ** 53,
      '12abc',
      '1.5',
      '-3',
      '1e3',
      '0x10',
      '9007199254740992',
      '100000000000000000000',
      ' 7',
      '',
      'true',
      '٣',
    ]
    it.each(noId)('%j is no id: 10002', async group_id => {
      const { user } = await people(instance(), ['user'])
      expectRefusal(await user.get('/group/info', { group_id }), 10002, 'group_id')
      expectRefusal(await user.post('/group/leave', { group_id }), 10002, 'group_id')
      expectRefusal(
        await user.post('/group/kick', { group_id: 7, user_list: [7, group_id] }),
        10002,
        'user_list',
      )
      const admin = await callers(instance()).admin()
      expectRefusal(
        await admin.call('GET', '/group/user_joined', {
          headers: { user_id: encodeURI(String(group_id)).replace('%20', '+') },
        }),
        10002,
        'user_id',
      )
    })

    it.each([null, true, [], [7], {}])('%j is no id: 10002', async group_id => {
      const { user } = await people(instance(), ['user'])
      expectRefusal(await user.post('/group/leave', { group_id }), 10002, 'group_id')
    })

    it('the largest id is an id', async () => {
      const { user } = await people(instance(), ['user'])
      for (const group_id of [Number.MAX_SAFE_INTEGER, String(Number.MAX_SAFE_INTEGER)]) {
        expectRefusal(await user.post('/group/leave', { group_id }), 20001)
        expectRefusal(await user.get('/group/info', { group_id }), 20001)
      }
    })

    it('a boolean may also be 0 or 1', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      for (const [value, meaning] of [
        [true, true],
        [false, false],
        [1, true],
        [0, false],
        ['1', true],
        ['0', false],
        ['true', true],
        ['false', false],
      ]) {
        dataOf(await owner.post('/group/settings/history_visible', { group_id, value }))
        expect(await infoOf(owner, group_id)).toMatchObject({ history_visible: meaning })
      }
      dataOf(await owner.call('PUT', '/group/settings/history_visible', { query: { group_id, value: 1 } }))
      expect(await infoOf(owner, group_id)).toMatchObject({ history_visible: true })
      for (const value of [2, -1, 'yes', '', null, []]) {
        expectRefusal(
          await owner.post('/group/settings/history_visible', { group_id, value }),
          10002,
          'value',
        )
      }
      expect(await infoOf(owner, group_id)).toMatchObject({ history_visible: true })
    })
  })

  describe('what is empty or sent twice', () => {
    const withTwo = async () => {
      const cast = await people(instance(), ['owner', 'a', 'b', 'c'])
      const user_list = [cast.a.id, cast.b.id, cast.c.id]
      return { ...cast, user_list, group_id: await newGroup(cast.owner, { user_list }) }
    }

    it('an empty parameter of the query is as if it were not sent', async () => {
      const { owner, group_id } = await withTwo()
      const query = { group_id, limit: '', cursor: '', version: '' }
      for (const path of ['/group/member_list', '/group/banned_list', '/group/blocked_list'])
        dataOf(await owner.get(path, query))
      expect(dataOf(await owner.call('POST', '/group/create?name=&type=&user_list='))).toMatchObject({
        name: '',
        type: 0,
        count: 1,
      })
      expectRefusal(await owner.get('/group/info', { group_id: '' }), 10002, 'group_id')
    })

    it('null is as if it were not sent, also where the query says something', async () => {
      const { owner, group_id } = await withTwo()
      const nothing = { name: null, description: null, avatar: null, type: null, user_list: null }
      expect(dataOf(await owner.post('/group/create', nothing))).toMatchObject({
        name: '',
        type: 0,
        count: 1,
      })
      dataOf(
        await owner.post('/group/application_list', { group_list: [group_id], limit: null, cursor: null }),
      )
      const body = { group_id: null, value: 'From the body' }
      dataOf(await owner.call('POST', '/group/info/name', { query: { group_id, value: 'x' }, body }))
      expect(await infoOf(owner, group_id)).toMatchObject({ name: 'From the body' })
      expectRefusal(await owner.post('/group/info/name', { group_id, value: null }), 10002, 'value')
    })

    it('a list of the query adds up, however it is cut', async () => {
      const { owner, a, b, c, group_id } = await withTwo()
      const lists = [
        `user_list=${a.id}&user_list=${b.id}&user_list=${c.id}`,
        `user_list=${a.id},${b.id}&user_list=${c.id}`,
        `user_list=&user_list=${a.id}&user_list=${b.id},${c.id}&user_list=${a.id}`,
      ]
      for (const list of lists) {
        const answer = await owner.call('POST', `/group/ban?group_id=${group_id}&duration=5&${list}`, {
          body: {},
        })
        expect(dataOf(answer).map((item: { user_id: number }) => item.user_id)).toEqual([a.id, b.id, c.id])
      }
      const made = dataOf(
        await owner.call('POST', `/group/create?user_list=${a.id}&user_list=x&user_list=${b.id}`),
      )
      expect(await memberIds(owner, made.group_id)).toEqual([owner.id, a.id, b.id])
    })

    it('of another parameter the first counts', async () => {
      const { owner, group_id } = await withTwo()
      expect(dataOf(await owner.call('GET', `/group/info?group_id=${group_id}&group_id=5`))).toMatchObject({
        group_id,
      })
    })

    it('a query that is not UTF-8 is refused by the name of the parameter', async () => {
      const { owner, group_id } = await withTwo()
      const named = (value: string) =>
        owner.call('POST', `/group/info/name?group_id=${group_id}&value=${value}`)
      for (const value of ['caf%E9', '%ff%fe', '%C3', 'a%ED%A0%80b', '%e2%82'])
        expectRefusal(await named(value), 10002, 'value')
      expect(await infoOf(owner, group_id)).toMatchObject({ name: '' })
      for (const [value, meaning] of [
        ['caf%C3%A9', 'café'],
        ['100%', '100%'],
        ['a%20b+c', 'a b c'],
        ['caf%C3%A9&other=%E9', 'café'],
      ] as const) {
        dataOf(await named(value))
        expect(await infoOf(owner, group_id)).toMatchObject({ name: meaning })
      }
    })
  })

  describe('a body', () => {
    const create = async (body: string, headers: Record<string, string> = {}): Promise<Answer> => {
      const { user } = await people(instance(), ['user'])
      return user.call('POST', '/group/create', { body, headers })
    }

    it('of 1 MiB is read, of one byte more is not: 413', async () => {
      dataOf(await create(padded({ name: 'Large' }, mebibyte)))
      expectStatus(await create(padded({ name: 'Large' }, mebibyte + 1), lastOfConnection), 413)
    })

    it('without a length is measured as it comes', async () => {
      const { user } = await people(instance(), ['user'])
      const send = async (size: number): Promise<Response> => {
        const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>()
        const writer = writable.getWriter()
        const sent = writer
          .write(new TextEncoder().encode(padded({ name: 'Large' }, size)))
          .then(() => writer.close())
        const init = {
          method: 'POST',
          headers: { ...user.headers, ...lastOfConnection, 'content-type': 'application/json' },
          body: readable,
          duplex: 'half',
        }
        const [response] = await Promise.all([
          fetch(new URL('/group/create', instance().url), init as RequestInit),
          sent.catch(() => {}),
        ])
        return response
      }
      expect(await (await send(mebibyte)).json()).toMatchObject({ code: 200, data: { name: 'Large' } })
      const refused = await send(mebibyte + 1)
      expect(refused.status).toBe(413)
      expect(await refused.json()).toMatchObject({ code: 413, data: null })
    })

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/json',
      'application/jsonp',
    ])('that is %s is not read: 415', async type =>
      expectStatus(await create('{}', { 'content-type': type }), 415),
    )

    it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;charset=UTF-8'])(
      'that is %s is read',
      async type => {
        expect(dataOf(await create('{"name":"Ä"}', { 'content-type': type }))).toMatchObject({ name: 'Ä' })
      },
    )

    it.each([
      '{',
      '{"name":}',
      "{'name':1}",
      '{"name":"a"} x',
      '[]',
      '7',
      'null',
      '"name"',
      '\u0000',
      'name=a',
    ])('%j is no JSON object: 10002', async body => {
      expectRefusal(await create(body), 10002)
    })
  })
}
