import { beforeAll, expect, it } from 'vitest'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { administratorClient, operatorClient, operatorOf } from '../support/operator.ts'
import { upload } from '../support/uploads.ts'
import type { Suite } from './all.ts'

/** What an administrator lists: groups, users, invitations, files, usage (docs/behaviour.md, section 10). */
export const administratorListsSuite: Suite = instance => {
  const app_id = 'listed'
  const groups: Record<string, number> = {}
  let one: number
  let two: number
  beforeAll(async () => {
    const secret = await instance().createApp(app_id)
    const { a, b } = await people(instance(), ['a', 'b'], { app_id, secret })
    one = a.id
    two = b.id
    for (const name of ['Book club', 'book swap', 'Zebra', 'Chess', 'Éclair'])
      groups[name] = await newGroup(name === 'Chess' ? b : a, {
        name,
        user_list: name === 'Zebra' ? [b.id] : [],
      })
    await upload(a, '/file/upload/chat', { file_type: 100, to_id: b.id }, new Uint8Array(5))
    const toGroup = { file_type: 100, to_id: groups.Zebra ?? 0, to_type: 2 }
    await upload(a, '/file/upload/chat', toGroup, new Uint8Array(9))
  })
  const admin = async () => (await operatorClient(instance(), app_id)).admin

  it('groups, in every order, whole and without repeating', async () => {
    const { groups: list } = await admin()
    const names = async (input: Parameters<typeof list>[0]) =>
      (await list({ ...input, limit: 2 }).all()).map(({ name }) => name)
    expect(await names({})).toEqual(['Éclair', 'Chess', 'Zebra', 'book swap', 'Book club'])
    expect(await names({ sort: 'name' })).toEqual(['Book club', 'book swap', 'Chess', 'Zebra', 'Éclair'])
    expect((await names({ sort: 'size' }))[0]).toBe('Zebra')
    expect(await names({ sort: 'owner' })).toEqual(['Book club', 'book swap', 'Zebra', 'Éclair', 'Chess'])
    expect(await names({ name: 'BOOK' })).toEqual(['Book club', 'book swap'])
    expect(await names({ name: '%' })).toEqual([])
    expect(await names({ owner_id: two })).toEqual(['Chess'])
    expect(await list({ name: 'book' }).page()).toMatchObject({ total: 2, cursor: '' })
    expect(await list({ limit: 2 }).page()).toMatchObject({ total: 5 })
  })

  it('users, with their groups and files', async () => {
    const { users, user, userGroups, files } = await admin()
    expect((await users({ limit: 1 }).all()).map(({ user_id }) => user_id)).toEqual([one, two])
    const byBytes = await users({ sort: 'bytes', limit: 1 }).all()
    expect(byBytes.map(({ user_id }) => user_id)).toEqual([one, two])
    const [largest] = byBytes
    expect(largest).toEqual({
      user_id: one,
      groups_created: 4,
      groups_joined: 4,
      file_bytes: 14,
      group_confirm: null,
    })
    expect(await user({ user_id: one })).toEqual(largest)
    expect(await user({ user_id: 999_999_999 })).toMatchObject({ groups_joined: 0 })
    const joined = await userGroups({ user_id: two, limit: 1 }).all()
    expect(joined.map(({ name, role }) => [name, role])).toEqual([
      ['Chess', 3],
      ['Zebra', 1],
    ])
    const sizes = async (input: Parameters<typeof files>[0]) =>
      (await files({ ...input, limit: 1 }).all()).map(({ size }) => size)
    expect(await sizes({})).toEqual([9, 5])
    expect(await sizes({ user_id: one })).toEqual([9, 5])
    expect(await sizes({ user_id: two })).toEqual([])
    expect(await sizes({ group_id: groups.Zebra ?? 0 })).toEqual([9])
  })

  it('invitations of a group that wait for consent, until they are answered', async () => {
    const secret = await instance().createApp('inviting', { invite_confirm: true })
    const { host, guest, other } = await people(instance(), ['host', 'guest', 'other'], {
      app_id: 'inviting',
      secret,
    })
    const group_id = await newGroup(host)
    const sent = { group_id, user_list: [guest.id, other.id], reason: 'Read with us' }
    dataOf(await host.post('/group/invite', sent))
    const { groupInvitations } = (await operatorClient(instance(), 'inviting')).admin
    const waiting = await groupInvitations({ group_id, limit: 1 }).all()
    expect(waiting).toEqual(
      [guest.id, other.id].map(invitee_id => ({
        invitee_id,
        inviter_id: host.id,
        reason: 'Read with us',
        expires_at: expect.any(Number),
      })),
    )
    dataOf(await guest.post('/group/invite/handle', { group_id, user_id: host.id, approval: false }))
    expect(await groupInvitations({ group_id }).all()).toEqual(waiting.slice(1))
    expect(await (await admin()).groupInvitations({ group_id }).all()).toEqual([])
  })

  it('files that it can read where the list says', async () => {
    const client = await operatorClient(instance(), app_id)
    const [file] = await client.admin.files({}).all()
    const bytes = await client.files.download(`${instance().url}${file?.download}`)
    expect(bytes.size).toBe(9)
  })

  it('usage', async () => {
    const { usage } = await admin()
    expect(await usage()).toMatchObject({ groups: 5, users: 2, memberships: 6, files: 2, file_bytes: 14 })
  })

  it('nothing of another app', async () => {
    const other = await administratorClient(instance())
    const cursor = (await (await admin()).groups({ limit: 1 }).page()).cursor
    const listed = await other.admin.groups({ limit: 1000 }).page(cursor)
    expect(listed.items.filter(({ group_id }) => Object.values(groups).includes(group_id))).toEqual([])
    expect(
      (await other.admin.users({ limit: 1000 }).page()).items.map(({ user_id }) => user_id),
    ).not.toContain(one)
    expect(await other.admin.userGroups({ user_id: one }).all()).toEqual([])
    expect(await other.admin.files({ group_id: groups.Zebra ?? 0 }).all()).toEqual([])
    expect(await other.admin.files({ user_id: one }).all()).toEqual([])
  })

  it.each(['x', 'WyJncm91cHMgbmFtZSIsMSwyXQ', '😀', 'e30'])('behind no foreign cursor: %s', async cursor => {
    const operator = await operatorOf(instance(), app_id)
    for (const path of ['/admin/groups', '/admin/users', '/admin/files'])
      expectRefusal(await operator.get(path, { cursor }), 10002, 'cursor')
    expectRefusal(await operator.get('/operator/apps', { cursor }), 10002, 'cursor')
    expectRefusal(await operator.get('/admin/groups', { name: 'a', owner_id: 1 }), 10002, 'owner_id')
  })
}
