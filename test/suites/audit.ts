import { join } from 'node:path'
import Database from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { Client, callers, newAddress, newUsers } from '../support/client.ts'
import { administratorOf, headOf, type Told } from '../support/events.ts'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { administratorClient, operatorClient, operatorOf, operatorToken } from '../support/operator.ts'
import { run } from '../support/process.ts'
import type { Suite } from './all.ts'

/** Who did what, as an auditor asks for it (docs/audit.md). */
export const auditSuite: Suite = instance => {
  let admin: Client
  beforeAll(async () => {
    admin = await administratorOf(instance())
  })
  const ask = async (query: Readonly<Record<string, string | number>>): Promise<Told[]> =>
    dataOf(await admin.get('/audit', query))

  /** A group in which something happened: its owner kicked and banned, and an administrator gave it away. */
  const history = async () => {
    const { owner, kicked, banned } = await people(instance(), ['owner', 'kicked', 'banned'])
    const group_id = await newGroup(owner, { user_list: [kicked.id, banned.id] })
    dataOf(await owner.post('/group/kick', { group_id, user_list: [kicked.id] }))
    dataOf(await owner.post('/group/ban', { group_id, user_list: [banned.id], duration: 5 }))
    dataOf(await admin.post('/group/transfer', { group_id, new_owner: banned.id }))
    return { owner, kicked, banned, group_id }
  }
  const kindsOf = (told: readonly Told[]) => told.map(({ kind }) => kind)

  it('tells who acted, as what, with which key and by which request', async () => {
    const { owner, kicked } = await people(instance(), ['owner', 'kicked'])
    const group_id = await newGroup(owner, { user_list: [kicked.id] })
    const answer = await owner.post('/group/kick', { group_id, user_list: [kicked.id] })
    const [event] = await ask({ group_id, limit: 1 })
    expect(event).toMatchObject({
      kind: 'group.member.kicked',
      users: [kicked.id],
      group_id,
      by_id: owner.id,
      acting: 'user',
      key_id: expect.stringMatching(/\w/),
      request: answer.headers.get('x-request-id'),
      ip: expect.any(String),
    })
    expect(event?.at).toBeGreaterThan(1_700_000_000_000)
    expect(event?.notice).toBeUndefined()
  })

  it('answers the newest first', async () => {
    const { group_id } = await history()
    const told = await ask({ group_id })
    expect(kindsOf(told).slice(0, 3)).toEqual([
      'group.owner.assigned',
      'group.member.banned',
      'group.member.kicked',
    ])
    expect(kindsOf(told).at(-1)).toBe('group.created')
    const seqs = (await ask({ limit: 1000 })).map(({ seq }) => seq)
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a))
  })

  it('finds what somebody did, and what happened to somebody', async () => {
    const { owner, kicked, banned, group_id } = await history()
    expect(kindsOf(await ask({ actor: owner.id, kinds: 'group.member.kicked,group.member.banned' }))).toEqual(
      ['group.member.banned', 'group.member.kicked'],
    )
    expect(kindsOf(await ask({ subject: kicked.id }))).toEqual(['group.member.kicked', 'group.member.joined'])
    // The administrator acted with the owner's rights. The one who is owner no more is found, too.
    const [assigned] = await ask({ subject: owner.id, kinds: 'group.owner.assigned' })
    expect(assigned).toMatchObject({
      group_id,
      users: [banned.id],
      previous: owner.id,
      acting: 'administrator',
    })
    expect(await ask({ actor: kicked.id })).toEqual([])
    expect(await ask({ subject: kicked.id, actor: banned.id })).toEqual([])
    expect(kindsOf(await ask({ group_id, subject: banned.id, kinds: 'group.member.banned' }))).toEqual([
      'group.member.banned',
    ])
  })

  it('finds what happened between two times', async () => {
    const { group_id } = await history()
    const all = await ask({ group_id })
    const times = all.map(({ at }) => at)
    const [newest = 0, oldest = 0] = [Math.max(...times), Math.min(...times)]
    expect(await ask({ group_id, from: oldest, to: newest + 1 })).toEqual(all)
    expect(await ask({ group_id, from: newest + 1 })).toEqual([])
    expect(await ask({ group_id, to: oldest })).toEqual([])
    const between = await ask({ from: oldest, to: newest, limit: 1000 })
    expect(between.filter(event => event.group_id === group_id)).toEqual(all.filter(({ at }) => at < newest))
    expect(await ask({ to: 1 })).toEqual([])
    expect(await ask({ from: 4_000_000_000_000 })).toEqual([])
  })

  it('comes in pages, with the same filters on each', async () => {
    const { owner, group_id } = await history()
    for (let i = 0; i < 5; i++)
      dataOf(await owner.post('/group/display_name', { group_id, value: `Name ${i}` }))
    for (const query of [{ group_id }, { actor: owner.id }]) {
      const whole = await ask(query)
      const paged: Told[] = []
      for (let cursor = ''; ; ) {
        const answer = await admin.get('/audit', { ...query, limit: 2, cursor })
        expect(dataOf(answer).length).toBeLessThanOrEqual(2)
        paged.push(...answer.data)
        ;({ cursor } = answer)
        if (cursor === '') break
      }
      expect(paged).toEqual(whole)
    }
    const client = await administratorClient(instance())
    const all = await client.admin.audit({ group_id, limit: 3 }).all()
    expect(all.map(({ seq }) => seq)).toEqual((await ask({ group_id })).map(({ seq }) => seq))
  })

  it('shows nothing of another app', async () => {
    const { owner, kicked, group_id } = await history()
    const operator = await operatorClient(instance())
    const app_id = `audit-${newUsers(1)[0]}`
    const { secret } = await operator.operator.createApp({ app_id })
    const other = await administratorOf(instance(), { app_id, secret })
    const theirs = await callers(instance(), app_id, secret).as(owner.id)
    await newGroup(theirs)
    const shown: Told[] = dataOf(await other.get('/audit', { limit: 1000 }))
    expect(new Set(kindsOf(shown))).toEqual(new Set(['app.created', 'group.created', 'group.member.joined']))
    expect(dataOf(await other.get('/audit', { group_id }))).toEqual([])
    expect(dataOf(await other.get('/audit', { subject: kicked.id }))).toEqual([])
    const { cursor } = await admin.get('/audit', { limit: 1 })
    const behind: Told[] = dataOf(await other.get('/audit', { cursor }))
    expect(behind.every(({ kind }) => kindsOf(shown).includes(kind))).toBe(true)
    expect(behind.every(event => event.group_id !== group_id)).toBe(true)
  })

  it('is for administrators of the app and for the operator', async () => {
    const { group_id } = await history()
    const { as, admin: administrator } = callers(instance())
    for (const client of [
      await as(7),
      await administrator({ group_id }),
      await administrator({ user_id: 7 }),
    ])
      expectRefusal(await client.get('/audit'), 10010)
    const operator = await operatorOf(instance(), instance().app_id)
    expect(dataOf(await operator.get('/audit', { group_id }))).toEqual(await ask({ group_id }))
  })

  it.each([
    ['actor', 0],
    ['actor', 'x'],
    ['subject', -1],
    ['group_id', 1.5],
    ['kinds', 'group.created,nothing'],
    ['from', -1],
    ['to', 'tomorrow'],
    ['limit', 0],
    ['limit', 1001],
    ['cursor', 'x'],
    ['cursor', '😀'],
    ['cursor', 'WyJhdWRpdCIsMSwiMiJd'],
  ])('refuses %s = %s', async (name, value) => {
    expectRefusal(await admin.get('/audit', { [name]: value }), 10002, name)
  })

  it('refuses a time that ends before it begins, and a cursor of another list', async () => {
    const { group_id } = await history()
    expectRefusal(await admin.get('/audit', { from: 2, to: 1 }), 10002, 'from')
    const { cursor } = await admin.get('/audit', { group_id, limit: 1 })
    expect(cursor).not.toBe('')
    expectRefusal(await admin.get('/audit', { cursor }), 10002, 'cursor')
    expectRefusal(await admin.get('/audit', { group_id: group_id + 1, cursor }), 10002, 'cursor')
  })

  it('is sealed in a chain, which shows what somebody changed', async () => {
    const { kicked } = await history()
    const [kick] = await ask({ subject: kicked.id, kinds: 'group.member.kicked' })
    const operator = await operatorOf(instance())
    dataOf(await operator.post('/operator/job/run', { name: 'seal-events' }))
    const { data, app_id } = instance()
    const verify = () =>
      run(['node', 'dist/cohort.js', 'audit', 'verify', '--app', app_id], { DATA_DIR: data })
    const told = await verify()
    expect(told).toMatchObject({ code: 0, stderr: '' })
    expect(told.stdout).toMatch(/^demo: ok: \d+ events in \d+ batches, head \d+:[\w-]{43}\n$/)
    const database = new Database(join(data, 'cohort.db'), { timeout: 10_000 })
    const write = (by_id: unknown) =>
      database
        .prepare('UPDATE events SET by_id = ? WHERE app_id = ? AND seq = ?')
        .run(by_id, app_id, kick?.seq)
    write(424242)
    const changed = await verify()
    write(kick?.by_id)
    database.close()
    expect(changed.code).toBe(1)
    expect(changed.stdout).toContain(`demo: event ${kick?.seq} was changed`)
    expect(await verify()).toMatchObject({ code: 0 })
  })

  it('tells every app that the operator opened the console', async () => {
    const link = await operatorToken(instance(), { jti: `audit-${newUsers(1)[0]}` })
    const answer = await new Client(instance(), newAddress()).post('/operator/session', { link })
    dataOf(answer)
    const [event] = await ask({ limit: 1 })
    expect(event).toMatchObject({
      kind: 'console.signed_in',
      by_id: null,
      request: answer.headers.get('x-request-id'),
    })
  })

  describe('who is refused what is privileged is in it', () => {
    const refusedTo = async (operation: string): Promise<Told[]> => {
      const told = await ask({ kinds: 'access.refused', limit: 1000 })
      return told.filter(event => event.operation === operation)
    }

    it.each([
      ['an administrator’s', '/admin/usage', 'get__admin_usage', 10010],
      ['an administrator’s route', '/events', 'get__events', 10010],
      ['the operator’s', '/operator/apps', 'get__operator_apps', 10008],
      ['the operator’s route', '/operator/jobs', 'get__operator_jobs', 10008],
    ])('%s: %s', async (_, path, operation, code) => {
      const { someone } = await people(instance(), ['someone'])
      const client = new Client(instance(), { ...someone.headers, ...newAddress() })
      const answer = await client.get(path)
      expect(answer.code).toBe(code)
      expect((await refusedTo(operation)).filter(({ by_id }) => by_id === someone.id)).toMatchObject([
        { code, acting: 'user', request: answer.headers.get('x-request-id') },
      ])
    })

    it('at most once a second for each token', async () => {
      const { someone } = await people(instance(), ['someone'])
      const client = new Client(instance(), { ...someone.headers, ...newAddress() })
      const startedAt = Date.now()
      for (let i = 0; i < 5; i++) await client.get('/admin/usage')
      const seconds = Math.ceil((Date.now() - startedAt) / 1000)
      const told = (await refusedTo('get__admin_usage')).filter(({ by_id }) => by_id === someone.id)
      expect(told.length).toBeGreaterThanOrEqual(1)
      expect(told.length).toBeLessThanOrEqual(Math.min(5, seconds + 1))
    })

    it('but nobody who only sent no token, or a wrong one', async () => {
      const before = await headOf(admin)
      await new Client(instance(), { ...newAddress(), app_id: instance().app_id }).get('/operator/apps')
      await new Client(instance(), {
        ...newAddress(),
        app_id: instance().app_id,
        'access-token': 'x',
      }).get('/operator/apps')
      expect(await headOf(admin)).toBe(before)
    })
  })
}
