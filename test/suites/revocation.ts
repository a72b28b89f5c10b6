import { expect, it } from 'vitest'
import { callers, signToken } from '../support/client.ts'
import { someBytes } from '../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people, qrOf } from '../support/groups.ts'
import { tokenTrials } from '../support/tokens.ts'
import { download, sendTo, upload } from '../support/uploads.ts'
import type { Suite } from './all.ts'

/**
 * What secrets and keys signed ends with them, and stays ended over a restart (docs/revocation.md). The
 * secret of the instance's own app, which the environment names, is ended last.
 */
export const revocationSuite: Suite = instance => {
  const { tryToken, good } = tokenTrials(instance)

  /** Something of everything that a key of the app signs. */
  const signed = async () => {
    const { owner, member, reader } = await people(instance(), ['owner', 'member', 'reader'])
    const group_id = await newGroup(owner, { user_list: [member.id] })
    const { cursor } = await owner.get('/group/member_list', { group_id, limit: 1 })
    const bytes = someBytes(60)
    const { target } = await upload(owner, '/file/upload/chat', { file_type: 100, to_id: reader.id }, bytes)
    const slot = dataOf(await owner.get('/file/upload/chat', { file_type: 100, to_id: reader.id }))
    return { owner, reader, group_id, cursor, qr_info: await qrOf(member, group_id), slot, target, bytes }
  }
  type Signed = Awaited<ReturnType<typeof signed>>
  const expectLinksEnded = async ({ owner, group_id, cursor, qr_info, slot }: Signed) => {
    const { stranger } = await people(instance(), ['stranger'])
    expectRefusal(await stranger.post('/group/qrcode/invite', { qr_info }), 20024)
    expectRefusal(await owner.get('/group/member_list', { group_id, limit: 1, cursor }), 10002, 'cursor')
    expect((await sendTo(slot, someBytes(10))).status).toBe(403)
  }
  const expectAllGood = async () => {
    const { owner, reader, group_id, cursor, qr_info, target, bytes } = await signed()
    const { stranger } = await people(instance(), ['stranger'])
    dataOf(await owner.get('/group/member_list', { group_id, limit: 1, cursor }))
    dataOf(await stranger.post('/group/qrcode/invite', { qr_info }))
    const response = await download(reader, target.download_url)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  }

  it('a signing key whose links are ended signs no QR code, cursor or upload URL any more, but names files', async () => {
    const before = await signed()
    await instance().rotateKeys(instance().app_id, 'links')
    await expectLinksEnded(before)
    await instance().crash()
    await expectLinksEnded(before)
    const response = await download(before.reader, before.target.download_url)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(before.bytes)
    await expectAllGood()
  })

  it('a signing key that was dropped is good for nothing', async () => {
    const before = await signed()
    const url = before.target.download_url
    await instance().rotateKeys(instance().app_id, 'all')
    for (const restarted of [false, true]) {
      if (restarted) await instance().crash()
      await expectLinksEnded(before)
      const response = await download(before.reader, url)
      expect({ status: response.status, body: await response.json() }).toMatchObject({
        status: 403,
        body: { code: 10030, data: null },
      })
    }
    await expectAllGood()
  })

  it('a secret that was dropped stays dropped, though the environment still names it', async () => {
    const { app_id, secret } = instance()
    const administrator = await signToken(secret, { app: app_id, role: 2 })
    const old = [await signToken(secret, good()), administrator]
    for (const token of old) dataOf(await tryToken(token, token === administrator ? { user_id: '7' } : {}))
    const next = await instance().rotateSecret(app_id, { dropOld: true })
    for (const restarted of [false, true, true]) {
      if (restarted) await instance().crash()
      for (const token of [...old, await signToken(secret, good(), 'HS512')])
        expectRefusal(await tryToken(token, token === administrator ? { user_id: '7' } : {}), 10008)
      dataOf(await tryToken(await signToken(next, good())))
      dataOf(await (await callers(instance(), app_id, next).admin()).get('/group/public_list'))
    }
  })
}
