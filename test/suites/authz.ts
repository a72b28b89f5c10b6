import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type Client, callers } from '../support/client.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  newGroup,
  people,
  type User,
} from '../support/groups.ts'
import type { Suite } from './all.ts'

const always = -1

interface Verdict {
  readonly allowed: boolean
  readonly reason: string
  readonly until: number
  readonly role: number
  readonly version: number
  readonly ttl_ms: number
}

/** What a message server asks: may this user do this, and who receives? */
export const authzSuite: Suite = instance => {
  let server: Client
  beforeAll(async () => {
    server = await callers(instance()).admin()
  })

  const ask = (group_id: number, { id }: { id: number }, action: string): Promise<Answer> =>
    server.post('/authz/check', { group_id, user_id: id, action })
  const verdict = async (group_id: number, user: { id: number }, action: string): Promise<Verdict> =>
    dataOf(await ask(group_id, user, action))

  async function house() {
    const users = await people(instance(), ['owner', 'admin', 'member', 'stranger'])
    const group_id = await newGroup(users.owner)
    await addAdmins(users.owner, group_id, [users.admin])
    await addMembers(users.owner, group_id, [users.member])
    return { ...users, group_id }
  }

  describe('/authz/check', () => {
    it('goes by the role', async () => {
      const { owner, admin, member, stranger, group_id } = await house()
      const allowed = async (user: User) => {
        const names = ['post', 'upload', 'read', 'invite', 'manage']
        const verdicts = await Promise.all(names.map(action => verdict(group_id, user, action)))
        return names.filter((_, i) => verdicts[i]?.allowed)
      }
      expect(await allowed(owner)).toEqual(['post', 'upload', 'read', 'invite', 'manage'])
      expect(await allowed(admin)).toEqual(['post', 'upload', 'read', 'invite', 'manage'])
      expect(await allowed(member)).toEqual(['post', 'upload', 'read', 'invite'])
      expect(await allowed(stranger)).toEqual([])
      expect(await verdict(group_id, stranger, 'read')).toMatchObject({ reason: 'not_a_member', role: 0 })
      expect(await verdict(group_id, member, 'manage')).toMatchObject({ reason: 'needs_admin', role: 1 })
      dataOf(await owner.post('/group/settings/allow_member_invitation', { group_id, value: false }))
      expect(await verdict(group_id, member, 'invite')).toMatchObject({
        allowed: false,
        reason: 'needs_admin',
      })
      expect(await verdict(group_id, admin, 'invite')).toMatchObject({
        allowed: true,
        role: 2,
        ttl_ms: always,
      })
    })

    it('says until when a ban lasts, and how long that is true by itself', async () => {
      const { owner, member, group_id } = await house()
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
      const before = Date.now()
      const banned = await verdict(group_id, member, 'post')
      expect(banned).toMatchObject({ allowed: false, reason: 'banned' })
      expect(banned.ttl_ms).toBeGreaterThan(0)
      expect(banned.ttl_ms).toBeLessThanOrEqual(banned.until - before)
      expect((await verdict(group_id, member, 'upload')).allowed).toBe(false)
      expect((await verdict(group_id, member, 'read')).allowed).toBe(true)
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: -1 }))
      expect(await verdict(group_id, member, 'post')).toMatchObject({ until: -1, ttl_ms: always })
      dataOf(await owner.post('/group/unban', { group_id, user_list: [member.id] }))
      expect(await verdict(group_id, member, 'post')).toMatchObject({ allowed: true, until: 0, reason: '' })
    })

    it('names the ban that lasts longer, and spares admins where all are banned', async () => {
      const { owner, admin, member, group_id } = await house()
      dataOf(await owner.post('/group/settings/ban_all', { group_id, duration: 10 }))
      expect(await verdict(group_id, member, 'post')).toMatchObject({ allowed: false, reason: 'all_banned' })
      expect(await verdict(group_id, admin, 'post')).toMatchObject({ allowed: true })
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id, admin.id], duration: 20 }))
      expect(await verdict(group_id, member, 'post')).toMatchObject({ reason: 'banned' })
      expect(await verdict(group_id, admin, 'post')).toMatchObject({ allowed: false, reason: 'banned' })
      dataOf(await owner.post('/group/settings/ban_all', { group_id, duration: -1 }))
      expect(await verdict(group_id, member, 'post')).toMatchObject({ reason: 'all_banned', until: -1 })
    })

    it('says no right after a ban was answered, always', async () => {
      const { owner, member, group_id } = await house()
      for (let round = 0; round < 20; round++) {
        dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
        const asked = await Promise.all(Array.from({ length: 4 }, () => verdict(group_id, member, 'post')))
        expect(asked.map(({ allowed }) => allowed)).toEqual([false, false, false, false])
        dataOf(await owner.post('/group/unban', { group_id, user_list: [member.id] }))
        expect((await verdict(group_id, member, 'post')).allowed).toBe(true)
      }
    })

    it('is 20001 for groups that do not exist, were dissolved, or are of another app', async () => {
      const { owner, member, group_id } = await house()
      dataOf(await owner.post('/group/destroy', { group_id }))
      expectRefusal(await ask(group_id, member, 'read'), 20001)
      expectRefusal(await ask(1, member, 'read'), 20001)
      const secret = await instance().createApp('authz-other', {})
      const foreign = await callers(instance(), 'authz-other', secret).admin()
      const question = { group_id: await newGroup(owner), user_id: owner.id, action: 'read' }
      expectRefusal(await foreign.post('/authz/check', question), 20001)
      const [verdict] = dataOf(await foreign.post('/authz/check/batch', { checks: [question] }))
      const none = {
        allowed: false,
        reason: 'group_not_found',
        until: 0,
        role: 0,
        version: 0,
        ttl_ms: always,
      }
      expect(verdict).toEqual(none)
    })

    it('is for administrators of the whole app', async () => {
      const { owner, group_id } = await house()
      const question = { group_id, user_id: owner.id, action: 'post' }
      expectRefusal(await owner.post('/authz/check', question), 10010)
      for (const acting of [{ user_id: owner.id }, { group_id }]) {
        const client = await callers(instance()).admin(acting)
        expectRefusal(await client.post('/authz/check', question), 10010)
      }
      expectRefusal(await server.post('/authz/check', { ...question, action: 'fly' }), 10002, 'action')
    })
  })

  describe('/authz/check/batch', () => {
    it('answers as many single questions do, in their order', async () => {
      const { owner, member, stranger, group_id } = await house()
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: -1 }))
      const other = await newGroup(stranger)
      const checks = [group_id, other, 1].flatMap(group =>
        [owner, member, stranger].flatMap(user =>
          ['post', 'read', 'invite', 'manage', 'upload'].map(action => ({
            group_id: group,
            user_id: user.id,
            action,
          })),
        ),
      )
      const batch = dataOf(await server.post('/authz/check/batch', { checks }))
      const single = await Promise.all(checks.map(check => server.post('/authz/check', check)))
      expect(batch.slice(0, -15)).toEqual(single.slice(0, -15).map(dataOf))
      for (const answer of single.slice(-15)) expectRefusal(answer, 20001)
      for (const { reason } of batch.slice(-15)) expect(reason).toBe('group_not_found')
    })

    it('takes 1 to 500 questions', async () => {
      const { owner, group_id } = await house()
      const question = { group_id, user_id: owner.id, action: 'post' }
      const checks = Array.from({ length: 501 }, () => question)
      expectRefusal(await server.post('/authz/check/batch', { checks }), 10002, 'checks')
      expectRefusal(await server.post('/authz/check/batch', { checks: [] }), 10002, 'checks')
      expect(dataOf(await server.post('/authz/check/batch', { checks: checks.slice(1) }))).toHaveLength(500)
    })
  })

  describe('/authz/recipients', () => {
    it('are the members by id, page by page, without those who want no messages', async () => {
      const { owner, admin, member, group_id } = await house()
      const { muted } = await people(instance(), ['muted'])
      await addMembers(owner, group_id, [muted])
      dataOf(await member.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 1 }))
      dataOf(await muted.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 2 }))
      dataOf(await admin.post('/group/msg/push_mode', { group_id, msg_push_mode: 1 }))
      const of = async (query: Record<string, string | number>) =>
        dataOf(await server.get('/authz/recipients', { group_id, ...query }))
      const all = await of({})
      expect(all.recipients).toEqual([
        [owner.id, 0, 0],
        [admin.id, 0, 1],
        [member.id, 1, 0],
      ])
      expect(all).toMatchObject({ count: 4, after: 0 })
      expect((await of({ for: 'push' })).recipients).toEqual([[owner.id, 0, 0]])
      const first = await of({ limit: 2 })
      expect(first).toMatchObject({ after: admin.id })
      expect((await of({ limit: 2, after: first.after })).recipients).toEqual([[member.id, 1, 0]])
    })

    it('come as a stream that ends with the version it began with', async () => {
      const { owner, admin, member, group_id } = await house()
      const url = new URL(`/authz/recipients?group_id=${group_id}`, instance().url)
      const response = await fetch(url, { headers: { ...server.headers, accept: 'application/x-ndjson' } })
      expect(response.headers.get('content-type')).toBe('application/x-ndjson')
      const lines = (await response.text())
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      const { version } = lines[0]
      expect(lines).toEqual([
        { version, count: 3 },
        [owner.id, 0, 0],
        [admin.id, 0, 0],
        [member.id, 0, 0],
        { end: true, version },
      ])
    })

    it('are answered 304 until the group changes', async () => {
      const { owner, group_id } = await house()
      const ask = (headers: Record<string, string> = {}) =>
        server.call('GET', '/authz/recipients', { query: { group_id }, headers })
      const first = await ask()
      const etag = first.headers.get('etag') ?? ''
      expect(etag).toMatch(/^".+"$/)
      expect((await ask({ 'if-none-match': etag })).status).toBe(304)
      const { late } = await people(instance(), ['late'])
      await addMembers(owner, group_id, [late])
      expect((await ask({ 'if-none-match': etag })).status).toBe(200)
    })

    it('are for administrators, of groups that exist', async () => {
      const { owner, group_id } = await house()
      expect(await owner.get('/authz/recipients', { group_id })).toMatchObject({ status: 403, code: 10010 })
      expect(await server.get('/authz/recipients', { group_id: 1 })).toMatchObject({
        status: 404,
        code: 20001,
      })
      const wrong = await server.get('/authz/recipients', { group_id, for: 'nobody' })
      expect(wrong).toMatchObject({ status: 400, code: 10002 })
    })
  })

  describe("Centrifugo's proxies", () => {
    it('answer in its form by the same rules', async () => {
      const { owner, member, stranger, group_id } = await house()
      const proxied = async (verb: string, user: User, channel = `group:${group_id}`) =>
        (
          await server.post(`/integrations/centrifugo/${verb}`, {
            client: '9336a229-2400-4ebc-8c50-0a643d22e8a0',
            transport: 'websocket',
            protocol: 'json',
            encoding: 'json',
            user: String(user.id),
            channel,
          })
        ).body
      const no = (message: string) => ({ error: { code: 103, message } })
      expect(await proxied('subscribe', member)).toEqual({ result: {} })
      expect(await proxied('publish', member)).toEqual({ result: {} })
      expect(await proxied('subscribe', stranger)).toEqual(no('not_a_member'))
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 1 }))
      expect(await proxied('publish', member)).toEqual(no('banned'))
      expect(await proxied('subscribe', member)).toEqual({ result: {} })
      expect(await proxied('subscribe', member, 'news')).toMatchObject({ code: 10002 })
    })
  })
}
