import { describe, expect, it } from 'vitest'
import { lacking } from '../../support/capabilities.ts'
import { type Answer, Client, callers, signToken } from '../../support/client.ts'
import { newTenants, placeFor, send, signOf, toGroup, toUser } from '../../support/files.ts'
import { png } from '../../support/fixtures.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  newGroup,
  people,
  type User,
} from '../../support/groups.ts'
import { post, put } from '../../support/upload-requests.ts'
import type { Suite } from '../all.ts'

const chat = '/file/upload/chat'

/** Who may upload what to whom (docs/behaviour.md, section 7): asked when the upload URL is given out. */
export const uploadRights: Suite = (instance, _pace, target) => {
  const ask = (client: Client, query: Readonly<Record<string, string | number>>) => client.get(chat, query)

  describe('the answer', () => {
    it('of a chat file ends in file_sign, its only parameter, which clients cut out', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const place = await placeFor(sender, toUser(friend))
      expect(Object.keys(place).sort()).toEqual([
        'download_url',
        'oss_body_param',
        'upload_method',
        'upload_url',
      ])
      const { pathname, searchParams } = new URL(place.download_url)
      expect([pathname, [...searchParams.keys()]]).toEqual(['/file/download/chat', ['file_sign']])
      expect(place.download_url.endsWith(`?file_sign=${signOf(place.download_url)}`)).toBe(true)
      expect(signOf(place.download_url)).toMatch(/^[\w.-]{20,}$/)
      expect(['POST', 'PUT']).toContain(place.upload_method)
      expect(new URL(place.upload_url).protocol).toMatch(/^https?:$/)
      for (const value of Object.values(place.oss_body_param)) expect(typeof value).toBe('string')
    })

    it('of an avatar names its object', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      for (const place of [
        dataOf(await owner.get('/file/upload/avatar/user')),
        dataOf(await owner.get('/file/upload/avatar/group', { group_id })),
      ]) {
        const { pathname, searchParams } = new URL(place.download_url)
        expect([pathname, [...searchParams.keys()]]).toEqual(['/file/download/avatar', ['object_name']])
        expect(searchParams.get('object_name')).toMatch(new RegExp(`^${instance().app_id}/`))
        expect(Object.keys(place).sort()).toEqual([
          'download_url',
          'oss_body_param',
          'upload_method',
          'upload_url',
        ])
      }
    })

    it('is another one each time', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      const [one, other] = [await placeFor(sender, toUser(friend)), await placeFor(sender, toUser(friend))]
      expect(one.download_url).not.toBe(other.download_url)
      // Where the store takes a form, its fields and not its URL name the object.
      expect([one.upload_url, one.oss_body_param]).not.toEqual([other.upload_url, other.oss_body_param])
    })
  })

  describe('a chat file', () => {
    it('may go to any user, which is the default of to_type', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      for (const query of [{ to_type: 1 }, {}])
        dataOf(await ask(sender, { file_type: 100, to_id: friend.id, ...query }))
    })

    it('may go to a group from its members alone', async () => {
      const { owner, admin, member, outsider, kicked, left, blocked } = await people(instance(), [
        'owner',
        'admin',
        'member',
        'outsider',
        'kicked',
        'left',
        'blocked',
      ])
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [member, kicked, left, blocked])
      await addAdmins(owner, group_id, [admin])
      const file = { file_type: 100, to_type: 2, to_id: group_id }
      for (const client of [owner, admin, member, kicked, left, blocked]) dataOf(await ask(client, file))
      dataOf(await owner.post('/group/kick', { group_id, user_list: [kicked.id] }))
      dataOf(await left.post('/group/leave', { group_id }))
      dataOf(await owner.post('/group/block', { group_id, user_list: [blocked.id] }))
      for (const client of [outsider, kicked, left, blocked]) expectRefusal(await ask(client, file), 20011)
      dataOf(await owner.post('/group/destroy', { group_id }))
      for (const client of [owner, member, outsider]) expectRefusal(await ask(client, file), 20001)
      expectRefusal(await ask(owner, { ...file, to_id: 5 }), 20001)
    })

    it('may not come from who is banned, or from members while all are', async () => {
      const { owner, admin, member } = await people(instance(), ['owner', 'admin', 'member'])
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [member])
      await addAdmins(owner, group_id, [admin])
      const allowed = async () => {
        const codes = await Promise.all(
          [owner, admin, member].map(client => ask(client, { file_type: 202, to_type: 2, to_id: group_id })),
        )
        return codes.map(({ code }) => code)
      }
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
      expect(await allowed()).toEqual([200, 200, 10010])
      dataOf(await owner.post('/group/ban', { group_id, user_list: [admin.id], duration: -1 }))
      dataOf(await owner.post('/group/unban', { group_id, user_list: [member.id] }))
      expect(await allowed()).toEqual([200, 10010, 200])
      dataOf(await owner.post('/group/unban', { group_id, user_list: [admin.id] }))
      for (const duration of [5, -1]) {
        dataOf(await owner.post('/group/settings/ban_all', { group_id, duration }))
        expect(await allowed()).toEqual([200, 200, 10010])
      }
      dataOf(await owner.post('/group/settings/unban_all', { group_id }))
      expect(await allowed()).toEqual([200, 200, 200])
    })

    it('has one of nine types, and a shared one goes to a group', async () => {
      const { owner, friend } = await people(instance(), ['owner', 'friend'])
      const group_id = await newGroup(owner)
      const [user, group] = [
        { to_type: 1, to_id: friend.id },
        { to_type: 2, to_id: group_id },
      ]
      for (const file_type of [100, 101, 102, 103, 104])
        for (const receiver of [user, group]) dataOf(await ask(owner, { file_type, ...receiver }))
      for (const file_type of [200, 201, 202, 203]) {
        dataOf(await ask(owner, { file_type, ...group }))
        expectRefusal(await ask(owner, { file_type, ...user }), 10002, 'to_type')
        expectRefusal(await ask(owner, { file_type, to_id: friend.id }), 10002, 'to_type')
      }
      // What a client in the field sends for a shared plain file.
      dataOf(await ask(owner, { file_type: 99, ...group }))
      expectRefusal(await ask(owner, { file_type: 99, ...user }), 10002, 'to_type')
      for (const file_type of [0, 1, 2, 98, 105, 199, 204, -1, 2 ** 53, '1e2', 'picture', '100.5', '']) {
        expectRefusal(await ask(owner, { file_type, ...group }), 10002, 'file_type')
      }
    })

    it('needs its parameters', async () => {
      const { sender, friend } = await people(instance(), ['sender', 'friend'])
      expectRefusal(await ask(sender, { to_id: friend.id }), 10002, 'file_type')
      expectRefusal(await ask(sender, { file_type: 100 }), 10002, 'to_id')
      for (const to_id of [0, -1, 1.5, 'me', 2 ** 53])
        expectRefusal(await ask(sender, { file_type: 100, to_id }), 10002, 'to_id')
      for (const to_type of [0, 3, 'group'])
        expectRefusal(await ask(sender, { file_type: 100, to_id: friend.id, to_type }), 10002, 'to_type')
    })

    it('stays inside its app', async () => {
      const { neighbour } = await newTenants(instance(), 'rights', { neighbour: {} })
      const { owner } = await people(instance(), ['owner'])
      const { stranger } = await people(instance(), ['stranger'], neighbour)
      const group_id = await newGroup(owner)
      expectRefusal(await ask(stranger, { file_type: 100, to_type: 2, to_id: group_id }), 20001)
    })
  })

  describe('an avatar', () => {
    it('of a group is for those who may change its info', async () => {
      const { owner, admin, member, outsider } = await people(instance(), [
        'owner',
        'admin',
        'member',
        'outsider',
      ])
      const group_id = await newGroup(owner)
      await addMembers(owner, group_id, [member])
      await addAdmins(owner, group_id, [admin])
      const codes = async () => {
        const answers = await Promise.all(
          [owner, admin, member, outsider].map(client =>
            client.get('/file/upload/avatar/group', { group_id }),
          ),
        )
        return answers.map(({ code }) => code)
      }
      expect(await codes()).toEqual([200, 200, 20012, 20011])
      dataOf(await owner.post('/group/settings/allow_member_modify', { group_id, value: true }))
      expect(await codes()).toEqual([200, 200, 200, 20011])
      dataOf(await owner.post('/group/destroy', { group_id }))
      expect(await codes()).toEqual([20001, 20001, 20001, 20001])
      expectRefusal(await owner.get('/file/upload/avatar/group'), 10002, 'group_id')
    })

    it('of a user is its own', async () => {
      const { user } = await people(instance(), ['user'])
      dataOf(await user.get('/file/upload/avatar/user'))
    })
  })

  describe('an administrator', () => {
    it('uploads as a user, with the rights of that user', async () => {
      const { owner, outsider } = await people(instance(), ['owner', 'outsider'])
      const { admin } = callers(instance())
      const group_id = await newGroup(owner)
      const file = { file_type: 100, to_type: 2, to_id: group_id }
      dataOf(await ask(await admin({ user_id: owner.id }), file))
      dataOf(await (await admin({ user_id: owner.id })).get('/file/upload/avatar/user'))
      expectRefusal(await ask(await admin({ user_id: outsider.id }), file), 20011)
      expectRefusal(
        await (await admin({ user_id: outsider.id })).get('/file/upload/avatar/group', { group_id }),
        20011,
      )
    })

    it('must say as whom, but for the avatar of a group', async () => {
      const { owner } = await people(instance(), ['owner'])
      const { admin } = callers(instance())
      const [group_id, other] = [await newGroup(owner), await newGroup(owner)]
      for (const client of [await admin(), await admin({ group_id })]) {
        expectRefusal(await ask(client, { file_type: 100, to_type: 2, to_id: group_id }), 10002, 'user_id')
        expectRefusal(await client.get('/file/upload/avatar/user'), 10002, 'user_id')
        dataOf(await client.get('/file/upload/avatar/group', { group_id }))
      }
      expectRefusal(
        await (await admin({ group_id: other })).get('/file/upload/avatar/group', { group_id }),
        10010,
      )
      dataOf(await (await admin({ group_id, user_id: owner.id })).get('/file/upload/avatar/user'))
    })
  })

  it('nobody uploads without a token, nor with one for files alone, nor with one in the URL', async () => {
    const { sender, friend } = await people(instance(), ['sender', 'friend'])
    const { app_id, secret } = instance()
    const claims = { app: app_id, role: 1, sub: String(sender.id) }
    const withToken = (token: string) => new Client(instance(), { app_id, 'access-token': token })
    const filesOnly = await signToken(secret, { ...claims, use: 'files' })
    const expired = await signToken(secret, { ...claims, exp: Math.floor(Date.now() / 1000) - 60 })
    const foreign = await signToken('a secret of nobody in particular', claims)
    const routes: readonly (readonly [string, Readonly<Record<string, string | number>>])[] = [
      [chat, { file_type: 100, to_id: friend.id }],
      ['/file/upload/avatar/user', {}],
      ['/file/upload/avatar/group', { group_id: 1 }],
      ['/file/upload/forward', { file_sign: 'x', to_id: friend.id }],
    ]
    for (const [path, query] of routes) {
      const none = new Client(instance(), { app_id })
      expectRefusal(await none.get(path, query), 10003)
      expectRefusal(
        await none.get(path, { ...query, 'access-token': sender.headers['access-token'] ?? '' }),
        10003,
      )
      expectRefusal(await new Client(instance(), {}).get(path, { ...query, app_id }), 40000)
      expectRefusal(await withToken(filesOnly).get(path, query), 10008)
      expectRefusal(await withToken(foreign).get(path, query), 10008)
      expectRefusal(await withToken(expired).get(path, query), 402)
      const posted = await sender.call('POST', path, { query, body: {} })
      expect({ status: posted.status, code: posted.code }).toEqual({ status: 405, code: 405 })
      expect(posted.headers.get('allow')).toContain('GET')
    }
  })

  it('no URL that is handed out carries a token', async () => {
    const { owner } = await people(instance(), ['owner'])
    const group_id = await newGroup(owner)
    const token = owner.headers['access-token'] ?? ''
    const places = [
      await placeFor(owner, toGroup(group_id)),
      dataOf(await owner.get('/file/upload/avatar/user')),
    ]
    for (const place of places) expect(JSON.stringify(place)).not.toContain(token)
  })

  describe.runIf(lacking(target, 'own upload URLs') === undefined)('an upload URL', () => {
    it('is judged again when the bytes arrive', async () => {
      const names = ['owner', 'member'] as const
      const ends: Readonly<
        Record<string, (owner: User, member: User, group_id: number) => Promise<unknown>>
      > = {
        banned: (owner, { id }, group_id) =>
          owner.post('/group/ban', { group_id, user_list: [id], duration: 5 }),
        'silenced with all': (owner, _, group_id) =>
          owner.post('/group/settings/ban_all', { group_id, duration: 5 }),
        kicked: (owner, { id }, group_id) => owner.post('/group/kick', { group_id, user_list: [id] }),
        blocked: (owner, { id }, group_id) => owner.post('/group/block', { group_id, user_list: [id] }),
        'gone by itself': (_, member, group_id) => member.post('/group/leave', { group_id }),
      }
      for (const [how, end] of Object.entries(ends)) {
        const { owner, member } = await people(instance(), names)
        const group_id = await newGroup(owner, { user_list: [member.id] })
        const place = await placeFor(member, toGroup(group_id))
        expect((await end(owner, member, group_id)) as Answer).toMatchObject({ code: 200 })
        for (const send of [put, post])
          expect({ how, ...(await send(place, 'hello')) }).toMatchObject({ how, status: 403, code: 10010 })
      }
    })

    it('for the avatar of a group is good for whoever may change it', async () => {
      const { owner, admin } = await people(instance(), ['owner', 'admin'])
      const group_id = await newGroup(owner)
      await addAdmins(owner, group_id, [admin])
      const [place, other] = [
        dataOf(await admin.get('/file/upload/avatar/group', { group_id })),
        dataOf(await admin.get('/file/upload/avatar/group', { group_id })),
      ]
      expect((await send(place, await png())).status).toBe(200)
      dataOf(await owner.post('/group/admin/remove', { group_id, user_list: [admin.id] }))
      expect(await send(other, await png())).toMatchObject({ status: 403, code: 10010 })
    })

    it('for a file to a user, or used by who may send again, is good', async () => {
      const { owner, member } = await people(instance(), ['owner', 'member'])
      const group_id = await newGroup(owner, { user_list: [member.id] })
      const [toOwner, toAll] = [
        await placeFor(member, toUser(owner)),
        await placeFor(member, toGroup(group_id)),
      ]
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
      expect((await put(toOwner, 'hello')).status).toBe(200)
      expect((await put(toAll, 'hello')).status).toBe(403)
      dataOf(await owner.post('/group/unban', { group_id, user_list: [member.id] }))
      expect((await put(toAll, 'hello')).status).toBe(200)
    })
  })
}
