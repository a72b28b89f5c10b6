import { beforeAll, describe, expect, it } from 'vitest'
import contract from '../contract.json' with { type: 'json' }
import type { Answer, Client } from '../support/client.ts'
import { dataOf, newGroup, people } from '../support/groups.ts'
import { bytesOf, quarters } from '../support/pictures.ts'
import { download, upload } from '../support/uploads.ts'
import { userOperations as operations } from '../support/user-operations.ts'
import { inputIn, type Name, newWorld, type World } from '../support/world.ts'
import type { Suite } from './all.ts'

interface Field {
  readonly name: string
  readonly type: string
}

interface Described {
  readonly id: string
  readonly methods: readonly string[]
  readonly path: string
  readonly query: readonly Field[]
  readonly response: { readonly envelope: readonly Field[]; readonly data: readonly Field[] }
}

const described: readonly Described[] = contract.operations
/** Those that answer JSON: all but the two downloads. */
const answering = described.filter(operation => operation.response.envelope.length > 0)
const fieldsOf = (path: string): readonly Field[] =>
  described.find(operation => operation.path === path)?.response.data ?? []

/** What this service answers beside the reference (docs/behaviour.md, sections 4 and 8). */
const hidden: Field = { name: 'hide_member_info', type: 'boolean' }
/** Lists of which the reference knows no pages. */
const cursor: Field = { name: 'cursor', type: 'string' }
const addedToEnvelope: Readonly<Record<string, readonly Field[]>> = {
  '/group/announcement/list': [cursor],
  '/group/file/list': [cursor],
}
const added: Readonly<Record<string, readonly Field[]>> = {
  '/group/create': [hidden],
  '/group/info': [hidden],
  '/group/info/batch': [hidden],
  '/group/settings': [hidden],
  '/group/qrcode/sign': [{ name: 'expired', type: 'int64' }],
  '/group/qrcode/invite': [...fieldsOf('/group/info'), hidden],
}

