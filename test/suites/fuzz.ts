import fc from 'fast-check'
import { expect, it } from 'vitest'
import contract from '../contract.json' with { type: 'json' }
import type { Client } from '../support/client.ts'
import { people } from '../support/groups.ts'
import type { Suite } from './all.ts'

/*
 * Requests at random over everything in the contract: right names with any values, wrong names, any body.
 * Whatever comes, the answer is an envelope without a stack, SQL or path in it, never a 5xx; and what is
 * refused leaves the group as it was.
 */

/** `FUZZ_RUNS` requests, `FUZZ_SEED` to have the same ones again. */
const { FUZZ_RUNS, FUZZ_SEED } = process.env
const defaultRuns = { fast: 2000, slow: 300 }
const leaks =
  /SQLITE|sqlite|SELECT |INSERT |UPDATE |node_modules|dist\/|\.ts:|\.js:|at \w+ \(|\/work|\/tmp|\/home/

const routes = contract.operations.flatMap(({ path, methods, query, body }) =>
  methods.map(method => ({ path, method, parameters: [...query, ...body].map(({ name }) => name) })),
)

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constant('@group') },
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 30 }) },
  fc.maxSafeInteger(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '',
    'true',
    '0',
    '1e400',
    '9007199254740993',
    '__proto__',
    '\u0000',
    '\ud800',
    '😀'.repeat(80),
    "' OR 1=1 --",
    '../../etc/passwd',
  ),
)
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 6 }),
  fc.dictionary(fc.string({ maxLength: 8 }), scalar, { maxKeys: 3 }),
)

const request = fc.constantFrom(...routes).chain(route =>
  fc.record({
    route: fc.constant(route),
    sent: fc.tuple(
      fc.record(Object.fromEntries(route.parameters.map(name => [name, value])), { requiredKeys: [] }),
      fc.dictionary(fc.string({ maxLength: 12 }), value, { maxKeys: 2 }),
    ),
    from: fc.constantFrom('owner' as const, 'member' as const, 'outsider' as const),
    inQuery: fc.boolean(),
  }),
)

type Request = typeof request extends fc.Arbitrary<infer R> ? R : never

export const fuzzSuite: Suite = (instance, pace = 'fast') => {
  it('never fails, leaks or half-does anything, whatever is sent', async () => {
    // Three users send more requests than the same three would be allowed on a fast target.
    const app_id = 'fuzzed'
    const secret = await instance().createApp(app_id, { rate_user_per_second: 0 })
    const callers = await people(instance(), ['owner', 'member', 'outsider'], { app_id, secret })
    const newGroup = async () =>
      (await callers.owner.post('/group/create', { name: 'Fuzzed', user_list: [callers.member.id] })).data
        .group_id as number
    let group_id = await newGroup()
    const state = async () => (await callers.owner.get('/group/member_list', { group_id })).body

    const play = async ({ route, sent: [named, others], from, inQuery }: Request) => {
      const parameters = JSON.parse(
        JSON.stringify({ ...others, ...named }).replaceAll('"@group"', String(group_id)),
      )
      const caller: Client = callers[from]
      const before = await state()
      const flat = Object.entries(parameters).map(([name, sent]) => [
        name,
        typeof sent === 'string' ? sent : JSON.stringify(sent),
      ])
      const asQuery = inQuery || route.method === 'GET'
      const answer = await caller.call(
        route.method,
        route.path,
        asQuery ? { query: Object.fromEntries(flat) } : { body: parameters },
      )
      expect(answer.status).toBeLessThan(500)
      if (typeof answer.data === 'string' && answer.body.code === answer.status) return
      expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(['code', 'data', 'message']))
      expect(answer.message ?? '').not.toMatch(leaks)
      const after = await state()
      if (after.code !== 200) group_id = await newGroup()
      else if (answer.code !== 200) expect(after).toEqual(before)
    }
    await fc.assert(fc.asyncProperty(request, play), {
      numRuns: Number(FUZZ_RUNS ?? defaultRuns[pace]),
      ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
      endOnFailure: true,
    })
  }, 3_600_000)
}
