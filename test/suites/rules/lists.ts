import { describe, expect, it } from 'vitest'
import { type Answer, callers } from '../../support/client.ts'
import { exampleOf, parametersOf, type Situation } from '../../support/examples.ts'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  infoOf,
  newGroup,
  openDoors,
  people,
  qrOf,
  type User,
} from '../../support/groups.ts'
import { userOperations as operations } from '../../support/user-operations.ts'
import type { Rules } from '../rules.ts'

/**
 * Lists that are sent, lists that are answered, and the version of a group (docs/behaviour.md, section 5).
 */
export const listRules: Rules = instance => {
  const strangers = (count: number, from = 20_000_000) => Array.from({ length: count }, (_, i) => from + i)
  const nobody: Situation = {
    group_id: 1,
    user_id: 1,
    qr_info: '',
    announcement_id: 1,
    file_id: 1,
    file_sign: '',
  }

  const listOperations = operations.flatMap(operation =>
    parametersOf(operation).flatMap(({ name, kind }) =>
      kind.is === 'ids' && !kind.empty ? [{ operation, path: operation.path, name, max: kind.max }] : [],
    ),
  )

  describe.each(listOperations)('$name of $path', ({ operation, path, name, max }) => {
    const call = async (owner: User, group_id: number, list: unknown) => {
      const forAdministrators = path === '/group/admin/member_join'
      const caller = forAdministrators ? await callers(instance()).admin({ user_id: owner.id }) : owner
      return caller.call('POST', path, {
        body: { ...exampleOf(operation, { ...nobody, group_id }), [name]: list },
      })
    }
    const idOf = (item: { user_id?: number; file_id?: number }) => item.user_id ?? item.file_id

    it(`holds 1 to ${max} ids`, async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      for (const bad of [[], strangers(max + 1), [...strangers(max), 'x'], [0], [null]]) {
        expectRefusal(await call(owner, group_id, bad), 10002, name)
      }
      const { version } = await owner.get('/group/member_list', { group_id })
      expect(version).toBe(1)
      for (const list of [strangers(1), strangers(max)]) {
        const answered = dataOf(await call(owner, group_id, list)).map(idOf)
        expect(answered).toEqual(path === '/group/members/display_name' ? [] : list)
      }
    })

    it('acts on duplicates once and answers them once, in order', async () => {
      const { owner, a, b } = await people(instance(), ['owner', 'a', 'b'])
      const group_id = await newGroup(owner, { user_list: [a.id, b.id] })
      const answered = dataOf(await call(owner, group_id, [b.id, String(b.id), a.id, b.id, a.id])).map(idOf)
      expect(answered).toEqual([b.id, a.id])
      const many = strangers(500).flatMap(id => [id, id])
      // 501 and more are too many as sent or fine as 500 different ones: the specification leaves it open.
      expect([200, 10002]).toContain((await call(owner, group_id, many)).code)
    })
  })

  it('a duplicate in kick counts as one kick', async () => {
    const { owner, user } = await people(instance(), ['owner', 'user'])
    const group_id = await newGroup(owner, { user_list: [user.id] })
    await openDoors(owner, group_id)
    dataOf(await owner.post('/group/kick', { group_id, user_list: Array.from({ length: 4 }, () => user.id) }))
    expect(dataOf(await user.post('/group/apply', { group_id }))).toMatchObject({ result: 'success' })
  })

  it('the version of a group grows by one with every change, and with nothing else', async () => {
    const { owner, admin, member, shy, user, another } = await people(instance(), [
      'owner',
      'admin',
      'member',
      'shy',
      'user',
      'another',
    ])
    dataOf(await shy.post('/user/settings', { group_confirm: true }))
    const group_id = await newGroup(owner)
    const versionNow = async () => {
      const { version } = await owner.get('/group/member_list', { group_id })
      for (const list of ['/group/banned_list', '/group/blocked_list'])
        expect((await owner.get(list, { group_id })).version).toBe(version)
      return version
    }
    let version = await versionNow()
    expect(version).toBe(1)
    const step = async (by: number, path: string, answer: Answer) => {
      const now = await versionNow()
      expect({ path, code: answer.code, grown: now - version }).toEqual({ path, code: 200, grown: by })
      version = now
    }
    const change = async (who: User, path: string, body: Record<string, unknown> = {}) =>
      step(1, path, await who.post(path, { group_id, ...body }))
    const noChange = async (who: User, path: string, body: Record<string, unknown> = {}) =>
      step(0, path, await who.post(path, { group_id, ...body }))

    await change(owner, '/group/invite', { user_list: [admin.id, member.id, user.id] })
    await noChange(owner, '/group/invite', { user_list: [admin.id, member.id] })
    await change(owner, '/group/admin/add', { user_list: [admin.id, member.id] })
    await change(owner, '/group/admin/remove', { user_list: [member.id] })
    await noChange(owner, '/group/admin/remove', { user_list: [member.id] })
    for (const field of ['name', 'description', 'avatar', 'ext'])
      await change(admin, `/group/info/${field}`, { value: 'new' })
    for (const setting of [
      'allow_member_invitation',
      'allow_member_modify',
      'enable_read_ack',
      'history_visible',
      'hide_member_info',
    ]) {
      await change(admin, `/group/settings/${setting}`, { value: true })
    }
    await change(admin, '/group/settings/require_admin_approval', { apply_approval: 0 })
    await change(admin, '/group/settings/ban_all', { duration: 5 })
    await change(admin, '/group/settings/unban_all')
    await change(admin, '/group/ban', { user_list: [member.id, user.id], duration: 5 })
    await noChange(admin, '/group/ban', { user_list: [owner.id, another.id], duration: 5 })
    await change(admin, '/group/unban', { user_list: [member.id] })
    await change(member, '/group/display_name', { value: 'Me' })
    await change(admin, '/group/kick', { user_list: [user.id, another.id] })
    await noChange(admin, '/group/kick', { user_list: [user.id, another.id] })
    await change(user, '/group/apply')
    await change(user, '/group/leave')
    await change(admin, '/group/block', { user_list: [user.id, another.id] })
    await noChange(admin, '/group/block', { user_list: [user.id, another.id] })
    await change(admin, '/group/unblock', { user_list: [user.id, another.id] })
    await noChange(admin, '/group/unblock', { user_list: [user.id, another.id] })
    await step(
      1,
      'qrcode',
      await user.post('/group/qrcode/invite', { qr_info: await qrOf(member, group_id) }),
    )
    dataOf(await owner.post('/group/invite', { group_id, user_list: [shy.id] }))
    version = await versionNow()
    await change(shy, '/group/invite/handle', { user_id: owner.id, approval: true })

    for (const path of [
      '/group/info',
      '/group/settings',
      '/group/member_list',
      '/group/admin_list',
      '/group/announcement/list',
      '/group/file/list',
    ]) {
      await step(0, path, await owner.get(path, { group_id }))
    }
    expectRefusal(await member.post('/group/kick', { group_id, user_list: [shy.id] }), 20012)
    expectRefusal(await member.post('/group/info/name', { group_id, value: '' }), 10002)
    await step(0, 'refusals', await owner.get('/group/info', { group_id }))
    dataOf(await owner.post('/group/transfer', { group_id, new_owner: admin.id }))
    expect((await owner.get('/group/member_list', { group_id })).version).toBe(version + 1)
  })

  describe('paged lists', () => {
    const fill = async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const ids = strangers(1001)
      for (const user_list of [ids.slice(0, 500), ids.slice(500, 1000), ids.slice(1000)]) {
        dataOf(await owner.post('/group/invite', { group_id, user_list }))
        dataOf(await owner.post('/group/ban', { group_id, user_list, duration: -1 }))
        dataOf(await owner.post('/group/block', { group_id, user_list: user_list.map(id => id + 100_000) }))
      }
      return { owner, group_id, ids }
    }
    const follow = async (
      get: (query: Record<string, string | number>) => Promise<Answer>,
      limit: number,
    ) => {
      const sizes: number[] = []
      const rows: Record<string, unknown>[] = []
      let cursor = ''
      do {
        const page = await get({ limit, cursor })
        rows.push(...dataOf(page))
        sizes.push(page.data.length)
        cursor = page.cursor
      } while (cursor !== '')
      return { sizes, rows }
    }

    it.each([
      { path: '/group/member_list', total: 1002 },
      { path: '/group/banned_list', total: 1001 },
      { path: '/group/blocked_list', total: 1001 },
    ])(
      '$path answers 1000 unless told otherwise, says how many there are, and goes on from its cursor',
      async ({ path, total }) => {
        const { owner, group_id } = await fill()
        const get = (query: Record<string, string | number>) => owner.get(path, { group_id, ...query })
        const { version } = await get({ limit: 1 })
        const first = await get({})
        expect(first).toMatchObject({ total, version })
        expect(first.data).toHaveLength(1000)
        const second = await get({ cursor: first.cursor })
        expect(second).toMatchObject({ total, version, cursor: '' })
        expect(second.data).toHaveLength(total - 1000)
        const all = [...first.data, ...second.data]
        expect(new Set(all.map((row: { user_id: number }) => row.user_id)).size).toBe(total)
        const { sizes, rows } = await follow(get, 400)
        expect(sizes).toEqual([400, 400, total - 800])
        expect(rows).toEqual(all)
        // A last page that is full has no cursor: nothing is after it.
        expect((await get({ limit: 1000, cursor: (await get({ limit: total - 1000 })).cursor })).cursor).toBe(
          '',
        )

        for (const limit of [0, -1, 1001, 1.5, 'x']) expectRefusal(await get({ limit }), 10002, 'limit')
        for (const limit of [1, 1000]) expect(dataOf(await get({ limit }))).toHaveLength(limit)
        for (const query of [{ version: 0 }, { version: 'x' }, { version: -1.5 }])
          expect(dataOf(await get({ limit: 1, ...query }))).toHaveLength(1)

        const other = await newGroup(owner)
        for (const cursor of [
          'x',
          '.',
          `${first.cursor}x`,
          first.cursor.slice(1),
          '0',
          '1000',
          '\u0000',
          'x'.repeat(5000),
        ]) {
          expectRefusal(await get({ cursor }), 10002, 'cursor')
        }
        expectRefusal(await owner.get(path, { group_id: other, cursor: first.cursor }), 10002, 'cursor')
        const otherPath = path === '/group/member_list' ? '/group/banned_list' : '/group/member_list'
        expectRefusal(await owner.get(otherPath, { group_id, cursor: first.cursor }), 10002, 'cursor')
      },
    )

    it('application_list answers 100 unless told otherwise, newest first', async () => {
      const names = Array.from({ length: 101 }, (_, i) => `applicant${i}`)
      const { owner } = await people(instance(), ['owner'])
      const applicants = Object.values(await people(instance(), names))
      const group_id = await newGroup(owner)
      for (const applicant of applicants) dataOf(await applicant.post('/group/apply', { group_id }))
      const newestFirst = applicants.map(user => user.id).reverse()
      const get = (body: object) => owner.post('/group/application_list', { group_list: [group_id], ...body })
      const applicantsIn = (rows: readonly Record<string, unknown>[]) => rows.map(row => row.applicant_id)
      const first = await get({})
      expect(applicantsIn(dataOf(first))).toEqual(newestFirst.slice(0, 100))
      expect(first.total).toBe(101)
      expect(typeof first.version).toBe('number')
      const second = await owner.call('POST', '/group/application_list', {
        query: { cursor: first.cursor },
        body: { group_list: [group_id] },
      })
      expect(applicantsIn(dataOf(second))).toEqual(newestFirst.slice(100))
      expect(second).toMatchObject({ total: 101, cursor: '' })
      const { sizes, rows } = await follow(get, 40)
      expect(sizes).toEqual([40, 40, 21])
      expect(applicantsIn(rows)).toEqual(newestFirst)
      for (const cursor of ['x', `${first.cursor}x`]) expectRefusal(await get({ cursor }), 10002, 'cursor')
      for (const limit of [0, 1001]) expectRefusal(await get({ limit }), 10002, 'limit')
    })

    it('invitation_list answers 100 unless told otherwise, newest first', async () => {
      const { owner, shy, other } = await people(instance(), ['owner', 'shy', 'other'])
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      const groups: number[] = []
      for (let n = 0; n < 101; n++) groups.push(await newGroup(owner, { user_list: [shy.id] }))
      const newestFirst = groups.reverse()
      const groupsIn = (rows: readonly Record<string, unknown>[]) => rows.map(row => row.group_id)
      const first = await shy.get('/group/invitation_list')
      expect(groupsIn(dataOf(first))).toEqual(newestFirst.slice(0, 100))
      expect(first).toMatchObject({ total: 101, version: 0 })
      const second = await shy.get('/group/invitation_list', { cursor: first.cursor })
      expect(groupsIn(dataOf(second))).toEqual(newestFirst.slice(100))
      expect(second).toMatchObject({ total: 101, version: 0, cursor: '' })
      const { sizes, rows } = await follow(query => shy.get('/group/invitation_list', query), 40)
      expect(sizes).toEqual([40, 40, 21])
      expect(groupsIn(rows)).toEqual(newestFirst)
      expectRefusal(await other.get('/group/invitation_list', { cursor: first.cursor }), 10002, 'cursor')
      for (const limit of [0, 1001])
        expectRefusal(await shy.get('/group/invitation_list', { limit }), 10002, 'limit')
    })

    it('give every row that was there all along once while others come and go', async () => {
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const staying = strangers(20).map(id => id * 2)
      dataOf(await owner.post('/group/invite', { group_id, user_list: staying }))
      const seen: number[] = []
      let cursor = ''
      let n = 0
      do {
        const page = await owner.get('/group/member_list', { group_id, limit: 3, cursor })
        seen.push(...dataOf(page).map((member: { user_id: number }) => member.user_id))
        cursor = page.cursor
        const passing = [1, 3, 5].map(odd => 40_000_000 + 4 * n + odd)
        dataOf(await owner.post('/group/invite', { group_id, user_list: passing }))
        if (n % 2 === 1) dataOf(await owner.post('/group/kick', { group_id, user_list: passing }))
        n++
      } while (cursor !== '')
      expect(new Set(seen).size).toBe(seen.length)
      for (const id of [owner.id, ...staying]) expect(seen).toContain(id)
    })

    it('have an exact total while nothing is on the page', async () => {
      const { owner, admin } = await people(instance(), ['owner', 'admin'])
      const group_id = await newGroup(owner)
      await addAdmins(owner, group_id, [admin])
      for (const path of ['/group/banned_list', '/group/blocked_list']) {
        expect(await admin.get(path, { group_id })).toMatchObject({
          code: 200,
          data: [],
          total: 0,
          cursor: '',
          version: 3,
        })
      }
      expect(await admin.get('/group/invitation_list')).toMatchObject({
        code: 200,
        data: [],
        total: 0,
        cursor: '',
        version: 0,
      })
      expect(await admin.post('/group/application_list', { group_list: [] })).toMatchObject({
        code: 200,
        data: [],
        total: 0,
        cursor: '',
      })
      await addMembers(owner, group_id, [(await people(instance(), ['member'])).member])
      expect(await infoOf(owner, group_id)).toMatchObject({ count: 3 })
    })
  })
}
