import type { Operation } from '../../src/operation/operation.ts'
import { type Client, callers } from './client.ts'
import { exampleOf } from './examples.ts'
import { addAdmins, dataOf, newGroup, people, qrOf, succeeded, type User } from './groups.ts'
import type { Instance } from './target.ts'

const names = ['owner', 'admin', 'member', 'banned', 'blocked', 'applicant', 'invitee', 'outsider'] as const
export type Name = (typeof names)[number]

/** A group in which something of everything is there, with everybody who can stand to it in some way. */
export interface World extends Readonly<Record<Name, User>> {
  /** The app's own server: an administrator that acts as nobody. */
  readonly server: Client
  readonly group_id: number
  readonly announcement_id: number
  /** A shared file of the owner's. */
  readonly file_id: number
  readonly qr_info: string
  readonly file_sign: string
}

/** The settings that the roles table knows. */
export interface Permissions {
  readonly member_invite: boolean
  readonly member_modify: boolean
}

/** A world of its own: new users, a new group. */
export async function newWorld(instance: Instance, permissions?: Permissions): Promise<World> {
  const everybody = await people(instance, names)
  const { owner, admin, member, banned, blocked, applicant, invitee } = everybody
  const group_id = await newGroup(owner, { name: 'World', user_list: [member.id, banned.id] })
  await addAdmins(owner, group_id, [admin])
  dataOf(await owner.post('/group/ban', { group_id, user_list: [banned.id], duration: 5 }))
  expectOne(await owner.post('/group/block', { group_id, user_list: [blocked.id] }), blocked)
  dataOf(await applicant.post('/group/apply', { group_id, reason: 'Please' }))
  dataOf(await invitee.post('/user/settings', { group_confirm: true }))
  expectOne(await owner.post('/group/invite', { group_id, user_list: [invitee.id], reason: 'Come' }), invitee)
  const announcement = dataOf(
    await owner.post('/group/announcement/edit', { group_id, title: 'Title', content: 'Content' }),
  )
  const file = dataOf(
    await owner.post('/group/file/upload', {
      group_id,
      name: 'a.txt',
      size: 1,
      url: 'https://example.org/a.txt',
    }),
  )
  const qr_info = await qrOf(owner, group_id)
  if (permissions !== undefined) {
    dataOf(
      await owner.post('/group/settings/allow_member_invitation', {
        group_id,
        value: permissions.member_invite,
      }),
    )
    dataOf(
      await owner.post('/group/settings/allow_member_modify', { group_id, value: permissions.member_modify }),
    )
  }
  return {
    ...everybody,
    server: await callers(instance).admin(),
    group_id,
    announcement_id: announcement.id,
    file_id: file.file_id,
    qr_info,
    file_sign: '',
  }
}

function expectOne(answer: Parameters<typeof dataOf>[0], user: User): void {
  const [result] = dataOf(answer)
  if (result?.result !== 'success')
    throw new Error(`${JSON.stringify(result)} instead of ${JSON.stringify(succeeded(user.id))}`)
}

/** Whom an operation is about where it names a user, so that it succeeds. */
const subjects: Readonly<Record<string, Name>> = {
  '/group/admin/remove': 'admin',
  '/group/apply/handle': 'applicant',
  '/group/invite': 'outsider',
  // The inviter.
  '/group/invite/handle': 'owner',
  '/group/unban': 'banned',
  '/group/unblock': 'blocked',
}

/** Input with which the operation succeeds in this world, if the caller may. */
export function inputIn(world: World, operation: Pick<Operation, 'path' | 'input'>): Record<string, unknown> {
  return exampleOf(operation, { ...world, user_id: world[subjects[operation.path] ?? 'member'].id })
}
