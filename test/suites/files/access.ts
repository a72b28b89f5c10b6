import { beforeAll, describe, expect, it } from 'vitest'
import { callers } from '../../support/client.ts'
import {
  avatarOf,
  expectBytes,
  expectRefused,
  nameOf,
  newTenants,
  nobody,
  placeFor,
  read,
  readByUrl,
  sdkSignOf,
  sendFile,
  signOf,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { png, someBytes, voice } from '../../support/fixtures.ts'
import { addAdmins, addMembers, dataOf, newGroup, people, type Tenant } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/**
 * Who may read a file, asked on every request (docs/behaviour.md, section 7; file-security 8, 19, 20, 28).
 */
export const fileAccess: Suite = instance => {
  let neighbour: Tenant
  beforeAll(async () => {
    neighbour = (await newTenants(instance(), 'access', { neighbour: {} })).neighbour
  })

  describe('a file of a group', () => {
    it('is for its members of this moment, and so are its thumbnails (security 20, 28)', async () => {
      const { owner, admin, member, late, kicked, blocked, left, outsider } = await people(instance(), [
        'owner',
        'admin',
        'member',
        'late',
        'kicked',
        'blocked',
        'left',
        'outsider',
      ])
      const group_id = await newGroup(owner)
      await addAdmins(owner, group_id, [admin])
      await addMembers(owner, group_id, [member, kicked, blocked, left])
      const bytes = await png(300, 200)
      const url = await sendFile(member, { ...toGroup(group_id), file_type: 102 }, bytes)
      const forms = [{}, { image_type: 2 }, { image_type: 3, w: 30, h: 30 }]

      for (const reader of [owner, admin, member, kicked, blocked, left]) {
        expectBytes(await read(reader, url), bytes)
        for (const query of forms) expect((await readByUrl(reader, url, { query })).status).toBe(200)
      }
      for (const query of forms)
        for (const reader of [outsider, late]) expectRefused(await read(reader, url, { query }), 403, 10010)

      dataOf(await owner.post('/group/kick', { group_id, user_list: [kicked.id] }))
      dataOf(await owner.post('/group/block', { group_id, user_list: [blocked.id] }))
      dataOf(await left.post('/group/leave', { group_id }))
      await addMembers(owner, group_id, [late])
      for (const query of forms) {
        for (const reader of [kicked, blocked, left, outsider]) {
          expectRefused(await read(reader, url, { query }), 403, 10010)
          expectRefused(await readByUrl(reader, url, { query }), 403, 10010)
          expect((await read(reader, url, { query, method: 'HEAD' })).status).toBe(403)
        }
        for (const reader of [owner, admin, member, late])
          expect((await read(reader, url, { query })).status).toBe(200)
      }
      await addMembers(owner, group_id, [left])
      expectBytes(await read(left, url), bytes)

      // Its sender may still read what it sent itself.
      dataOf(await owner.post('/group/kick', { group_id, user_list: [member.id] }))
      expectBytes(await read(member, url), bytes)

      dataOf(await owner.post('/group/destroy', { group_id }))
      const { app_id, secret } = instance()
      const query = { app_id, sdk_sign: sdkSignOf(secret, signOf(url)) }
      for (const variant of forms) {
        for (const reader of [
          owner,
          admin,
          member,
          late,
          left,
          outsider,
          await callers(instance()).admin(),
        ]) {
          expect([403, 404]).toContain((await read(reader, url, { query: variant })).status)
        }
        expect([403, 404]).toContain((await read(nobody, url, { query: { ...query, ...variant } })).status)
      }
    })

    it('is readable by an administrator as its acting headers say', async () => {
      const { owner, member, outsider } = await people(instance(), ['owner', 'member', 'outsider'])
      const { admin } = callers(instance())
      const [group_id, other] = [await newGroup(owner, { user_list: [member.id] }), await newGroup(owner)]
      const url = await sendFile(member, toGroup(group_id), someBytes(50))
      for (const reader of [
        await admin(),
        await admin({ group_id }),
        await admin({ user_id: member.id }),
        await admin({ user_id: owner.id }),
      ]) {
        expectBytes(await read(reader, url), someBytes(50))
      }
      expectRefused(await read(await admin({ group_id: other }), url), 403, 10010)
      expectRefused(await read(await admin({ user_id: outsider.id }), url), 403, 10010)
      expectBytes(await read(await admin({ user_id: owner.id, group_id }), url), someBytes(50))
      expectRefused(await read(await admin({ user_id: owner.id, group_id: other }), url), 403, 10010)
      expectRefused(await read(await admin({ user_id: outsider.id, group_id }), url), 403, 10010)
      const token = (await admin()).headers['access-token'] ?? ''
      expectBytes(
        await read(nobody, url, { query: { app_id: instance().app_id, 'access-token': token } }),
        someBytes(50),
      )
    })
  })

  describe('a file of two users', () => {
    it('is for its sender and its receiver', async () => {
      const { sender, receiver, outsider } = await people(instance(), ['sender', 'receiver', 'outsider'])
      const { admin } = callers(instance())
      const url = await sendFile(sender, { ...toUser(receiver), file_type: 101 }, voice())
      for (const query of [{}, { format: 'mp3' }]) {
        for (const reader of [sender, receiver, await admin(), await admin({ user_id: receiver.id })]) {
          expect((await read(reader, url, { query })).status).toBe(200)
        }
        const group_id = await newGroup(receiver)
        for (const reader of [outsider, await admin({ user_id: outsider.id }), await admin({ group_id })]) {
          expectRefused(await read(reader, url, { query }), 403, 10010)
        }
      }
    })

    it('is nothing to the user of that id in a group of that id, or in another app (security 8)', async () => {
      const { sender, receiver } = await people(instance(), ['sender', 'receiver'])
      const url = await sendFile(sender, toUser(receiver), someBytes(20))
      const strangers = callers(instance(), neighbour.app_id, neighbour.secret)
      for (const stranger of [
        await strangers.as(receiver.id),
        await strangers.as(sender.id),
        await strangers.admin(),
      ]) {
        expectRefused(await read(stranger, url), 403, 10030)
      }
      const group = await newGroup(receiver)
      const toGroupOfReceiver = await sendFile(receiver, toGroup(group), someBytes(21))
      expectRefused(await read(sender, toGroupOfReceiver), 403, 10010)
    })
  })

  describe('an avatar', () => {
    it('is for any user of its app (security 8)', async () => {
      const { user, stranger } = await people(instance(), ['user', 'stranger'])
      const { owner } = await people(instance(), ['owner'])
      const group_id = await newGroup(owner)
      const picture = await png()
      const url = await avatarOf(user, picture)
      const place = dataOf(await owner.get('/file/upload/avatar/group', { group_id }))
      const { admin } = callers(instance())
      for (const reader of [
        user,
        stranger,
        await admin(),
        await admin({ group_id }),
        await admin({ user_id: stranger.id }),
      ]) {
        expectBytes(await read(reader, url), picture)
      }
      expectRefused(await read(owner, place.download_url), 404, 20022)
      const { other } = await people(instance(), ['other'], neighbour)
      for (const query of [{}, { image_type: 2 }])
        expectRefused(await read(other, url, { query }), 404, 20022)
      expectRefused(await read(nobody, url), 401, 40000)
      expectRefused(await read(nobody, url, { query: { app_id: instance().app_id } }), 401, 10003)
    })

    it('is not where a chat file can be read (security 8)', async () => {
      const { sender, receiver, outsider } = await people(instance(), ['sender', 'receiver', 'outsider'])
      const avatar = await avatarOf(sender, await png())
      const chat = await sendFile(sender, toUser(receiver), someBytes(20))
      const chatName = nameOf(avatar).replace('/avatar/', '/chat/')
      const download = new URL('/file/download/avatar', instance().url).href
      for (const reader of [outsider, sender]) {
        for (const object_name of [chatName, signOf(chat), `${instance().app_id}/chat/1`]) {
          expectRefused(
            await read(reader, `${download}?object_name=${encodeURIComponent(object_name)}`),
            404,
            20022,
          )
        }
      }
    })
  })

  it('a changed file_sign opens nothing (security 8, 18)', async () => {
    const { sender, receiver } = await people(instance(), ['sender', 'receiver'])
    const url = await sendFile(sender, toUser(receiver), someBytes(30))
    const other = signOf((await placeFor(sender, toUser(receiver))).download_url)
    const sign = signOf(url)
    const [head] = url.split('sign=')
    const changed = Array.from(
      sign,
      (character, at) => sign.slice(0, at) + (character === '1' ? '2' : '1') + sign.slice(at + 1),
    )
    const mixed = [sign, other]
      .map(one => one.split('.'))
      .map((pieces, i, all) => [...pieces.slice(0, -1), all[1 - i]?.at(-1)].join('.'))
    for (const file_sign of [
      ...changed,
      ...mixed,
      sign.slice(0, -1),
      `${sign}A`,
      `${sign}.`,
      sign.toUpperCase(),
      '.',
      '1.x.y',
    ]) {
      const reply = await read(receiver, `${head}sign=${file_sign}`)
      expect
        .soft({ file_sign, status: reply.status, code: reply.code })
        .toEqual({ file_sign, status: 403, code: 10030 })
    }
    expectRefused(await read(receiver, `${head}sign=`), 400, 10002, 'file_sign')
  })
}
