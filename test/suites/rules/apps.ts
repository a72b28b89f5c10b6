import { beforeAll, describe, expect, it } from 'vitest'
import { callers } from '../../support/client.ts'
import { exampleOf, sentBy } from '../../support/examples.ts'
import {
  addMembers,
  dataOf,
  expectRefusal,
  failed,
  infoOf,
  newGroup,
  openDoors,
  people,
  qrOf,
  succeeded,
  type Tenant,
} from '../../support/groups.ts'
import { userOperations as operations } from '../../support/user-operations.ts'
import type { Rules } from '../rules.ts'

/** Limits of an app, and the wall between two (docs/behaviour.md, sections 2 and 5). */
export const appRules: Rules = instance => {
  const appWith = async (app_id: string, settings: Record<string, boolean | number>): Promise<Tenant> => ({
    app_id,
    secret: await instance().createApp(app_id, settings),
  })

  describe('limits', () => {
    it('of groups in an app: 20007, and a group dissolved makes room', async () => {
      const app = await appWith('limit-groups', { max_groups: 2 })
      const { a, b } = await people(instance(), ['a', 'b'], app)
      const first = await newGroup(a)
      const second = await newGroup(b, { type: 2 })
      expectRefusal(await a.post('/group/create'), 20007)
      dataOf(await b.post('/group/destroy', { group_id: second }))
      await newGroup(a)
      expectRefusal(await b.post('/group/create'), 20007)
      expect(dataOf(await b.get('/group/user_joined'))).toEqual([])
      dataOf(await a.post('/group/destroy', { group_id: first }))
      await newGroup(b)
    })

    it('of groups created by a user: 20008', async () => {
      const app = await appWith('limit-created', { max_groups_created: 2 })
      const { a, b } = await people(instance(), ['a', 'b'], app)
      const first = await newGroup(a, { user_list: [b.id] })
      await newGroup(a)
      expectRefusal(await a.post('/group/create'), 20008)
      await newGroup(b)
      dataOf(await a.post('/group/destroy', { group_id: first }))
      await newGroup(a)
      expectRefusal(await a.post('/group/create'), 20008)
    })

    it('of groups joined by a user: 20009, whichever way, its own included', async () => {
      const app = await appWith('limit-joined', { max_groups_joined: 2 })
      const { owner, user, other } = await people(instance(), ['owner', 'user', 'other'], app)
      const own = await newGroup(user)
      const [first, second] = [await newGroup(owner), await newGroup(owner)]
      await addMembers(owner, first, [user])
      await openDoors(owner, second)
      const applying = await user.post('/group/apply', { group_id: second })
      expectRefusal(applying, 20009)
      expectRefusal(await user.post('/group/qrcode/invite', { qr_info: await qrOf(owner, second) }), 20009)
      expect(
        dataOf(await owner.post('/group/invite', { group_id: second, user_list: [user.id, other.id] })),
      ).toEqual([failed(user.id, applying.message ?? ''), succeeded(other.id)])
      expectRefusal(await user.post('/group/create'), 20009)
      expect(dataOf(await other.post('/group/create', { user_list: [user.id] }))).toMatchObject({ count: 1 })
      dataOf(await user.post('/group/leave', { group_id: first }))
      expect(dataOf(await user.post('/group/apply', { group_id: second }))).toEqual(succeeded(user.id))
      dataOf(await user.post('/group/destroy', { group_id: own }))
      await addMembers(owner, first, [user])
    })

    it('of members: 20010, the capacity that new groups get', async () => {
      const app = await appWith('limit-members', { capacity_private: 2, capacity_chatroom: 3 })
      const { owner, a, b, c } = await people(instance(), ['owner', 'a', 'b', 'c'], app)
      for (const [type, capacity] of [
        [0, 2],
        [2, 3],
      ] as const) {
        const group_id = await newGroup(owner, { type })
        await openDoors(owner, group_id)
        expect(await infoOf(owner, group_id)).toMatchObject({ capacity })
        const joining = [a, b, c]
        for (const user of joining.slice(0, capacity - 1))
          expect(dataOf(await user.post('/group/apply', { group_id }))).toEqual(succeeded(user.id))
        const late = joining[capacity - 1] ?? c
        const refusal = await late.post('/group/apply', { group_id })
        expectRefusal(refusal, 20010)
        expectRefusal(
          await late.post('/group/qrcode/invite', { qr_info: await qrOf(owner, group_id) }),
          20010,
        )
        expect(dataOf(await owner.post('/group/invite', { group_id, user_list: [late.id] }))).toEqual([
          failed(late.id, refusal.message ?? ''),
        ])
        expect(await infoOf(owner, group_id)).toMatchObject({ count: capacity })
        dataOf(await owner.post('/group/kick', { group_id, user_list: [a.id] }))
        expect(dataOf(await late.post('/group/apply', { group_id }))).toEqual(succeeded(late.id))
      }
    })
  })

  describe('another app', () => {
    let app: Tenant
    beforeAll(async () => {
      app = await appWith('privacy', {})
    })

    /**
     * A group of the instance's own app with something of everything in it, and callers of the other app with
     * the same user ids.
     */
    const setup = async () => {
      const { owner, member, shy } = await people(instance(), ['owner', 'member', 'shy'])
      dataOf(await shy.post('/user/settings', { group_confirm: true }))
      const group_id = await newGroup(owner, { user_list: [member.id, shy.id], type: 2, name: 'Ours' })
      const file = dataOf(
        await member.post('/group/file/upload', {
          group_id,
          name: 'a',
          size: 1,
          url: 'https://example.org/a',
        }),
      )
      const announcement = dataOf(
        await owner.post('/group/announcement/edit', { group_id, title: 'T', content: 'C' }),
      )
      const { as, admin } = callers(instance(), app.app_id, app.secret)
      const foreign = {
        owner: await as(owner.id),
        member: await as(member.id),
        shy: await as(shy.id),
        admin: await admin(),
      }
      const situation = {
        group_id,
        user_id: member.id,
        qr_info: '',
        announcement_id: announcement.id,
        file_id: file.file_id,
        file_sign: '',
      }
      return { owner, member, shy, group_id, foreign, situation }
    }

    it('finds no group of this one by any operation, whoever its caller says to be, and changes nothing', async () => {
      const { owner, group_id, foreign, situation } = await setup()
      const state = async () => [
        await infoOf(owner, group_id),
        (await owner.get('/group/member_list', { group_id })).body,
        (await owner.get('/group/banned_list', { group_id })).body,
        (await owner.get('/group/file/list', { group_id })).body,
        (await owner.get('/group/announcement/list', { group_id })).body,
      ]
      const before = await state()
      let asked = 0
      for (const operation of operations) {
        if (!Object.keys(operation.input.shape).includes('group_id')) continue
        const example = exampleOf(operation, situation)
        const method = operation.methods[0] ?? 'GET'
        for (const caller of operation.who === 'user' ? [foreign.owner, foreign.admin] : [foreign.admin]) {
          const acting = operation.self && caller === foreign.admin ? { user_id: String(owner.id) } : {}
          const answer = await caller.call(method, operation.path, {
            ...sentBy(method, example),
            headers: acting,
          })
          expect
            .soft({ path: operation.path, code: answer.code, data: answer.data })
            .toEqual({ path: operation.path, code: 20001, data: null })
          asked++
        }
      }
      expect(asked).toBeGreaterThan(80)
      expect(await state()).toEqual(before)
    })

    it('lists nothing of this one', async () => {
      const { group_id, foreign } = await setup()
      expect(dataOf(await foreign.owner.post('/group/info/batch', { group_list: [group_id] }))).toEqual([])
      expect(dataOf(await foreign.owner.get('/group/public_list'))).not.toContain(group_id)
      expect(dataOf(await foreign.member.get('/group/user_joined'))).toEqual([])
      expect(dataOf(await foreign.shy.get('/group/invitation_list'))).toEqual([])
      expect(dataOf(await foreign.owner.post('/group/application_list', { group_list: [group_id] }))).toEqual(
        [],
      )
      expect(dataOf(await foreign.shy.get('/user/settings'))).toMatchObject({ group_confirm: false })
    })

    it('takes no QR code and no cursor of this one', async () => {
      const { owner, member, group_id, foreign } = await setup()
      const qr_info = await qrOf(owner, group_id)
      expectRefusal(await foreign.member.post('/group/qrcode/invite', { qr_info }), 20024)
      const { cursor } = await owner.get('/group/member_list', { group_id, limit: 1 })
      const own = await newGroup(foreign.owner, { user_list: [member.id] })
      expectRefusal(await foreign.owner.get('/group/member_list', { group_id: own, cursor }), 10002, 'cursor')
    })

    it('takes no token of this one', async () => {
      const { owner, foreign, group_id } = await setup()
      expectRefusal(
        await owner.call('GET', '/group/info', { query: { group_id }, headers: { app_id: app.app_id } }),
        10008,
      )
      expectRefusal(
        await foreign.owner.call('GET', '/group/info', {
          query: { group_id },
          headers: { app_id: instance().app_id },
        }),
        10008,
      )
    })
  })
}
