import { describe, expect, it } from 'vitest'
import { type Client, callers } from '../support/client.ts'
import {
  addAdmins,
  dataOf,
  expectRefusal,
  memberIds,
  newGroup,
  people,
  someReason,
  type User,
} from '../support/groups.ts'
import type { Instance } from '../support/target.ts'

const names = ['owner', 'admin', 'otherAdmin', 'member', 'otherMember', 'outsider'] as const
type Name = (typeof names)[number]

/** On whom each of those who may call succeeds; on everybody else it fails. */
const succeedsOn: Readonly<
  Record<string, { readonly admin?: readonly Name[]; readonly owner: readonly Name[] }>
> = {
  '/group/kick': {
    admin: ['member', 'otherMember'],
    owner: ['admin', 'otherAdmin', 'member', 'otherMember'],
  },
  '/group/ban': { admin: ['member', 'otherMember'], owner: ['admin', 'otherAdmin', 'member', 'otherMember'] },
  '/group/unban': {
    admin: ['member', 'otherMember'],
    owner: ['admin', 'otherAdmin', 'member', 'otherMember'],
  },
  '/group/block': {
    admin: ['member', 'otherMember', 'outsider'],
    owner: ['admin', 'otherAdmin', 'member', 'otherMember', 'outsider'],
  },
  '/group/admin/add': { owner: ['member', 'otherMember'] },
  '/group/admin/remove': { owner: ['admin', 'otherAdmin'] },
}
const paths = Object.keys(succeedsOn).map(path => ({ path }))

/**
 * Nobody acts on someone of the same or a higher role (docs/behaviour.md, section 4): every actor on every
 * target.
 */
export function rankRules(instance: () => Instance): void {
  const group = async (): Promise<Record<Name, User> & { group_id: number }> => {
    const everybody = await people(instance(), names)
    const { owner, admin, otherAdmin, member, otherMember } = everybody
    const group_id = await newGroup(owner, { user_list: [member.id, otherMember.id] })
    await addAdmins(owner, group_id, [admin, otherAdmin])
    return { ...everybody, group_id }
  }
  type Group = Awaited<ReturnType<typeof group>>

  /** Who is what, by name. */
  const stateOf = async (g: Group) => {
    const nameOf = new Map(names.map(name => [g[name].id, name]))
    const listed = async (path: string): Promise<(Name | undefined)[]> =>
      dataOf(await g.owner.get(path, { group_id: g.group_id })).map((row: { user_id: number }) =>
        nameOf.get(row.user_id),
      )
    return {
      members: (await memberIds(g.owner, g.group_id)).map(id => nameOf.get(id)),
      admins: await listed('/group/admin_list'),
      banned: await listed('/group/banned_list'),
      blocked: await listed('/group/blocked_list'),
    }
  }
  type State = Awaited<ReturnType<typeof stateOf>>

  /** What is left when the call has succeeded on these. */
  const stateAfter = (path: string, before: State, done: readonly Name[]): State => {
    const without = (list: State['members']) =>
      list.filter(name => name === undefined || !done.includes(name))
    const { members, admins, banned } = before
    switch (path) {
      case '/group/kick':
        return { ...before, members: without(members), admins: without(admins), banned: without(banned) }
      case '/group/block':
        return {
          members: without(members),
          admins: without(admins),
          banned: without(banned),
          blocked: names.filter(name => done.includes(name)),
        }
      case '/group/ban':
        return { ...before, banned: names.filter(name => done.includes(name)) }
      case '/group/unban':
        return { ...before, banned: without(banned) }
      case '/group/admin/add':
        return { ...before, admins: names.filter(name => admins.includes(name) || done.includes(name)) }
      default:
        return { ...before, admins: without(admins) }
    }
  }

  const actors: { actor: string; as: 'admin' | 'owner'; client(g: Group): User | Promise<Client> }[] = [
    { actor: 'an admin', as: 'admin', client: g => g.admin },
    { actor: 'the owner', as: 'owner', client: g => g.owner },
    {
      actor: 'an administrator as an admin',
      as: 'admin',
      client: g => callers(instance()).admin({ user_id: g.admin.id }),
    },
    { actor: 'an administrator', as: 'owner', client: () => callers(instance()).admin() },
    {
      actor: 'an administrator of the group',
      as: 'owner',
      client: g => callers(instance()).admin({ group_id: g.group_id }),
    },
  ]

  describe.each(paths)('$path of members of every role', ({ path }) => {
    const prepared = async () => {
      const g = await group()
      const everyone = names.filter(name => name !== 'owner' && name !== 'outsider').map(name => g[name].id)
      if (path === '/group/unban')
        dataOf(await g.owner.post('/group/ban', { group_id: g.group_id, user_list: everyone, duration: -1 }))
      const body = {
        group_id: g.group_id,
        user_list: names.map(name => g[name].id),
        ...(path === '/group/ban' && { duration: -1 }),
      }
      return { g, body, before: await stateOf(g) }
    }

    it.each(actors.filter(({ as }) => succeedsOn[path]?.[as] !== undefined))(
      'by $actor',
      async ({ as, client }) => {
        const { g, body, before } = await prepared()
        const done = succeedsOn[path]?.[as] ?? []
        const answer = await (await client(g)).post(path, body)
        expect(dataOf(answer)).toEqual(
          names.map(name =>
            done.includes(name)
              ? { user_id: g[name].id, result: 'success', reason: '' }
              : { user_id: g[name].id, result: 'fail', reason: someReason },
          ),
        )
        expect(await stateOf(g)).toEqual(stateAfter(path, before, done))
      },
    )

    it('by those who may not at all', async () => {
      const { g, body, before } = await prepared()
      const needed = succeedsOn[path]?.admin === undefined ? 20013 : 20012
      expectRefusal(await g.outsider.post(path, body), 20011)
      expectRefusal(await g.member.post(path, body), needed)
      if (needed === 20013) expectRefusal(await g.admin.post(path, body), 20013)
      expect(await stateOf(g)).toEqual(before)
    })
  })
}
