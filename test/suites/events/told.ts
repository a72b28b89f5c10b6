import { beforeAll, expect, it } from 'vitest'
import { operations } from '../../../src/operations.ts'
import type { Client } from '../../support/client.ts'
import { administratorOf, eventsAfter, headOf, type Told } from '../../support/events.ts'
import { sentBy } from '../../support/examples.ts'
import { dataOf, people } from '../../support/groups.ts'
import { inputIn, type Name, newWorld } from '../../support/world.ts'
import type { Suite } from '../all.ts'

/** Who calls where the owner cannot. */
const callers: Readonly<Record<string, Name>> = {
  '/group/apply': 'outsider',
  '/group/invite/handle': 'invitee',
  '/group/leave': 'member',
  '/group/qrcode/invite': 'outsider',
}

/**
 * What each operation that changes a group tells, and the number of the notice that clients know for it, if
 * any.
 */
const tells: Readonly<Record<string, readonly (readonly [kind: string, notice: number | undefined])[]>> = {
  '/group/create': [
    ['group.created', 3],
    ['group.member.joined', 5],
  ],
  '/group/destroy': [['group.destroyed', 4]],
  '/group/info/name': [['group.profile.changed', 23]],
  '/group/info/description': [['group.profile.changed', 23]],
  '/group/info/avatar': [['group.profile.changed', 23]],
  '/group/info/ext': [['group.profile.changed', 23]],
  '/group/settings/allow_member_invitation': [['group.settings.changed', 23]],
  '/group/settings/allow_member_modify': [['group.settings.changed', 23]],
  '/group/settings/enable_read_ack': [['group.settings.changed', 23]],
  '/group/settings/history_visible': [['group.settings.changed', 23]],
  '/group/settings/require_admin_approval': [['group.settings.changed', 23]],
  '/group/settings/hide_member_info': [['group.settings.changed', 23]],
  '/group/settings/ban_all': [['group.all.banned', 23]],
  '/group/settings/unban_all': [['group.all.unbanned', 23]],
  '/group/display_name': [['group.member.changed', 23]],
  '/group/msg/mute_mode': [['group.member.preferences', 19]],
  '/group/msg/not_disturb': [['group.member.preferences', 19]],
  '/group/msg/push_mode': [['group.member.preferences', 25]],
  '/group/invite': [['group.member.joined', 5]],
  '/group/invite/handle': [
    ['group.invitation.accepted', 11],
    ['group.member.joined', 5],
  ],
  '/group/apply': [['group.application.received', 7]],
  '/group/apply/handle': [
    ['group.application.accepted', 8],
    ['group.member.joined', 5],
  ],
  '/group/qrcode/invite': [['group.member.joined', 5]],
  '/group/qrcode/revoke': [['group.qrcode.ended', undefined]],
  '/group/leave': [['group.member.left', 6]],
  '/group/kick': [['group.member.kicked', 13]],
  '/group/ban': [['group.member.banned', 21]],
  '/group/unban': [['group.member.unbanned', 22]],
  '/group/block': [
    ['group.member.kicked', 13],
    ['group.blacklist.added', 14],
  ],
  '/group/unblock': [['group.blacklist.removed', 15]],
  '/group/admin/add': [['group.admin.granted', 17]],
  '/group/admin/remove': [['group.admin.revoked', 18]],
  '/group/transfer': [['group.owner.assigned', 16]],
  '/group/announcement/edit': [['group.announcement.published', 24]],
  '/group/announcement/delete': [['group.announcement.deleted', 24]],
  '/group/file/upload': [['group.file.shared', 26]],
  '/group/file/update_name': [['group.file.renamed', 28]],
  '/group/file/delete': [['group.file.deleted', 27]],
}

const changing = operations.filter(({ writes, path }) => writes && path.startsWith('/group/'))

