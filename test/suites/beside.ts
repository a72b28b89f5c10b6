import { describe, expect, it } from 'vitest'
import { operations } from '../../src/operations.ts'
import contract from '../contract.json' with { type: 'json' }
import { Client, callers, fromAddress, newAddress, signToken } from '../support/client.ts'
import {
  addAdmins,
  dataOf,
  expectRefusal,
  infoOf,
  newGroup,
  people,
  qrOf,
  type User,
} from '../support/groups.ts'
import { type DescribedCall, type Json, type OpenApi, openApiProblems } from '../support/openapi.ts'
import { bytesOf, look, quarters } from '../support/pictures.ts'
import { download, upload } from '../support/uploads.ts'
import type { Suite } from './all.ts'

/** What is answered beside the reference (docs/behaviour.md, sections 8 and 9). */
export const besideSuite: Suite = instance => {
  describe('routes that existing clients call', () => {
    it('/app/qrcode/group_sign and /app/qrcode/group_invite are /group/qrcode/sign and /invite', async () => {
      const { owner, one, two } = await people(instance(), ['owner', 'one', 'two'])
      const group_id = await newGroup(owner)
      for (const path of ['/app/qrcode/group_sign', '/group/qrcode/sign']) {
        const sign = dataOf(await owner.get(path, { group_id }))
        expect(Object.keys(sign).sort()).toEqual(['create_at', 'expire_at', 'expired', 'qr_info'])
        expect(sign.expired).toBe(sign.expire_at)
        expectRefusal(await one.get(path, { group_id }), 20011)
      }
      const { qr_info } = dataOf(await owner.get('/app/qrcode/group_sign', { group_id }))
      const joined = dataOf(await one.get('/app/qrcode/group_invite', { qr_info }))
      expect(joined).toEqual(await infoOf(one, group_id))
      expect(joined).toMatchObject({ group_id, count: 2 })
      expectRefusal(await one.get('/app/qrcode/group_invite', { qr_info }), 20017)
      expect(
        dataOf(await two.get('/app/qrcode/group_invite', { qr_info: await qrOf(owner, group_id) })),
      ).toMatchObject({ count: 3 })
    })

    it.each(['PUT', 'POST'])(
      '%s /group/settings/hide_member_info hides ordinary members from each other',
      async method => {
        const { owner, admin, member, other } = await people(instance(), [
          'owner',
          'admin',
          'member',
          'other',
        ])
        const group_id = await newGroup(owner, { user_list: [member.id, other.id] })
        await addAdmins(owner, group_id, [admin])
        for (const user of [owner, admin, member, other])
          dataOf(await user.post('/group/display_name', { group_id, value: `Name ${user.id}` }))
        dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id, other.id], duration: -1 }))
        /** The names that this caller sees, and the ends of bans, in each of the lists. */
        const seenBy = async (viewer: User): Promise<Record<string, Record<number, unknown>>> => {
          const lists = {
            member_list: await viewer.get('/group/member_list', { group_id }),
            display_name: await viewer.post('/group/members/display_name', {
              group_id,
              user_list: [owner, admin, member, other].map(user => user.id),
            }),
            banned_list: await viewer.get('/group/banned_list', { group_id }),
            admin_list: await viewer.get('/group/admin_list', { group_id }),
          }
          return Object.fromEntries(
            Object.entries(lists).map(([name, list]) => [
              name,
              Object.fromEntries(
                dataOf(list).map((m: Record<string, number>) => [
                  m.user_id,
                  [m.display_name, m.expired_time, Number(m.join_time) > 0],
                ]),
              ),
            ]),
          )
        }
        const open = await seenBy(member)
        const admins = {
          [owner.id]: [`Name ${owner.id}`, 0, true],
          [admin.id]: [`Name ${admin.id}`, 0, true],
        }
        const banned = {
          [member.id]: [`Name ${member.id}`, -1, true],
          [other.id]: [`Name ${other.id}`, -1, true],
        }
        const all = { ...admins, ...banned }
        expect(open).toEqual({ member_list: all, display_name: all, banned_list: banned, admin_list: admins })

        const hide = (caller: User, value: boolean) =>
          caller.call(method, '/group/settings/hide_member_info', { body: { group_id, value } })
        expectRefusal(await hide(member, true), 20012)
        expect(dataOf(await hide(admin, true))).toBe(true)
        expect(await infoOf(member, group_id)).toMatchObject({ hide_member_info: true })
        const hidden = { ...banned, [other.id]: ['', 0, true] }
        const mostly = { ...admins, ...hidden }
        expect(await seenBy(member)).toEqual({
          member_list: mostly,
          display_name: mostly,
          banned_list: hidden,
          admin_list: admins,
        })
        for (const viewer of [owner, admin]) expect(await seenBy(viewer)).toEqual(open)
        expect(dataOf(await hide(owner, false))).toBe(true)
        expect(await infoOf(member, group_id)).toMatchObject({ hide_member_info: false })
        expect(await seenBy(member)).toEqual(open)
      },
    )

    it('POST /group/msg/not_disturb sets msg_mute_mode', async () => {
      const { owner, stranger } = await people(instance(), ['owner', 'stranger'])
      const group_id = await newGroup(owner)
      for (const [value, msg_mute_mode] of [
        [true, 1],
        [false, 0],
        [1, 1],
        [0, 0],
      ] as const) {
        dataOf(await owner.post('/group/msg/not_disturb', { group_id, value }))
        expect(await infoOf(owner, group_id)).toMatchObject({ msg_mute_mode })
      }
      expectRefusal(await stranger.post('/group/msg/not_disturb', { group_id, value: true }), 20011)
      expectRefusal(await owner.post('/group/msg/not_disturb', { group_id }), 10002, 'value')
    })

    it.each(['PUT', 'POST'])('%s /user/settings sets whether an invitation needs consent', async method => {
      const { owner, user } = await people(instance(), ['owner', 'user'])
      const set = async (body: object) =>
        expect(dataOf(await user.call(method, '/user/settings', { body }))).toBe(true)
      expect(dataOf(await user.get('/user/settings'))).toMatchObject({ group_confirm: false })
      for (const group_confirm of [true, false]) {
        await set({ group_confirm })
        await set({})
        expect(dataOf(await user.get('/user/settings'))).toMatchObject({ group_confirm })
        const group_id = await newGroup(owner, { user_list: [user.id] })
        expect(await infoOf(owner, group_id)).toMatchObject({ count: group_confirm ? 1 : 2 })
      }
      expect(dataOf(await owner.get('/user/settings'))).toMatchObject({ group_confirm: false })
    })

    it.each(['image_type', 'imgage_type'])("a download's %s says which picture", async name => {
      const { user } = await people(instance(), ['user'])
      const { target } = await upload(
        user,
        '/file/upload/avatar/user',
        {},
        await bytesOf(quarters(400, 300).png()),
      )
      for (const [type, width, height] of [
        ['1', 400, 300],
        ['2', 200, 150],
        ['3', 200, 200],
      ] as const) {
        const response = await download(user, `${target.download_url}&${name}=${type}`)
        expect(await look(new Uint8Array(await response.arrayBuffer()))).toMatchObject({ width, height })
      }
    })
  })

  describe('the service itself', () => {
    const nobody = (): Client => new Client(instance(), {})

    it.each(['/healthz', '/readyz'])('%s answers ok', async path => {
      const answer = await nobody().get(path)
      expect({ status: answer.status, text: answer.data.trim() }).toEqual({ status: 200, text: 'ok' })
    })

    it.each(['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'])('%s is only read', async path => {
      const answer = await nobody().post(path)
      expect({
        status: answer.status,
        code: answer.code,
        allow: answer.headers.get('allow')?.split(/, */),
      }).toEqual({
        status: 405,
        code: 405,
        allow: expect.arrayContaining(['GET', 'HEAD']),
      })
      const head = await nobody().call('HEAD', path, { headers: fromAddress('127.0.0.1') })
      expect({ status: head.status, body: head.data }).toEqual({ status: 200, body: '' })
    })

    it('/metrics is for loopback and for administrators', async () => {
      const read = (client: Client, headers: Record<string, string>) =>
        client.call('GET', '/metrics', { headers })
      const { as, admin } = callers(instance())
      const { secret } = instance()
      const forged = { 'access-token': await signToken(`not ${secret}`, { app: instance().app_id, role: 2 }) }
      for (const local of ['127.0.0.1', '::1']) {
        const answer = await read(nobody(), fromAddress(local))
        expect(answer.status).toBe(200)
        expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
        expect(answer.data).toMatch(/^# (HELP|TYPE) \w+/m)
        expect(answer.data).not.toContain(secret)
      }
      const told: string = (await read(await admin(), newAddress())).data
      const types = [...told.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
      expect(new Set(types.map(([, , type]) => type))).toEqual(new Set(['counter', 'gauge', 'histogram']))
      for (const [, name = '', type] of types) expect(type === 'counter', name).toBe(name.endsWith('_total'))
      const refused = [
        await read(nobody(), newAddress()),
        await read(await as(1), newAddress()),
        await read(await admin({ user_id: 7, group_id: 7 }), newAddress()),
        await read(await admin(), { ...newAddress(), ...forged }),
        await read(await admin(), { ...newAddress(), app_id: 'nobody' }),
      ]
      expect(refused.map(answer => answer.code)).toEqual([40000, 10010, 10010, 10008, 40000])
      for (const answer of refused)
        expect({ status: answer.status, data: answer.data }).toEqual({ status: 403, data: null })
    })

    it('/docs is a page that loads from this service alone and tells of every route', async () => {
      const response = await fetch(new URL('/docs', instance().url))
      const html = await response.text()
      expect(response.headers.get('content-type')).toMatch(/^text\/html/)
      expect(html).toMatch(/^<!doctype html>/i)
      const policy = response.headers.get('content-security-policy') ?? ''
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
        expect(policy).toContain(part)
      const urls = [...html.matchAll(/\b(?:src|srcset|href|action)\s*=\s*["']?([^"'\s>]*)/gi)]
      const loaded = urls.map(([, url = '']) => url).filter(url => url !== 'data:,')
      for (const url of loaded) {
        expect(url).toMatch(/^\/(?!\/)/)
        const file = await fetch(new URL(url, instance().url))
        expect({ url, status: file.status }).toEqual({ url, status: 200 })
        expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(0)
      }
      expect(loaded.some(url => url.startsWith('/docs/reference.js'))).toBe(true)
      for (const { path } of contract.operations) expect(html).toContain(path)
    })
  })

  describe('/openapi.json', () => {
    const read = async (): Promise<OpenApi> =>
      (await fetch(new URL('/openapi.json', instance().url))).json() as Promise<OpenApi>
    const callIn = (document: OpenApi, method: string, path: string): DescribedCall => {
      const call = document.paths[path]?.[method.toLowerCase()]
      if (call === undefined) throw new Error(`${method} ${path} is not described`)
      return call
    }
    const bodyOf = (call: DescribedCall): Json =>
      (call.requestBody?.content['application/json']?.schema.properties ?? {}) as Json
    /** The types of the parameters in query and body. */
    const typesOf = (call: DescribedCall): Record<string, unknown> => {
      const query = (call.parameters ?? []).flatMap(({ in: place, name, schema }) =>
        place === 'query' ? [[name, schema]] : [],
      )
      const inputs: [string, Json][] = [
        ...Object.entries(bodyOf(call) as Record<string, Json>),
        ...(query as [string, Json][]),
      ]
      return Object.fromEntries(inputs.map(([name, schema]) => [name, schema.type]))
    }
    const jsonTypes: Readonly<Record<string, string>> = {
      int32: 'integer',
      int64: 'integer',
      double: 'number',
      'array[int64]': 'array',
    }

    it('is valid OpenAPI 3.1', async () => {
      const response = await fetch(new URL('/openapi.json', instance().url))
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      expect(openApiProblems((await response.json()) as OpenApi)).toEqual([])
    })

    it.each(contract.operations)(
      'has $path as the reference has it: methods, parameters with their types, fields of the answer',
      async operation => {
        const document = await read()
        for (const method of operation.methods) {
          const call = callIn(document, method, operation.path)
          const declared = [...operation.query, ...operation.body].map(({ name, type }) => [
            name,
            jsonTypes[type] ?? type,
          ])
          // `version` is accepted and means nothing: whatever it is.
          const { version: _, ...types } = Object.fromEntries(declared)
          expect(typesOf(call)).toMatchObject(types)
          expect(call.parameters?.map(parameter => parameter.name)).toContain('app_id')
          const answer = JSON.stringify(call.responses['200'])
          for (const { name } of [...operation.response.envelope, ...operation.response.data])
            expect(answer).toContain(`"${name}":`)
        }
      },
    )

    it('has the other routes too, those of existing clients under compat', async () => {
      const document = await read()
      for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'])
        callIn(document, 'GET', path)
      const compat = [
        'GET /app/qrcode/group_sign',
        'GET /app/qrcode/group_invite',
        'PUT /group/settings/hide_member_info',
        'POST /group/settings/hide_member_info',
        'POST /group/admin/member_join',
        'POST /group/msg/not_disturb',
        'GET /user/settings',
        'PUT /user/settings',
        'POST /user/settings',
      ]
      const tagged = Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).flatMap(([method, call]) =>
          call.tags?.includes('compat') ? [`${method.toUpperCase()} ${path}`] : [],
        ),
      )
      expect(tagged.sort()).toEqual(compat.sort())
      for (const operation of operations) {
        for (const route of [operation, ...(operation.compat ?? [])])
          for (const method of route.methods) callIn(document, method, route.path.replace(/:(\w+)/g, '{$1}'))
      }
    })
  })
}
