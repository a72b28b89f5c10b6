import contract from '../../contract.json' with { type: 'json' }
import { parametersNamed, type Situation } from '../../support/examples.ts'
import type { Caller, Teller } from './teller.ts'

/*
 * Every operation of the reference, called by everybody who can stand to a group in some way, with everything
 * missing and everything wrong, and in the end as it is meant, by each of its methods.
 */

interface Field {
  readonly name: string
}
interface Described {
  readonly methods: readonly string[]
  readonly path: string
  readonly query: readonly Field[]
  readonly body: readonly Field[]
}

/** The people of a group, from those who may least to those who may most. */
const people = ['outsider', 'blocked', 'applicant', 'invitee', 'banned', 'member', 'admin', 'owner'] as const
type Name = (typeof people)[number]

const described: readonly Described[] = contract.operations.filter(
  ({ path }) => !path.startsWith('/file/download'),
)

export async function everyOperation(teller: Teller): Promise<void> {
  let first = 100
  let world: World | undefined
  for (const operation of described) {
    // An operation that only reads leaves the group as it was.
    if (world === undefined || operation.methods[0] !== 'GET' || operation.path.startsWith('/file')) {
      first += 10
      world = await newWorld(teller, first)
    }
    await refusals(teller, operation, world)
    await byEverybody(operation, world)
    if (operation.methods[0] !== 'GET') world = undefined
  }
}

interface World extends Record<Name, Caller> {
  readonly situation: Situation
  readonly ids: Readonly<Record<Name, number>>
}

async function newWorld(teller: Teller, first: number): Promise<World> {
  const ids = Object.fromEntries(people.map((name, i) => [name, first + i])) as Record<Name, number>
  const callers = Object.fromEntries(people.map(name => [name, teller.as(ids[name])])) as Record<Name, Caller>
  const { owner, applicant, invitee } = callers
  const { group_id } = await owner.post('/group/create', {
    name: 'World',
    user_list: [ids.member, ids.banned, ids.admin],
  })
  await owner.post('/group/admin/add', { group_id, user_list: [ids.admin] })
  await owner.post('/group/ban', { group_id, user_list: [ids.banned], duration: 5 })
  await owner.post('/group/block', { group_id, user_list: [ids.blocked] })
  await applicant.post('/group/apply', { group_id, reason: 'Please' })
  await invitee.post('/user/settings', { group_confirm: true })
  await owner.post('/group/invite', { group_id, user_list: [ids.invitee], reason: 'Come' })
  const announcement = await owner.post('/group/announcement/edit', {
    group_id,
    title: 'Title',
    content: 'Content',
  })
  const file = { group_id, name: 'a.txt', size: 1, url: 'https://example.org/a.txt' }
  const { file_id } = await owner.post('/group/file/upload', file)
  const { qr_info } = await owner.get('/group/qrcode/sign', { group_id })
  const to_member = { file_type: 100, to_id: ids.member, to_type: 1 }
  const download = await owner.upload('/file/upload/chat', to_member, 'notes.txt')
  const file_sign = new URLSearchParams(download.split('?')[1]).get('file_sign') ?? ''
  const situation = {
    group_id,
    user_id: ids.member,
    qr_info,
    announcement_id: announcement.id,
    file_id,
    file_sign,
  }
  return { ...callers, ids, situation }
}

/** For whom the operation is, where not for a member. */
const meant: Readonly<Record<string, Name>> = {
  '/group/apply/handle': 'applicant',
  '/group/invite/handle': 'owner',
  '/group/invite': 'outsider',
  '/group/unban': 'banned',
  '/group/unblock': 'blocked',
  '/group/admin/remove': 'admin',
}

function inputOf({ path, query, body }: Described, { situation, ids }: World): Record<string, unknown> {
  const about = { ...situation, user_id: ids[meant[path] ?? 'member'] }
  const names = [...query, ...body].map(({ name }) => name)
  return Object.fromEntries(parametersNamed(path, names).map(({ name, example }) => [name, example(about)]))
}

async function refusals(teller: Teller, operation: Described, world: World): Promise<void> {
  const { methods, path, query, body } = operation
  const [method = 'GET'] = methods
  const { owner } = world
  const input = inputOf(operation, world)
  await teller.ask({ method, path })
  await teller.ask({ method, path, headers: { app_id: 'demo' } })
  await owner.call(method, path)
  for (const { name, kind } of parametersNamed(
    path,
    [...query, ...body].map(field => field.name),
  )) {
    const wrong =
      kind.is === 'integer' ? kind.bad.slice(0, 2) : [method === 'GET' ? '\u0007' : { no: 'such thing' }]
    const { [name]: _, ...without } = input
    await owner.call(method, path, without)
    for (const value of wrong) await owner.call(method, path, { ...input, [name]: value })
  }
  await teller.server().call(method, path, input)
  await teller.server({ user_id: String(world.ids.member) }).call(method, path, input)
  await teller.server({ group_id: '1' }).call(method, path, input)
  if ('group_id' in input) await owner.call(method, path, { ...input, group_id: 1 })
  await teller.as({ app: 'small', role: 1, sub: '1' }).call(method, path, input)
  for (const other of ['PATCH', 'HEAD', 'OPTIONS'])
    await owner.send({ method: other, path, headers: { origin: 'https://chat.example.org' } })
}

/** What is another today, and would change what comes of it: groups.ts has it where nothing does. */
const changedSince = '/group/file/upload by banned'

async function byEverybody(operation: Described, world: World): Promise<void> {
  const input = inputOf(operation, world)
  const { methods, path } = operation
  for (const [i, name] of people.entries()) {
    if (`${path} by ${name}` === changedSince) continue
    await world[name].call(methods[i % methods.length] ?? '', path, input)
  }
  for (const method of methods) await world.owner.call(method, path, input)
  const { group_id } = world.situation
  if (operation.methods[0] === 'GET') return
  // What has come of it.
  for (const path of ['info', 'member_list', 'banned_list', 'blocked_list', 'announcement/list', 'file/list'])
    await world.owner.get(`/group/${path}`, { group_id })
  await world.invitee.get('/group/invitation_list')
  await world.admin.post('/group/application_list', { group_list: [group_id] })
}
