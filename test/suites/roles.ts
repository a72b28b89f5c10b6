import { beforeAll, describe, expect, it } from 'vitest'
import { errors } from '../../src/operation/errors.ts'
import type { Operation } from '../../src/operation/operation.ts'
import { type Requirement, refusalFor, role } from '../../src/operation/roles.ts'
import { type Answer, Client, callers, newAddress, signToken } from '../support/client.ts'
import { exampleOf, type Situation } from '../support/examples.ts'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { userOperations as operations } from '../support/user-operations.ts'
import { inputIn, newWorld, type Permissions, type World } from '../support/world.ts'
import type { Suite } from './all.ts'
import { rankRules } from './ranks.ts'

/** Who may, written down from the specification (behaviour, section 4): the operations must say the same. */
const whoMay: Readonly<Record<Requirement, string>> = {
  anyone: 'info apply invite/handle qrcode/invite',
  member: `settings admin_list member_list members/display_name leave banned_list announcement announcement/last announcement/list file file/list
    qrcode/revoke file/upload file/update_name file/delete display_name msg/mute_mode msg/push_mode msg/not_disturb sync`,
  inviter: 'invite qrcode/sign',
  editor: 'info/name info/description info/avatar info/ext /file/upload/avatar/group',
  admin: `settings/allow_member_invitation settings/allow_member_modify settings/enable_read_ack settings/history_visible
    settings/require_admin_approval settings/hide_member_info settings/ban_all settings/unban_all kick ban unban block unblock blocked_list
    admin/member_join apply/handle announcement/edit announcement/delete`,
  owner: 'destroy transfer admin/add admin/remove',
}
/** On the caller's own self (behaviour, section 2): an administrator must say whose. */
const onSelf = `create apply leave display_name msg/mute_mode msg/push_mode msg/not_disturb user_joined invitation_list invite/handle qrcode/invite
  /file/upload/avatar/user /file/upload/chat /file/upload/forward /user/settings versions`
const pathsOf = (names: string): string[] =>
  names.split(/\s+/).map(name => (name.startsWith('/') ? name : `/group/${name}`))

/** A way to call, with what the roles table needs to know of it. */
interface Way {
  readonly name: string
  readonly client: Client
  /** In the group, or what an administrator's rights are there; null: none. */
  readonly role: number | null
  /** Acts as nobody in particular. */
  readonly nobody?: boolean
  /** By an administrator's token. */
  readonly administrator?: boolean
  /** The answer whatever its role would be. */
  readonly refused?: number
}

const closed: Permissions = { member_invite: false, member_modify: false }
const open: Permissions = { member_invite: true, member_modify: true }
const mixed: readonly Permissions[] = [
  closed,
  open,
  { ...closed, member_invite: true },
  { ...closed, member_modify: true },
]

/**
 * What remains for one who passes the role check: the answer of the operation's own rules where it is not
 * 200.
 */
const ownRules: Readonly<Record<string, (has: number | null) => number>> = {
  '/group/apply': has => (has === null ? 200 : 20017),
  '/group/qrcode/invite': has => (has === null ? 200 : 20017),
  // None of those who call here was invited.
  '/group/invite/handle': () => 20015,
  '/group/leave': has => (has === role.owner ? 20004 : 200),
  // The file is the owner's.
  '/group/file/update_name': has => (has === role.member ? 20023 : 200),
}

/** Whatever its role, a user may not: only the app's own server. */
const administratorsOnly = pathsOf('admin/member_join')

/** These leave nothing to do for the next: each who may gets a world of its own. */
const doneOnce = pathsOf('destroy transfer leave apply/handle announcement/delete qrcode/invite')

function expectedOf(
  operation: Operation,
  requirement: Requirement,
  way: Way,
  permissions: Permissions,
): number {
  if (way.nobody === true && operation.self) return 10002
  if (way.refused === 20001 && operation.path === '/group/qrcode/invite') return 20024
  if (way.refused !== undefined) return way.refused
  const refusal = refusalFor(requirement, { role: way.role, ...permissions })
  if (refusal === undefined && way.administrator !== true && administratorsOnly.includes(operation.path))
    return 10010
  return refusal === undefined ? (ownRules[operation.path]?.(way.role) ?? 200) : errors[refusal][0]
}

/** Of a world that is not there. */
const nothing: Situation = {
  group_id: 1,
  user_id: 1,
  announcement_id: 1,
  file_id: 1,
  qr_info: 'x',
  file_sign: 'x',
}