/** Who calls where the owner cannot. */
const callers: Readonly<Record<string, Name>> = {
  '/group/apply': 'outsider',
  '/group/invitation_list': 'invitee',
  '/group/invite/handle': 'invitee',
  '/group/leave': 'member',
  '/group/qrcode/invite': 'outsider',
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const is: Readonly<Record<string, (value: unknown) => boolean>> = {
  int32: value => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  int64: Number.isSafeInteger,
  string: value => typeof value === 'string',
  boolean: value => typeof value === 'boolean',
  object: isObject,
  // A list without items would say nothing about them.
  'array[int64]': value => Array.isArray(value) && value.length > 0 && value.every(Number.isSafeInteger),
  'array[object]': value => Array.isArray(value) && value.length > 0 && value.every(isObject),
}

/** In what an object differs from the fields it should have; each is named. */
function misfits(
  where: string,
  value: Readonly<Record<string, unknown>>,
  fields: readonly Field[],
): string[] {
  const missing = fields
    .filter(field => !(field.name in value))
    .map(field => `${where}.${field.name} is missing`)
  const wrong = fields.flatMap(({ name, type }) =>
    name in value && is[type]?.(value[name]) !== true
      ? [`${where}.${name} is ${JSON.stringify(value[name])} instead of ${type}`]
      : [],
  )
  const names = fields.map(field => field.name)
  const undeclared = Object.keys(value)
    .filter(name => !names.includes(name))
    .map(name => `${where}.${name} is undeclared`)
  return [...missing, ...wrong, ...undeclared]
}

function expectAsDescribed({ path, response }: Described, answer: Answer): void {
  expect({ status: answer.status, code: answer.code, message: answer.message }).toEqual({
    status: 200,
    code: 200,
    message: null,
  })
  const { message: _, ...envelope } = answer.body
  expect(
    misfits('answer', envelope, [
      ...response.envelope.filter(field => field.name !== 'message'),
      ...(addedToEnvelope[path] ?? []),
    ]),
  ).toEqual([])
  const fields = [...response.data, ...(added[path] ?? [])]
  for (const item of [answer.data].flat())
    expect(isObject(item) ? misfits('data', item, fields) : []).toEqual([])
}

/** The call that the reference describes: parameters of the query in the query, the others in the body. */
function callDescribed(
  world: World,
  { id, path, query }: Described,
  method: string,
  caller: Client,
): Promise<Answer> {
  const operation = operations.find(candidate => candidate.id === id)
  if (operation === undefined) throw new Error(`src/operations.ts has no ${id}`)
  const input = Object.entries(inputIn(world, operation))
  const inQuery = query.map(field => field.name)
  const body = Object.fromEntries(input.filter(([name]) => !inQuery.includes(name)))
  const sent = Object.fromEntries(input.filter(([name]) => inQuery.includes(name))) as Record<string, string>
  return caller.call(method, path, { query: sent, ...(method !== 'GET' && { body }) })
}

/**
 * The body as JSON, with names for ids and nothing of what is another at another time: answers of two worlds
 * can be compared.
 */
function anonymous(world: World, body: unknown): string {
  const ids = new Map(
    Object.entries(world).flatMap(([name, value]) => (isObject(value) ? [[value.id, name]] : [])),
  )
  return JSON.stringify(body, (_, value) =>
    typeof value === 'number' ? (ids.get(value) ?? (value > 2 ** 32 ? 'a time or an id' : value)) : value,
  )
}

/**
 * `contract.json` is the reference: every route answers, with every field of its answer, of its type, and
 * nothing undeclared.
 */
export const contractSuite: Suite = instance => {
  beforeAll(async () => {
    const { owner } = await people(instance(), ['owner'])
    await newGroup(owner, { type: 2 })
  })

  it('describes 59 operations on 82 routes', () => {
    expect(described).toHaveLength(59)
    expect(described.flatMap(operation => operation.methods)).toHaveLength(82)
  })

  const perform = async (operation: Described, method: string): Promise<{ world: World; answer: Answer }> => {
    const world = await newWorld(instance())
    const file_sign = operation.path.endsWith('forward')
      ? (await upload(world.owner, '/file/upload/chat', toMember(world), png)).sign
      : ''
    return {
      world,
      answer: await callDescribed(
        { ...world, file_sign },
        operation,
        method,
        world[callers[operation.path] ?? 'owner'],
      ),
    }
  }
  const toMember = ({ member }: World) => ({ file_type: 102, to_id: member.id })
  let png: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    png = await bytesOf(quarters(4, 4).png())
  })

  describe.each(answering)('$path', operation => {
    it.each(operation.methods)('answers %s', async method => {
      expectAsDescribed(operation, (await perform(operation, method)).answer)
    })
  })

  it.each(answering.filter(operation => operation.methods.length > 1))(
    '$path answers all its methods alike',
    async operation => {
      const answers: string[] = []
      for (const method of operation.methods) {
        const { world, answer } = await perform(operation, method)
        answers.push(anonymous(world, answer.body))
      }
      expect(new Set(answers).size, answers.join('\n')).toBe(1)
    },
  )

  describe('/file', () => {
    it.each([
      { path: '/file/upload/avatar/user', input: () => ({}) },
      { path: '/file/upload/avatar/group', input: ({ group_id }: World) => ({ group_id }) },
      { path: '/file/upload/chat', input: toMember },
      {
        path: '/file/upload/chat',
        input: ({ group_id }: World) => ({ file_type: 102, to_type: 2, to_id: group_id }),
      },
      {
        path: '/file/upload/chat',
        input: ({ group_id }: World) => ({ file_type: 202, to_type: 2, to_id: group_id }),
      },
    ])('$path: what is sent to upload_url can be had at download_url, case %#', async ({ path, input }) => {
      const world = await newWorld(instance())
      const { target, answer } = await upload(world.owner, path, input(world), png)
      expect(answer).toEqual({ code: 200, data: true, message: null })
      expect(Object.values(target.oss_body_param).every(value => typeof value === 'string')).toBe(true)
      for (const reader of [world.owner, world.member]) {
        const response = await download(reader, target.download_url)
        expect({ status: response.status, type: response.headers.get('content-type') }).toEqual({
          status: 200,
          type: 'image/png',
        })
        expect(new Uint8Array(await response.arrayBuffer())).toEqual(png)
      }
    })

    it('a chat download_url has file_sign as its only parameter, at its end', async () => {
      const world = await newWorld(instance())
      const { download_url } = dataOf(await world.owner.get('/file/upload/chat', toMember(world)))
      expect(download_url).toMatch(/^https?:\/\/[^?]+\/file\/download\/chat\?file_sign=[^&=]+$/)
    })

    it('a forwarded file can be had by the new receiver', async () => {
      const world = await newWorld(instance())
      const { sign } = await upload(world.owner, '/file/upload/chat', toMember(world), png)
      const to_outsider = { file_sign: sign, to_id: world.outsider.id, to_type: 1 }
      const download_url = dataOf(await world.member.get('/file/upload/forward', to_outsider))
      const response = await download(world.outsider, download_url)
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(png)
    })
  })
}
