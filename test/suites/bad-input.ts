import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/operation/operation.ts'
import { badValues, curiousValues, goodValues, type Tried } from '../support/bad-values.ts'
import type { Answer, Client } from '../support/client.ts'
import { parametersOf, sentBy } from '../support/examples.ts'
import { dataOf, expectRefusal } from '../support/groups.ts'
import { expectSane, inChunks, short } from '../support/sane.ts'
import type { Instance } from '../support/target.ts'
import { upload } from '../support/uploads.ts'
import { userOperations as operations } from '../support/user-operations.ts'
import { inputIn, newWorld, type World } from '../support/world.ts'
import type { Suite } from './all.ts'
import { badRequests } from './bad-requests.ts'

/** Who calls an operation so that it succeeds. */
async function callerOf(world: World, { path, who }: Operation): Promise<Client> {
  if (who === 'administrator' || path === '/group/admin/member_join') return world.server
  if (path === '/group/leave') return world.member
  if (path === '/group/invite/handle') return world.invitee
  if (path === '/group/apply' || path === '/group/qrcode/invite') return world.outsider
  return world.owner
}

/** A world in which the operation succeeds. */
async function worldFor(instance: Instance, { path }: Operation): Promise<World> {
  const world = await newWorld(instance)
  if (path !== '/file/upload/forward' && path !== '/file/revoke') return world
  const { sign } = await upload(
    world.owner,
    '/file/upload/chat',
    { file_type: 100, to_id: world.member.id },
    new Uint8Array([1, 2, 3]),
  )
  return { ...world, file_sign: sign }
}

/** All that can be seen of a world, and of what its people have elsewhere. */
async function stateOf(world: World): Promise<unknown> {
  const { owner, group_id } = world
  const ofGroup = [
    'info',
    'settings',
    'member_list',
    'admin_list',
    'banned_list',
    'blocked_list',
    'announcement/list',
    'file/list',
  ]
  const ofUser = ['/group/user_joined', '/group/invitation_list', '/user/settings']
  const everybody = [owner, world.member, world.applicant, world.invitee, world.outsider]
  return Promise.all([
    ...ofGroup.map(async path => (await owner.get(`/group/${path}`, { group_id })).body),
    owner.post('/group/application_list', { group_list: [group_id] }).then(answer => answer.body),
    ...everybody.flatMap(user => ofUser.map(async path => (await user.get(path)).body)),
  ])
}

/** Whether a query can carry it: text, whole characters, and not more than servers take in one line. */
const fitsQuery = (value: unknown): boolean =>
  typeof value === 'string' && !/\p{Surrogate}/u.test(value) && encodeURIComponent(value).length <= 10_000

interface Attempt extends Tried {
  readonly parameter: string
  readonly inQuery: boolean
}

