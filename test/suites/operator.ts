import { describe, expect, it } from 'vitest'
import { CohortError } from '../../src/client/client.ts'
import { operations } from '../../src/operations.ts'
import { routes } from '../../src/routes.ts'
import { Client, callers, newAddress, newUsers, signToken } from '../support/client.ts'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { operatorClient, operatorOf, operatorToken } from '../support/operator.ts'
import { upload } from '../support/uploads.ts'
import type { Suite } from './all.ts'

/** Waits until something holds that a service sees within its few seconds. */
async function eventually<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (let n = 0; ; n++) {
    const seen = await look()
    if (holds(seen) || n === 100) return seen
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const refusalOf = (call: Promise<unknown>): Promise<CohortError> =>
  call.then(
    () => {
      throw new Error('it was answered')
    },
    error => {
      expect(error).toBeInstanceOf(CohortError)
      return error
    },
  )

/** The operator's and the administrators' own routes (docs/behaviour.md, section 10). */
export const operatorSuite: Suite = instance => {
  describe('who may', () => {
    const guarded = [
      ...operations.filter(({ who }) => who !== 'user'),
      ...routes.filter(({ who }) => who === 'operator'),
    ].map(({ path, methods, who }) => ({ path, method: methods[0] ?? 'GET', who }))

    it.each(guarded)('$method $path is for the $who alone', async ({ path, method, who }) => {
      const { as, admin } = callers(instance())
      const { app_id, operatorSecret } = instance()
      const withToken = (token: string, headers = {}) =>
        new Client(instance(), { ...newAddress(), app_id, 'access-token': token, ...headers })
      const refused = [
        new Client(instance(), { ...newAddress(), app_id }),
        new Client(instance(), { ...(await as(1)).headers, ...newAddress() }),
        new Client(instance(), { ...(await admin({ group_id: 1 })).headers, ...newAddress() }),
        withToken(await signToken(`not ${operatorSecret}`, { role: 3, exp: 4_000_000_000 })),
        withToken(await signToken(operatorSecret, { role: 3 })),
        withToken(await signToken(operatorSecret, { role: 2, exp: 4_000_000_000 })),
        withToken(await signToken(operatorSecret, { role: 3, exp: 1_700_000_000 })),
        new Client(instance(), {
          ...newAddress(),
          app_id,
          'x-cohort-session': '1',
          cookie: 'cohort_session=x',
        }),
      ]
      if (who === 'operator')
        refused.push(new Client(instance(), { ...(await admin()).headers, ...newAddress() }))
      for (const client of refused) {
        const answer = await client.call(method, path, method === 'GET' ? {} : { body: {} })
        expect([402, 10003, 10008, 10010]).toContain(answer.code)
        expect(answer.data).toBeNull()
      }
      const operator = withToken(await operatorToken(instance()))
      if (method === 'GET') {
        const group = path.includes('/group/') && { group_id: 1 }
        const answer = await operator.get(path, { app_id, user_id: 1, ...group })
        // A path with a name in it needs something of that name.
        if (path.includes(':')) expect([10002, 20026]).toContain(answer.code)
        else
          expect({ path, code: answer.code, message: answer.message }).toEqual({
            path,
            code: 200,
            message: null,
          })
      }
    })

    it('an operator may in every app what its administrator may', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner, { name: 'Any' })
      const operator = await operatorClient(instance())
      await operator.group.setName({ group_id, value: 'Renamed' })
      expect(await operator.group.info({ group_id })).toMatchObject({ name: 'Renamed' })
      const [user_id = 0] = newUsers(1)
      const created = await operator.group.create({ name: 'For a user' }, { as: { user_id } })
      expect(created.owner_id).toBe(user_id)
    })
  })

  describe('apps', () => {
    it('are created, listed, changed and shown without their secrets', async () => {
      const operator = await operatorClient(instance())
      const made = await operator.operator.createApp({ app_id: 'made-1' })
      expect(made.secret).toMatch(/^[\w-]{43}$/)
      expect(await refusalOf(operator.operator.createApp({ app_id: 'made-1' }))).toMatchObject({
        code: 10002,
      })
      const apps = await operator.operator.apps({ limit: 1 }).all()
      expect(apps.map(({ app_id }) => app_id)).toEqual(expect.arrayContaining([instance().app_id, 'made-1']))
      const settings = await operator.operator.changeSettings({
        app_id: 'made-1',
        settings: { max_groups: 7, invite_confirm: true },
      })
      expect(settings).toMatchObject({ max_groups: 7, invite_confirm: true, capacity_private: 2000 })
      await operator.operator.changeSettings({ app_id: 'made-1', settings: { invite_confirm: null } })
      const shown = await operator.operator.app({ app_id: 'made-1' })
      expect(shown).toMatchObject({ app_id: 'made-1', changed: ['max_groups'], groups: 0, jwks_url: '' })
      expect(shown.secrets.map(({ kid }) => kid)).toEqual([made.kid])
      expect(JSON.stringify(shown)).not.toContain(made.secret)
      const { token } = await operator.operator.token({ app_id: 'made-1', user_id: 7 })
      const user = new Client(instance(), { app_id: 'made-1', 'access-token': token })
      expect(dataOf(await user.get('/group/user_joined'))).toEqual([])
    })

    it.each([
      [{ app_id: 'demo', settings: { no_such: 1 } }, 'settings'],
      [{ app_id: 'demo', settings: { max_groups: -1 } }, 'settings'],
      [{ app_id: 'demo', settings: { max_groups: 'many' } }, 'settings'],
      [{ app_id: 'demo', jwks_url: 'file:///etc/passwd' }, 'jwks_url'],
      [{ app_id: '../x' }, 'app_id'],
      [{}, 'app_id'],
    ])('are not changed by %j', async (input, naming) => {
      const operator = await operatorOf(instance())
      expectRefusal(await operator.post('/operator/app/settings', input), 10002, naming)
      expectRefusal(await operator.post('/operator/app/settings', { app_id: 'no-such-app' }), 40000)
    })

    it('have secrets and keys that rotate and end', async () => {
      const operator = await operatorClient(instance())
      const { kid: first, secret } = await operator.operator.createApp({ app_id: 'rotated' })
      const { as } = callers(instance(), 'rotated', secret)
      const user = await as(1)
      const { kid: second, good } = await operator.operator.rotateSecret({ app_id: 'rotated' })
      expect(good.map(({ kid }) => kid)).toEqual([second, first])
      expect(dataOf(await user.get('/group/user_joined'))).toEqual([])
      expect(await operator.operator.endSecret({ app_id: 'rotated', kid: first })).toMatchObject([
        { kid: second },
      ])
      const ended = await eventually(
        () => user.get('/group/user_joined'),
        ({ code }) => code !== 200,
      )
      expectRefusal(ended, 10008)
      for (const kid of [second, 'none'])
        expect(await refusalOf(operator.operator.endSecret({ app_id: 'rotated', kid }))).toMatchObject({
          code: 10002,
        })
      const { kid: newest, good: keys } = await operator.operator.rotateKey({ app_id: 'rotated' })
      const old = keys.at(-1)?.kid ?? ''
      expect(await operator.operator.endKey({ app_id: 'rotated', kid: old })).toMatchObject([{ kid: newest }])
    })

    it('are deleted with all that is theirs, after a dry run, and nothing of others', async () => {
      const operator = await operatorClient(instance())
      const { secret } = await operator.operator.createApp({ app_id: 'doomed' })
      const tenant = { app_id: 'doomed', secret }
      const { owner, member } = await people(instance(), ['owner', 'member'], tenant)
      const group_id = await newGroup(owner, { name: 'Doomed', user_list: [member.id] })
      await upload(
        owner,
        '/file/upload/chat',
        { file_type: 100, to_id: member.id },
        new Uint8Array([1, 2, 3]),
      )
      const { owner: other } = await people(instance(), ['owner'])
      const kept = await newGroup(other, { name: 'Kept' })
      const server = await callers(instance(), 'doomed', secret).admin()
      const hook = { url: 'https://example.org/hook', kinds: ['app.created'] }
      dataOf(await server.post('/webhooks', hook))

      const dry = await operator.operator.deleteApp({ app_id: 'doomed' })
      expect(dry).toEqual({ deleted: false, groups: 1, users: 2, memberships: 2, files: 1, file_bytes: 3 })
      expect(dataOf(await owner.get('/group/info', { group_id }))).toMatchObject({ name: 'Doomed' })
      expect(await operator.operator.deleteApp({ app_id: 'doomed', dry_run: false })).toEqual({
        ...dry,
        deleted: true,
      })
      const gone = await eventually(
        () => owner.get('/group/info', { group_id }),
        ({ code }) => code !== 200,
      )
      expectRefusal(gone, 40000)
      expect(await refusalOf(operator.operator.app({ app_id: 'doomed' }))).toMatchObject({ code: 40000 })
      const jobs = ['sweep-apps', 'sweep-groups', 'collect-released', 'sweep-apps']
      for (const name of jobs) await operator.operator.runJob({ name })
      // Its id is free again when nothing is left.
      const again = await operator.operator.createApp({ app_id: 'doomed' })
      expect(again.app_id).toBe('doomed')
      const next = await callers(instance(), 'doomed', again.secret).admin()
      expect(dataOf(await next.get('/webhooks'))).toEqual([])
      const usage = await operator.admin.usage({}, { app: 'doomed' })
      expect(usage).toMatchObject({ groups: 0, users: 0, memberships: 0, files: 0, file_bytes: 0 })
      expect(dataOf(await other.get('/group/info', { group_id: kept }))).toMatchObject({ name: 'Kept' })
    })
  })

  describe('the console’s session', () => {
    const open = async (link: string) => {
      const client = new Client(instance(), newAddress())
      const answer = await client.call('POST', '/operator/session', { body: { link } })
      const cookie = answer.headers.get('set-cookie') ?? ''
      const value = cookie.split(';')[0] ?? ''
      return { answer, cookie, browser: new Client(instance(), { cookie: value, 'x-cohort-session': '1' }) }
    }

    it('is opened once by a token, kept in a cookie that scripts cannot read, and ended', async () => {
      const link = await operatorToken(instance(), { jti: `once-${Date.now()}-${Math.random()}` })
      const { cookie, browser } = await open(link)
      for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
        expect(cookie).toContain(part)
      expect(dataOf(await browser.get('/operator/session')).session_id).toBeGreaterThan(0)
      expect(dataOf(await browser.get('/operator/apps')).length).toBeGreaterThan(0)
      const again = await open(link)
      expect({ code: again.answer.code, cookie: again.cookie }).toEqual({ code: 10008, cookie: '' })
      // Without the header, which a page of another origin cannot send, the cookie is nothing.
      const forged = new Client(instance(), { cookie: browser.headers.cookie ?? '' })
      expect((await forged.get('/operator/apps')).code).toBe(10003)
      expect((await forged.call('POST', '/operator/app/create', { body: { app_id: 'forged' } })).code).toBe(
        10003,
      )

      const sessions = dataOf(await browser.get('/operator/sessions'))
      expect(JSON.stringify(sessions)).not.toContain(browser.headers.cookie?.split('=')[1])
      dataOf(await browser.post('/operator/session/end'))
      const ended = await eventually(
        () => browser.get('/operator/session'),
        ({ code }) => code !== 200,
      )
      expect({ status: ended.status, code: ended.code }).toEqual({ status: 401, code: 10008 })
    })

    it.each(['x', '', 'a.b.c', 'e30.e30.e30'])('is not opened by %s', async link => {
      const { answer, cookie } = await open(link)
      expect([10002, 10008]).toContain(answer.code)
      expect(cookie).toBe('')
    })

    it('is not opened by a token without an id of its own, or one that has expired', async () => {
      for (const claims of [{}, { jti: 'expired', exp: 1_700_000_000 }]) {
        const { answer } = await open(await operatorToken(instance(), claims))
        expect([402, 10008]).toContain(answer.code)
      }
    })
  })

  describe('the files of the program', () => {
    it.each([
      ['/client.js', /^text\/javascript/, 'Cohort'],
      ['/console/', /^text\/html/, '<div id="console">'],
      ['/console/console.js', /^text\/javascript/, 'cohort'],
      ['/console/console.css', /^text\/css/, ':root'],
    ])('%s is there, compressed or not', async (path, type, contained) => {
      for (const encoding of ['gzip', 'identity']) {
        const response = await fetch(new URL(path, instance().url), {
          headers: { 'accept-encoding': encoding },
        })
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toMatch(type)
        expect((await response.text()).toLowerCase()).toContain(contained.toLowerCase())
        if (path === '/console/')
          expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      }
    })
  })

  describe('the service', () => {
    it('says how it is, what it does by itself, and has its backups', async () => {
      const { operator } = await operatorClient(instance())
      const health = await operator.health()
      expect(health).toMatchObject({ ready: true, warnings: expect.any(Array) })
      expect(health.figures.cohort_requests_total).toBeGreaterThan(0)
      const jobs = await operator.jobs()
      expect(jobs.map(({ name }) => name)).toContain('sweep-groups')
      expect(await refusalOf(operator.runJob({ name: 'no-such-job' }))).toMatchObject({ code: 10002 })
      const made = await operator.makeBackup().catch((error: CohortError) => error)
      if (made instanceof CohortError) {
        expect(made).toMatchObject({ code: 10009, status: 422 })
        expect(health.runtime).toBe('workers')
      } else {
        expect(await operator.backups()).toContainEqual(made)
        expect(made.bytes).toBeGreaterThan(1000)
        expect((await operator.health()).last_backup).toEqual(made)
      }
    })
  })
}
