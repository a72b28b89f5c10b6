import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { avatarOf, expectBytes, nameOf, read, sendFile, toGroup } from '../../support/files.ts'
import { png } from '../../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** URLs that users leave for others: kept, never fetched, and none that could run (file-security 24, 25). */
export const storedUrls: Suite = instance => {
  const server = createServer((_, response) => response.end('seen'))
  let visits = 0
  server.on('connection', () => {
    visits++
  })
  let trap = ''
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    trap = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
  })

  it('are never fetched (security 24)', async () => {
    const { owner, member } = await people(instance(), ['owner', 'member'])
    const group_id = await newGroup(owner, { user_list: [member.id], avatar: `${trap}/created.png` })
    dataOf(await owner.post('/group/info/avatar', { group_id, value: `${trap}/avatar.png` }))
    const { file_id, url } = dataOf(
      await owner.post('/group/file/upload', { group_id, name: 'a', size: 1, url: `${trap}/file` }),
    )
    expect(url).toBe(`${trap}/file`)
    for (const path of ['/group/info', '/group/settings', '/group/file/list'])
      dataOf(await member.get(path, { group_id }))
    dataOf(await member.get('/group/file', { group_id, file_id }))
    for (const parameter of ['object_name', 'file_sign']) {
      const path = parameter === 'object_name' ? 'avatar' : 'chat'
      const reply = await read(
        member,
        `${instance().url}/file/download/${path}?${parameter}=${encodeURIComponent(`${trap}/x`)}`,
        {
          query: { image_type: 2 },
        },
      )
      expect([403, 404]).toContain(reply.status)
    }
    dataOf(await owner.post('/group/file/delete', { group_id, file_list: [file_id] }))
    await instance().gc?.()
    expect(visits).toBe(0)
  })

  it('are http or https, without tricks (security 25)', async () => {
    const { owner } = await people(instance(), ['owner'])
    const group_id = await newGroup(owner)
    const bad = [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      ' javascript:alert(1)',
      'java\tscript:alert(1)',
      'javascript\n:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      'vbscript:x',
      'file:///etc/passwd',
      'blob:https://example.org/1',
      'ftp://example.org/a',
      '//example.org/a.png',
      '/\\example.org/a.png',
      '\\\\example.org\\a',
      'https://user@example.org/a.png',
      'https://user:password@example.org/a.png',
      'https://example.org@evil.example/',
      'https:///',
      'https://exa mple.org/',
      'http://',
    ]
    for (const value of bad) {
      const answers = [
        await owner.post('/group/info/avatar', { group_id, value }),
        await owner.post('/group/create', { avatar: value }),
        await owner.post('/group/file/upload', { group_id, name: 'a', size: 1, url: value }),
      ]
      expect
        .soft({ value, codes: answers.map(({ code }) => code) })
        .toEqual({ value, codes: [10002, 10002, 10002] })
    }
    expectRefusal(
      await owner.post('/group/file/upload', { group_id, name: 'a', size: 1, url: '' }),
      10002,
      'url',
    )
  })

  it("may be this service's own", async () => {
    const { owner, member } = await people(instance(), ['owner', 'member'])
    const group_id = await newGroup(owner, { user_list: [member.id] })
    const avatar = await avatarOf(owner, await png())
    for (const value of [avatar, nameOf(avatar), 'https://example.org/a.png?x=1#y', '']) {
      dataOf(await owner.post('/group/info/avatar', { group_id, value }))
      expect(dataOf(await member.get('/group/info', { group_id })).avatar).toBe(value)
    }
    const url = await sendFile(owner, { ...toGroup(group_id), file_type: 202 }, await png())
    const { file_id } = dataOf(await owner.post('/group/file/upload', { group_id, name: 'a', size: 1, url }))
    expectBytes(
      await read(member, dataOf(await member.get('/group/file', { group_id, file_id })).url),
      await png(),
    )
  })
}