/** Every parameter of every operation, with everything that it is not: refused by name, without a trace. */
export const badInputSuite: Suite = (instance, pace) => {
  // Where a target is slow, every fifth value will do: which, depends on the operation, so that together they
  // see everything.
  const slow = pace === 'slow'

  describe.each(
    operations.map((operation, index) => ({
      operation,
      index,
      path: operation.path,
      method: operation.methods[0] ?? 'GET',
    })),
  )('$method $path', ({ operation, index, path, method }) => {
    const parameters = parametersOf(operation)
    /** Each value once, in the body or, of those that a query can carry, every other in the query. */
    const attemptsWith = (values: typeof badValues): Attempt[] =>
      parameters
        .flatMap(parameter => values(parameter).map(tried => ({ ...tried, parameter: parameter.name })))
        .filter(({ value }) => method !== 'GET' || value === undefined || fitsQuery(value))
        .map((tried, i) => ({ ...tried, inQuery: (i + index) % 2 === 0 && fitsQuery(tried.value) }))
        .filter((_, i) => !slow || (i + index) % 5 === 0)

    const send = (
      client: Client,
      input: Record<string, unknown>,
      { parameter, value, inQuery }: Attempt,
    ): Promise<Answer> => {
      const { [parameter]: _, ...others } = input
      if (inQuery && method !== 'GET')
        return client.call(method, path, { query: { [parameter]: String(value) }, body: others })
      return client.call(
        method,
        path,
        sentBy(method, value === undefined ? others : { ...others, [parameter]: value }),
      )
    }

    it('refuses by name what is wrong, changes nothing, and ignores what it does not know', async () => {
      const world = await worldFor(instance(), operation)
      const client = await callerOf(world, operation)
      const input = inputIn(world, operation)
      const before = await stateOf(world)
      await inChunks(attemptsWith(badValues), async attempt => {
        const answer = await send(client, input, attempt)
        const { parameter, value, codes } = attempt
        expectSane(answer, { parameter, value })
        const shown = JSON.stringify({
          parameter,
          value: short(value),
          inQuery: attempt.inQuery,
          code: answer.code,
          message: answer.message,
        })
        expect.soft(codes, shown).toContain(answer.code)
        if (answer.code === 10002) expect.soft(answer.message, shown).toContain(parameter)
      })
      if (method !== 'GET') {
        const needsInput = parameters.some(({ required }) => required)
        const bodies = [...malformedBodies, ...(needsInput ? emptyBodies : [])].filter(
          (_, i) => (i + index) % (slow ? 9 : 3) === 0,
        )
        await inChunks(bodies, async body => {
          const answer = await client.call(method, path, { body })
          expectSane(answer, body)
          expectRefusal(answer, 10002)
        })
      }
      expect(await stateOf(world)).toEqual(before)
      // It was that one parameter: with all of them right, and with others that mean nothing, it succeeds.
      dataOf(
        await client.call(
          method,
          path,
          sentBy(method, { ...input, nonsense: 'x', toString: 'x', 'a[b]': 'x' }),
        ),
      )
    })

    it('takes what is at its limits, and whatever it does not take leaves no trace', async () => {
      const world = await worldFor(instance(), operation)
      const client = await callerOf(world, operation)
      const input = inputIn(world, operation)
      const version = async () =>
        (await world.admin.get('/group/member_list', { group_id: world.group_id })).body
      let before = await version()
      for (const attempt of attemptsWith(curiousValues)) {
        const answer = await send(client, input, attempt)
        expectSane(answer, attempt.value)
        const after = await version()
        if (answer.code !== 200) expect(after).toEqual(before)
        before = after
      }
      await inChunks(attemptsWith(goodValues), async attempt => {
        const answer = await send(client, input, attempt)
        expectSane(answer, attempt.value)
        const shown = JSON.stringify({
          parameter: attempt.parameter,
          value: short(attempt.value),
          message: answer.message,
        })
        expect.soft(answer.code, shown).not.toBe(10002)
      })
    })
  })

  describe('whatever the operation', () => badRequests(instance))
}

/** JSON that is not an object, or no JSON at all. */
const malformedBodies = [
  'null',
  '[]',
  '[{}]',
  '"x"',
  '0',
  'true',
  '{',
  '}',
  '{]',
  '{"a"}',
  '{"a":1,}',
  "{'a':1}",
  '{"a":undefined}',
  '{"a":NaN}',
  '{"a":01}',
  '{a:1}',
  'a=b',
  '<x/>',
  '\u0000',
  '{}{}',
  '{} x',
  '//',
  '\ufffe{}',
  '{"a":"\n"}',
  '{"a":"\\x"}',
  '{"a":"\\ud800',
  '😀',
  ' ',
  '\n',
]

/** Objects without a single parameter. */
const emptyBodies = [
  '{}',
  ' {} ',
  '{"":1}',
  '{"__proto__":{}}',
  '{"__proto__":null}',
  '{"constructor":null,"prototype":null}',
  '{"GROUP_ID":1}',
]
