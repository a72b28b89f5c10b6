import { expect } from 'vitest'
import { type Answer, type Client, callers, newUsers, type Reachable } from './client.ts'

/** A caller with an id that no other test uses. */
export type User = Client & { readonly id: number }

/** An app and what signs its tokens. */
export interface Tenant {
  readonly app_id: string
  readonly secret: string
}

/** New users by name: `const { owner, friend } = await people(instance(), ['owner', 'friend'])`. */
export async function people<const Name extends string>(
  instance: Reachable,
  names: readonly Name[],
  { app_id, secret }: Tenant = instance,
): Promise<Record<Name, User>> {
  const ids = newUsers(names.length)
  const { as } = callers(instance, app_id, secret)
  const users = await Promise.all(ids.map(async id => Object.assign(await as(id), { id })))
  return Object.fromEntries(names.map((name, i) => [name, users[i]])) as Record<Name, User>
}

/** The data of an answer that must be a success. */
export function dataOf(answer: Answer): Answer['data'] {
  expect({ status: answer.status, code: answer.code, message: answer.message }).toEqual({
    status: 200,
    code: 200,
    message: null,
  })
  return answer.data
}

/**
 * An error of the API: HTTP 200, its code, no data, and a message, which names `naming` where that is given.
 */
export function expectRefusal(answer: Answer, code: number, naming = ''): void {
  expect({ status: answer.status, code: answer.code, data: answer.data }).toEqual({
    status: 200,
    code,
    data: null,
  })
  expect(answer.message).toMatch(/\w/)
  expect(answer.message).toContain(naming)
}

/** Creates a group and answers its id. */
export async function newGroup(
  owner: Client,
  creation: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  return dataOf(await owner.post('/group/create', creation)).group_id
}

export const succeeded = (user_id: number) => ({ user_id, result: 'success', reason: '' })
export const failed = (user_id: number, reason: string) => ({ user_id, result: 'fail', reason })
export const someReason = expect.stringMatching(/\w/)

/** Makes users members: whoever invites must be an admin, and consent must not be asked. */
export async function addMembers(owner: Client, group_id: number, users: readonly User[]): Promise<void> {
  const user_list = users.map(user => user.id)
  expect(dataOf(await owner.post('/group/invite', { group_id, user_list }))).toEqual(user_list.map(succeeded))
}

/** Makes users admins: members first, if they are not. */
export async function addAdmins(owner: Client, group_id: number, users: readonly User[]): Promise<void> {
  const user_list = users.map(user => user.id)
  await owner.post('/group/invite', { group_id, user_list })
  expect(dataOf(await owner.post('/group/admin/add', { group_id, user_list }))).toEqual(
    user_list.map(succeeded),
  )
}

export async function memberIds(client: Client, group_id: number): Promise<number[]> {
  return dataOf(await client.get('/group/member_list', { group_id })).map(
    (member: { user_id: number }) => member.user_id,
  )
}

export async function infoOf(client: Client, group_id: number): Promise<Record<string, unknown>> {
  return dataOf(await client.get('/group/info', { group_id }))
}

/**
 * Resolves when the service's clock has moved on: what follows is later than what was before. `client` may
 * invite to the group.
 */
export async function later(client: Client, group_id: number): Promise<void> {
  const time = async (): Promise<number> =>
    dataOf(await client.get('/group/qrcode/sign', { group_id })).create_at
  const start = await time()
  while ((await time()) <= start) {}
}

/** Lets anyone who applies join at once. */
export async function openDoors(owner: Client, group_id: number): Promise<void> {
  dataOf(await owner.post('/group/settings/require_admin_approval', { group_id, apply_approval: 0 }))
}

export async function qrOf(client: Client, group_id: number): Promise<string> {
  return dataOf(await client.get('/group/qrcode/sign', { group_id })).qr_info
}