/** Which operation tells what: whatever changes a group has one version, and says so. */
export const toldSuite: Suite = (instance, pace) => {
  let admin: Client
  beforeAll(async () => {
    admin = await administratorOf(instance())
  })

  // Whatever the home, operations are the same: where each request takes long, every fourth says enough.
  const played = changing
    .filter(({ path }) => tells[path] !== undefined)
    .filter((_, i) => pace !== 'slow' || i % 4 === 0)
    .map(operation => ({ path: operation.path, operation }))

  it('every operation that changes a group is in the table', () => {
    const untold = changing.filter(({ path }) => tells[path] === undefined).map(({ path }) => path)
    // Only an administrator calls it: below.
    expect(untold).toEqual(['/group/admin/member_join'])
  })

  it.each(played)(
    '$path tells what it did, under one version, and once however often it is sent',
    async ({ path, operation }) => {
      const world = await newWorld(instance())
      const versionBefore = Number(
        (await world.owner.get('/group/member_list', { group_id: world.group_id })).version,
      )
      const caller = world[callers[path] ?? 'owner']
      const before = await headOf(admin)
      const [method = 'POST'] = operation.methods.filter(name => name !== 'GET')
      const headers = { 'idempotency-key': 'told' }
      const call = () => caller.call(method, path, { ...sentBy(method, inputIn(world, operation)), headers })
      const answer = await call()
      dataOf(answer)
      const told = await eventsAfter(admin, before)
      const again = await call()
      expect(again.body).toEqual(answer.body)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(await eventsAfter(admin, before)).toEqual(told)
      expect(told.map(({ kind, notice }) => [kind, notice?.type])).toEqual(tells[path])
      const created = path === '/group/create'
      const group_id = created ? answer.data.group_id : world.group_id
      const group_version = created ? 1 : versionBefore + 1
      for (const event of told) {
        expect(event).toMatchObject({ group_id, group_version, by_id: caller.id, acting: 'user' })
        if (event.notice !== undefined)
          expect(event.notice).toMatchObject({ gid: group_id, to: event.users ?? [] })
        expect(event.key_id).toMatch(/\w/)
        expect(event.request).toBe(answer.headers.get('x-request-id'))
      }
    },
  )

  it('users whom an administrator makes members are told', async () => {
    const { owner, outsider, group_id } = await newWorld(instance())
    const before = await headOf(admin)
    dataOf(await admin.post('/group/admin/member_join', { group_id, user_list: [outsider.id] }))
    expect(await eventsAfter(admin, before)).toMatchObject([
      {
        kind: 'group.member.joined',
        group_id,
        users: [outsider.id],
        how: 'administrator',
        by_id: owner.id,
        acting: 'administrator',
        notice: { type: 5, gid: group_id, from: outsider.id, to: [outsider.id] },
      },
    ])
  })

  it('an administrator is told apart from whom it acts as', async () => {
    const { owner, group_id } = await newWorld(instance())
    const before = await headOf(admin)
    dataOf(await admin.post('/group/info/name', { group_id, value: 'By nobody' }))
    dataOf(
      await admin.call('POST', '/group/info/name', {
        body: { group_id, value: 'As the owner' },
        headers: { user_id: String(owner.id) },
      }),
    )
    const told = await eventsAfter(admin, before)
    expect(told.map(({ acting, changes }: Told) => [acting, changes.name])).toEqual([
      ['administrator', ['World', 'By nobody']],
      ['administrator_as_user', ['By nobody', 'As the owner']],
    ])
  })

  it('what was refused, or changed nobody, tells nothing', async () => {
    const { owner, outsider, member, group_id } = await newWorld(instance())
    const before = await headOf(admin)
    await outsider.post('/group/kick', { group_id, user_list: [member.id] })
    await owner.post('/group/invite', { group_id, user_list: [member.id] })
    await owner.post('/group/unblock', { group_id, user_list: [outsider.id] })
    const kinds = (await eventsAfter(admin, before)).map(({ kind }) => kind)
    expect(kinds.filter(kind => kind.startsWith('group.'))).toEqual([])
  })

  it('who is refused a privileged operation is told, at most once a second', async () => {
    const { member, admin: groupAdmin, group_id } = await newWorld(instance())
    const before = await headOf(admin)
    for (let i = 0; i < 3; i++) await member.post('/group/destroy', { group_id })
    await groupAdmin.post('/group/transfer', { group_id, new_owner: member.id })
    const told = await eventsAfter(admin, before, { kinds: 'access.refused' })
    const shown = told.map(({ by_id, operation, code }: Told) => [by_id, operation, code])
    expect(shown[0]).toEqual([member.id, 'delete__group_destroy', 20013])
    expect(shown.at(-1)).toEqual([groupAdmin.id, 'put__group_transfer', 20013])
    expect(shown.length).toBeLessThan(5)
  })

  it("a user's own setting is told", async () => {
    const { someone } = await people(instance(), ['someone'])
    const before = await headOf(admin)
    dataOf(await someone.post('/user/settings', { group_confirm: true }))
    expect(await eventsAfter(admin, before)).toMatchObject([
      { kind: 'user.settings.changed', users: [someone.id], changes: { group_confirm: [null, true] } },
    ])
  })
}