const send = (
  client: Client,
  method: string,
  path: string,
  input: Record<string, unknown>,
): Promise<Answer> =>
  method === 'GET'
    ? client.get(path, input as Record<string, string>)
    : client.call(method, path, { body: input })

const call = (client: Client, world: World, operation: Operation): Promise<Answer> =>
  send(client, operation.methods[0] ?? 'GET', operation.path, inputIn(world, operation))

/** Changes with every change to the group. */
const stateOf = async ({ owner, group_id }: World): Promise<unknown> => {
  const { version, total } = await owner.get('/group/member_list', { group_id })
  return { version, total }
}

/** Role × operation, complete (docs/behaviour.md, sections 2 and 4). */
export const rolesSuite: Suite = instance => {
  const foreign = { app_id: 'foreign', secret: '' }
  let elsewhere = 0
  beforeAll(async () => {
    foreign.secret = await instance().createApp(foreign.app_id)
    const { other } = await people(instance(), ['other'])
    elsewhere = await newGroup(other)
  })

  /** Everybody who could call, in this world. */
  const waysIn = async (world: World): Promise<Way[]> => {
    const { admin } = callers(instance())
    const users = [
      { name: 'an outsider', user: world.outsider, role: null },
      { name: 'a member', user: world.member, role: role.member },
      { name: 'an admin', user: world.admin, role: role.admin },
      { name: 'the owner', user: world.owner, role: role.owner },
    ]
    const { stranger } = await people(instance(), ['stranger'], foreign)
    return [
      ...users.map(({ user, ...way }) => ({ ...way, client: user })),
      ...(await Promise.all(
        users.map(async ({ name, user, role }) => ({
          name: `an administrator as ${name}`,
          client: await admin({ user_id: user.id }),
          role,
          administrator: true,
        })),
      )),
      {
        name: 'an administrator',
        client: await admin(),
        role: role.owner,
        nobody: true,
        administrator: true,
      },
      {
        name: 'an administrator of this group',
        client: await admin({ group_id: world.group_id }),
        role: role.owner,
        nobody: true,
        administrator: true,
      },
      {
        name: 'an administrator as a member in this group',
        client: await admin({ user_id: world.member.id, group_id: world.group_id }),
        role: role.member,
        administrator: true,
      },
      {
        name: 'an administrator as the owner in another group',
        client: await admin({ user_id: world.owner.id, group_id: elsewhere }),
        role: null,
        refused: 10010,
      },
      {
        name: 'an administrator of another group',
        client: await admin({ group_id: elsewhere }),
        role: null,
        nobody: true,
        refused: 10010,
      },
      { name: 'a user of another app', client: stranger, role: null, refused: 20001 },
    ]
  }

  it('the operations say what the specification says', () => {
    for (const [requirement, names] of Object.entries(whoMay)) {
      const paths = operations
        .filter(operation => operation.requires === requirement)
        .map(operation => operation.path)
      expect({ requirement, paths: paths.sort() }).toEqual({ requirement, paths: pathsOf(names).sort() })
    }
    const self = operations.filter(operation => operation.self).map(operation => operation.path)
    expect([...new Set(self)].sort()).toEqual(pathsOf(onSelf).sort())
  })

  const rows = operations.flatMap(operation => {
    const { requires } = operation
    if (requires === undefined) return []
    const settings = requires === 'inviter' || requires === 'editor' ? mixed : [closed, open]
    return settings.map(permissions => ({ path: operation.path, operation, requires, permissions }))
  })

  it.each(rows)('$path, $permissions', async ({ operation, requires, permissions }) => {
    const world = await newWorld(instance(), permissions)
    const before = await stateOf(world)
    const permitted: string[] = []
    for (const way of await waysIn(world)) {
      const expected = expectedOf(operation, requires, way, permissions)
      if (expected === 200) permitted.push(way.name)
      else
        expect
          .soft({ way: way.name, code: (await call(way.client, world, operation)).code })
          .toEqual({ way: way.name, code: expected })
    }
    expect(await stateOf(world)).toEqual(before)
    for (const name of permitted) {
      const own = doneOnce.includes(operation.path) ? await newWorld(instance(), permissions) : world
      const way = (await waysIn(own)).find(candidate => candidate.name === name)
      expect
        .soft({ way: name, code: way && (await call(way.client, own, operation)).code })
        .toEqual({ way: name, code: 200 })
    }
  })

  it('an administrator must say on whom it acts, where an operation acts on the caller itself', async () => {
    const world = await newWorld(instance())
    const { admin } = callers(instance())
    for (const operation of operations.filter(candidate => candidate.self)) {
      for (const acting of [{}, { group_id: world.group_id }])
        expectRefusal(await call(await admin(acting), world, operation), 10002, 'user_id')
    }
  })

  it('what an administrator authors is in the name of the owner, or of the user it acts as', async () => {
    const { admin, owner, group_id } = await newWorld(instance())
    const as = callers(instance()).admin
    for (const [acting, author] of [
      [{}, owner],
      [{ group_id }, owner],
      [{ user_id: admin.id }, admin],
    ] as const) {
      const client = await as(acting)
      expect(
        dataOf(await client.post('/group/announcement/edit', { group_id, title: 'T', content: 'C' })).author,
      ).toBe(author.id)
      const file = { group_id, name: 'a.txt', size: 1, url: 'https://example.org/a.txt' }
      expect(dataOf(await client.post('/group/file/upload', file)).uploader).toBe(author.id)
    }
  })

  describe('operations that name groups in another way', () => {
    it('application_list leaves out where the caller is no admin; info/batch shows all', async () => {
      const world = await newWorld(instance())
      const { stranger } = await people(instance(), ['stranger'], foreign)
      const group_list = [world.group_id]
      for (const { name, client, role: has, refused } of await waysIn(world)) {
        const [applications, infos] = [
          await client.post('/group/application_list', { group_list }),
          await client.post('/group/info/batch', { group_list }),
        ]
        const counts = {
          way: name,
          applications: applications.data?.length,
          infos: infos.data?.length,
          codes: [applications.code, infos.code],
        }
        const sees = {
          way: name,
          applications: (has ?? 0) >= role.admin ? 1 : 0,
          infos: refused === 20001 ? 0 : 1,
          codes: [200, 200],
        }
        const refusal = { way: name, applications: undefined, infos: undefined, codes: [10010, 10010] }
        expect.soft(counts).toEqual(refused === 10010 ? refusal : sees)
      }
      expect(dataOf(await stranger.get('/group/public_list'))).not.toContain(world.group_id)
    })

    it('a file is sent to a group by its members', async () => {
      const world = await newWorld(instance())
      for (const { name, client, role: has, refused, nobody } of await waysIn(world)) {
        const expected = nobody === true ? 10002 : (refused ?? (has === null ? 20011 : 200))
        const answer = await client.get('/file/upload/chat', {
          file_type: 100,
          to_type: 2,
          to_id: world.group_id,
        })
        expect.soft({ way: name, code: answer.code }).toEqual({ way: name, code: expected })
      }
    })
  })

  describe.each(
    operations.flatMap(operation =>
      [operation, ...(operation.compat ?? [])].map(({ path, methods }) => ({ path, methods, operation })),
    ),
  )('$path', ({ path, methods, operation }) => {
    it.each(methods)('%s wants a token of the app', async method => {
      const { app_id, secret } = instance()
      const sign = (key: string, app: string, more = {}) =>
        signToken(key, { app, role: 1, sub: '7', ...more })
      const attempts: [string, number, Record<string, string>][] = [
        ['no token', 10003, { app_id }],
        ['an empty token', 10003, { app_id, 'access-token': '' }],
        ['no token at all', 10008, { app_id, 'access-token': 'nonsense' }],
        ['signed by another', 10008, { app_id, 'access-token': await sign(`not ${secret}`, app_id) }],
        [
          'expired',
          402,
          { app_id, 'access-token': await sign(secret, app_id, { iat: 1, exp: 1_700_000_000 }) },
        ],
        ['of another app', 10008, { app_id, 'access-token': await sign(foreign.secret, foreign.app_id) }],
        ['for another app', 10008, { app_id, 'access-token': await sign(secret, foreign.app_id) }],
        ['unknown app', 40000, { app_id: 'nobody', 'access-token': await sign(secret, 'nobody') }],
        ['no app', 40000, { 'access-token': await sign(secret, app_id, { role: 2 }) }],
      ]
      const address = newAddress()
      for (const [what, code, headers] of attempts) {
        const client = new Client(instance(), { ...headers, ...address })
        const answer = await send(client, method, path, exampleOf(operation, nothing))
        expect
          .soft({ what, status: answer.status, code: answer.code, data: answer.data })
          .toEqual({ what, status: 200, code, data: null })
      }
    })
  })

  rankRules(instance)
}
