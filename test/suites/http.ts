import { describe, expect, it } from 'vitest'
import { Client } from '../support/client.ts'
import { people } from '../support/groups.ts'
import { headOf, openRaw } from '../support/raw-http.ts'
import { expectStatus, lastOfConnection, mebibyte, padded } from '../support/statuses.ts'
import { userOperations as operations } from '../support/user-operations.ts'
import { inputIn, newWorld } from '../support/world.ts'
import type { Suite } from './all.ts'
import { inputRules } from './input.ts'

/** The methods of every path, as the operations declare them. */
const methodsOf = new Map<string, string[]>([
  ['/file/download/avatar', ['GET']],
  ['/file/download/chat', ['GET']],
])
for (const operation of operations) {
  for (const { path, methods } of [operation, ...(operation.compat ?? [])])
    methodsOf.set(path, [...(methodsOf.get(path) ?? []), ...methods])
}
const paths = [...methodsOf].map(([path, methods]) => ({ path, methods }))

/** What HTTP has to do with it (docs/behaviour.md, sections 1 and 2). */
export const httpSuite: Suite = instance => {
  it('leads whoever comes by hand to the documentation', async () => {
    const response = await fetch(instance().url, { redirect: 'manual' })
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({
      status: 302,
      location: '/docs',
    })
    const { status, code, message } = await new Client(instance(), {}).get('/no/such/route')
    expect({ status, code, message }).toEqual({
      status: 404,
      code: 404,
      message: expect.stringContaining('/docs'),
    })
  })

  it('refuses fields that it does not know, for who prefers that', async () => {
    const { owner } = await people(instance(), ['owner'])
    const create = (headers: Record<string, string>) =>
      owner.call('POST', '/group/create', { body: { nmae: 'Book club' }, headers })
    expect((await create({})).code).toBe(200)
    const strict = await create({ prefer: 'respond-async, handling=strict' })
    expect(strict.code).toBe(10002)
    expect(strict.message).toContain('nmae')
    expect(strict.message).toContain('name')
    // What takes any field is not meant.
    const settings = { headers: { prefer: 'handling=strict' }, body: { of_another_service: 1 } }
    expect((await owner.call('POST', '/user/settings', settings)).code).toBe(200)
  })

  describe.each(paths)('$path', ({ path, methods }) => {
    it('answers other methods with 405 and Allow', async () => {
      const { user } = await people(instance(), ['user'])
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter(
        other => !methods.includes(other),
      )) {
        const answer = await user.call(method, path)
        expectStatus(answer, 405)
        const allowed = (answer.headers.get('allow') ?? '').split(/, */)
        expect(allowed).toEqual(expect.arrayContaining(methods))
        expect(allowed).not.toContain(method)
      }
    })

    it('answers the preflight of a browser', async () => {
      const response = await fetch(new URL(path, instance().url), {
        method: 'OPTIONS',
        headers: {
          origin: 'https://chat.example.org',
          'access-control-request-method': methods[0] ?? '',
          'access-control-request-headers': 'app_id',
        },
      })
      expect(response.ok).toBe(true)
      expect(response.headers.get('access-control-allow-origin')).toMatch(
        /^(\*|https:\/\/chat\.example\.org)$/,
      )
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect((response.headers.get('access-control-allow-methods') ?? '').split(/, */)).toEqual(
        expect.arrayContaining(methods),
      )
      const headers = (response.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/, */)
      expect(headers).toEqual(
        expect.arrayContaining([
          'app_id',
          'access-token',
          'user_id',
          'group_id',
          'authorization',
          'content-type',
          'app-id',
          'user-id',
          'group-id',
        ]),
      )
    })
  })

  it.each([
    '/group',
    '/group/nothing',
    '/group/info/',
    '/GROUP/INFO',
    '/group//info',
    '/group/%2e%2e%2finfo',
    '/file',
    '/app',
    '/admin',
  ])('%s is no route: 404', async path => {
    const { user } = await people(instance(), ['user'])
    for (const method of ['GET', 'POST', 'DELETE']) expectStatus(await user.call(method, path), 404)
  })

  it.each(['PROPFIND', 'TRACE', 'LOCK', 'SEARCH'])('%s is no method of any path: 405', async method => {
    for (const [path, status] of [
      ['/group/info', 405],
      ['/file/download/chat', 405],
      ['/healthz', 405],
      ['/nothing', 404],
    ] as const) {
      const connection = await openRaw(instance().url)
      await connection.write(headOf(method, `${instance().url}${path}`, { connection: 'close' }))
      expect({ path, status: await connection.status() }).toEqual({ path, status })
      if (status === 405) expect(await connection.header('allow')).toMatch(/GET.*OPTIONS/)
      connection.breakOff()
    }
  })

  it('a doubled slash at the start of a path is read as one', async () => {
    const { user } = await people(instance(), ['user'])
    for (const path of ['//group/user_joined', '///group/user_joined', '//healthz']) {
      const response = await fetch(`${instance().url}${path}`, { headers: user.headers })
      expect({ path, status: response.status }).toEqual({ path, status: 200 })
    }
    const made = await fetch(`${instance().url}//group/create`, { method: 'POST', headers: user.headers })
    expect(await made.json()).toMatchObject({ code: 200 })
  })

  it('the preflight of a path that there is not lets the browser see its 404', async () => {
    const { user } = await people(instance(), ['user'])
    const origin = 'https://chat.example.org'
    for (const path of ['/nothing', '/group/nothing', '/user/nothing']) {
      const preflight = await fetch(new URL(path, instance().url), {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'app_id',
        },
      })
      expect(preflight.ok).toBe(true)
      expect(preflight.headers.get('access-control-allow-origin')).toMatch(
        /^(\*|https:\/\/chat\.example\.org)$/,
      )
      expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
      expect(preflight.headers.get('access-control-allow-headers')).toContain('app_id')
      expectStatus(await user.call('POST', path, { headers: { origin } }), 404)
    }
  })

  it('answers of every kind can be read by pages of other origins', async () => {
    const { user } = await people(instance(), ['user'])
    const headers = { origin: 'https://chat.example.org' }
    const answers = [
      await user.call('GET', '/group/user_joined', { headers }),
      await user.call('GET', '/group/info', { headers }),
      await user.call('GET', '/nothing', { headers }),
      await user.call('PATCH', '/group/info', { headers }),
      await user.call('POST', '/group/create', {
        headers: { ...headers, ...lastOfConnection },
        body: padded({}, mebibyte + 1),
      }),
    ]
    expect(answers.map(answer => answer.code)).toEqual([200, 10002, 404, 405, 413])
    for (const answer of answers)
      expect(answer.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/chat\.example\.org)$/)
  })

  it('HEAD answers every read as GET does, without a body', async () => {
    const world = await newWorld(instance())
    for (const operation of operations.filter(o => o.methods.includes('GET') && !o.writes)) {
      const caller = operation.who === 'administrator' ? world.server : world.owner
      for (const query of [inputIn(world, operation) as Record<string, string>, {}]) {
        const [get, head] = [
          await caller.get(operation.path, query),
          await caller.call('HEAD', operation.path, { query }),
        ]
        expect({ path: operation.path, status: head.status, body: head.data }).toEqual({
          path: operation.path,
          status: get.status,
          body: '',
        })
        expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
      }
    }
  })

  describe('x-request-id', () => {
    it.each(['a', 'A-1_b.c:d', '5f3c9a50-6f0c-4d0e-9a51-31f8f2f5a9c3'])('%s comes back', async id => {
      const { user } = await people(instance(), ['user'])
      for (const path of ['/group/user_joined', '/group/info', '/nothing', '/healthz']) {
        expect(
          (await user.call('GET', path, { headers: { 'x-request-id': id } })).headers.get('x-request-id'),
        ).toBe(id)
      }
    })

    it.each(['', 'with spaces', 'x'.repeat(1000), '<script>', '"\\', 'é'])(
      '%j is replaced by another',
      async id => {
        const { user } = await people(instance(), ['user'])
        const made = (
          await user.call('GET', '/group/user_joined', { headers: { 'x-request-id': id } })
        ).headers.get('x-request-id')
        expect(made).toMatch(/^[\w.:-]{4,128}$/)
        expect(made).not.toBe(id)
      },
    )

    it('is another for each request', async () => {
      const { user } = await people(instance(), ['user'])
      const ids = await Promise.all(
        Array.from({ length: 20 }, async () =>
          (await user.get('/group/user_joined')).headers.get('x-request-id'),
        ),
      )
      expect(new Set(ids).size).toBe(20)
    })
  })

  inputRules(instance)
}
