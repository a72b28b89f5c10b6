import { describe, expect, it } from 'vitest'
import {
  addAdmins,
  addMembers,
  dataOf,
  expectRefusal,
  infoOf,
  newGroup,
  people,
  type User,
} from '../../support/groups.ts'
import { texts } from '../../support/texts.ts'
import type { Rules } from '../rules.ts'

interface Shared {
  readonly file_id: number
}

/** Announcements and shared files (docs/behaviour.md, section 4). */
export const contentRules: Rules = instance => {
  const setup = async () => {
    const cast = await people(instance(), ['owner', 'admin', 'member', 'other', 'stranger'])
    const { owner, admin, member, other } = cast
    const group_id = await newGroup(owner)
    await addAdmins(owner, group_id, [admin])
    await addMembers(owner, group_id, [member, other])
    return { ...cast, group_id }
  }

  describe('announcements', () => {
    it('are published one after the other: last is the newest, the list begins with the oldest', async () => {
      const { owner, admin, member, stranger, group_id } = await setup()
      const read = (by: User, what = '') => by.get(`/group/announcement${what}`, { group_id })
      expectRefusal(await read(member, '/last'), 20020)
      expect(dataOf(await read(member, '/list'))).toEqual([])
      const published = []
      for (const [author, title] of [
        [owner, 'First'],
        [admin, 'Second'],
        [owner, 'Third'],
      ] as const) {
        const made = dataOf(
          await author.post('/group/announcement/edit', { group_id, title, content: `${title} content` }),
        )
        expect(made).toMatchObject({ author: author.id, title, content: `${title} content`, group_id })
        expect(Math.abs(made.created_at - Date.now())).toBeLessThan(60_000)
        expect(dataOf(await read(member, '/last'))).toEqual(made)
        published.push(made)
      }
      expect(dataOf(await read(member, '/list'))).toEqual(published)
      const [, second] = published
      expect(
        dataOf(await member.get('/group/announcement', { group_id, announcement_id: second.id })),
      ).toEqual(second)
      expectRefusal(
        await member.post('/group/announcement/edit', { group_id, title: 'No', content: 'No' }),
        20012,
      )
      for (const what of ['/last', '/list']) expectRefusal(await read(stranger, what), 20011)
    })

    it('are deleted by admins, in their own group only', async () => {
      const { owner, admin, member, group_id } = await setup()
      const other = await newGroup(owner)
      const publish = async (group: number, title: string) =>
        dataOf(await owner.post('/group/announcement/edit', { group_id: group, title, content: '' }))
      const [first, second, elsewhere] = [
        await publish(group_id, 'First'),
        await publish(group_id, 'Second'),
        await publish(other, 'Elsewhere'),
      ]
      const remove = (by: User, announcement_id: number) =>
        by.call('DELETE', '/group/announcement/delete', { query: { group_id, announcement_id } })
      expectRefusal(await remove(owner, elsewhere.id), 20020)
      expectRefusal(
        await owner.get('/group/announcement', { group_id, announcement_id: elsewhere.id }),
        20020,
      )
      expectRefusal(await remove(member, first.id), 20012)
      expect(dataOf(await remove(admin, second.id))).toEqual({})
      expectRefusal(await remove(admin, second.id), 20020)
      expectRefusal(await owner.get('/group/announcement', { group_id, announcement_id: second.id }), 20020)
      expect(dataOf(await member.get('/group/announcement/last', { group_id }))).toEqual(first)
      expect(dataOf(await member.get('/group/announcement/list', { group_id }))).toEqual([first])
      expect(dataOf(await owner.get('/group/announcement/list', { group_id: other }))).toEqual([elsewhere])
    })
  })

  describe('shared files', () => {
    const share = async (by: User, group_id: number, more = {}) =>
      dataOf(
        await by.post('/group/file/upload', {
          group_id,
          name: 'report.pdf',
          size: 7,
          type: 'application/pdf',
          url: 'https://example.org/r.pdf',
          ...more,
        }),
      )
    const idsIn = async (by: User, group_id: number) =>
      dataOf(await by.get('/group/file/list', { group_id })).map((file: Shared) => file.file_id)

    it('are listed newest first, with all that was said of them', async () => {
      const { member, other, stranger, group_id } = await setup()
      const first = await share(member, group_id)
      expect(first).toMatchObject({
        group_id,
        name: 'report.pdf',
        size: 7,
        type: 'application/pdf',
        uploader: member.id,
        url: 'https://example.org/r.pdf',
      })
      expect(first.updated_at).toBe(first.created_at)
      const second = dataOf(
        await other.post('/group/file/upload', {
          group_id,
          name: 'empty',
          size: 0,
          url: 'http://example.org/e',
        }),
      )
      expect(second).toMatchObject({ name: 'empty', size: 0, type: '', uploader: other.id })
      expect(dataOf(await member.get('/group/file/list', { group_id }))).toEqual([second, first])
      expect(dataOf(await other.get('/group/file', { group_id, file_id: first.file_id }))).toEqual(first)
      expectRefusal(await stranger.get('/group/file/list', { group_id }), 20011)
      expectRefusal(
        await stranger.post('/group/file/upload', {
          group_id,
          name: 'x',
          size: 0,
          url: 'https://example.org/x',
        }),
        20011,
      )
    })

    it('are not shared by who is banned, nor while only admins may send', async () => {
      const { owner, member, group_id } = await setup()
      const share = (by: User) =>
        by.post('/group/file/upload', { group_id, name: 'a', size: 1, url: 'https://example.org/a' })
      dataOf(await owner.post('/group/ban', { group_id, user_list: [member.id], duration: 5 }))
      expectRefusal(await share(member), 10010)
      dataOf(await owner.post('/group/unban', { group_id, user_list: [member.id] }))
      dataOf(await share(member))
      dataOf(await owner.post('/group/settings/ban_all', { group_id, duration: -1 }))
      expectRefusal(await share(member), 10010)
      dataOf(await share(owner))
    })

    it('are renamed by their uploader or an admin', async () => {
      const { owner, admin, member, other, group_id } = await setup()
      const file = await share(member, group_id)
      const rename = (by: User, name: string, file_id = file.file_id, group = group_id) =>
        by.call('PUT', '/group/file/update_name', { body: { group_id: group, file_id, name } })
      expectRefusal(await rename(other, 'theirs'), 20023)
      for (const [by, name] of [
        [member, 'mine'],
        [admin, "the admin's"],
      ] as const) {
        expect(dataOf(await rename(by, name))).toBe(true)
        expect(dataOf(await other.get('/group/file', { group_id, file_id: file.file_id }))).toMatchObject({
          name,
          created_at: file.created_at,
        })
      }
      const elsewhere = await newGroup(owner)
      for (const answer of [
        await rename(owner, 'x', 7),
        await rename(owner, 'x', file.file_id, elsewhere),
        await owner.get('/group/file', { group_id: elsewhere, file_id: file.file_id }),
        await owner.get('/group/file', { group_id, file_id: 7 }),
      ]) {
        expectRefusal(answer, 20022)
      }
      expect(dataOf(await owner.get('/group/file', { group_id, file_id: file.file_id }))).toMatchObject({
        name: "the admin's",
      })
    })

    it('are deleted item by item', async () => {
      const { owner, admin, member, other, group_id } = await setup()
      const [mine, theirs, third] = [
        await share(member, group_id),
        await share(other, group_id),
        await share(other, group_id),
      ]
      const elsewhere = await newGroup(owner)
      const foreign = await share(owner, elsewhere)
      const remove = async (by: User, file_list: number[]) =>
        dataOf(await by.call('DELETE', '/group/file/delete', { body: { group_id, file_list } })).map(
          (item: Shared & { result: string; reason: string }) => {
            expect(item.reason === '').toBe(item.result === 'success')
            return [item.file_id, item.result]
          },
        )
      expect(await remove(member, [theirs.file_id, 7, mine.file_id, foreign.file_id, mine.file_id])).toEqual([
        [theirs.file_id, 'fail'],
        [7, 'fail'],
        [mine.file_id, 'success'],
        [foreign.file_id, 'fail'],
      ])
      expect(await idsIn(member, group_id)).toEqual([third.file_id, theirs.file_id])
      expect(await remove(admin, [theirs.file_id])).toEqual([[theirs.file_id, 'success']])
      expect(await remove(admin, [theirs.file_id])).toEqual([[theirs.file_id, 'fail']])
      expect(await idsIn(member, group_id)).toEqual([third.file_id])
      expect(await idsIn(owner, elsewhere)).toEqual([foreign.file_id])
    })

    it('say in the reason of an item what the same refusal says elsewhere', async () => {
      const { member, other, group_id } = await setup()
      const file = await share(member, group_id)
      const rename = (file_id: number) =>
        other.post('/group/file/update_name', { group_id, file_id, name: 'x' })
      const [foreign, missing] = [await rename(file.file_id), await rename(7)]
      const items = dataOf(await other.post('/group/file/delete', { group_id, file_list: [file.file_id, 7] }))
      expect(items.map((item: { reason: string }) => item.reason)).toEqual([foreign.message, missing.message])
    })

    it.each([
      'https://example.org/a.pdf',
      'http://example.org:8080/a%20b?c=d&e=f#g',
      'HTTPS://EXAMPLE.ORG/Ä/😀.png',
      'https://[2001:db8::1]/x',
      'https://example.org/@not-a-user',
    ])('take the URL %s', async url => {
      const { member, group_id } = await setup()
      expect((await share(member, group_id, { url })).url).toBe(url)
    })

    it('take no URL that leads elsewhere than it says', async () => {
      const { owner, member, group_id } = await setup()
      const bad = [
        'javascript:alert(1)',
        'JavaScript:alert(1)',
        ' javascript:alert(1)',
        'java\nscript:alert(1)',
        'data:text/html,<script>alert(1)</script>',
        'file:///etc/passwd',
        'ftp://example.org/x',
        'vbscript:x',
        'blob:https://example.org/x',
        '//example.org/x',
        '///example.org/x',
        '/\\example.org/x',
        '\\\\example.org\\x',
        'https:example.org',
        'https:/example.org/x',
        'https://',
        'https://user@example.org/x',
        'https://user:password@example.org/x',
        'https://example.org@evil.example/x',
        'https://example.org\\@evil.example/x',
        'https://exa mple.org/x',
        'https://example.org/x y',
        'https://example.org/\u0000',
        'https://example.org/\r\nx: y',
        '\thttps://example.org/x',
        'example.org/x',
        '',
      ]
      for (const url of bad) {
        const answer = await member.post('/group/file/upload', { group_id, name: 'x', size: 1, url })
        expect
          .soft({ url, code: answer.code, names: answer.message?.includes('url') })
          .toEqual({ url, code: 10002, names: true })
      }
      expect(await idsIn(member, group_id)).toEqual([])
      // An avatar is a URL, or the name of an object: of these, what no object is named like.
      for (const value of bad.filter(url => /^(\w+:|\/|\\| |\t)/.test(url))) {
        const answer = await owner.post('/group/info/avatar', { group_id, value })
        expect.soft({ value, code: answer.code }).toEqual({ value, code: 10002 })
        const created = await owner.post('/group/create', { avatar: value })
        expect.soft({ value, code: created.code }).toEqual({ value, code: 10002 })
      }
      expect(await infoOf(owner, group_id)).toMatchObject({ avatar: '' })
    })

    it('have a size of 0 and more', async () => {
      const { member, group_id } = await setup()
      expect(await share(member, group_id, { size: 2 ** 53 - 1 })).toMatchObject({ size: 2 ** 53 - 1 })
      for (const size of [-1, 0.5, 2 ** 53, 1e20]) {
        expectRefusal(
          await member.post('/group/file/upload', {
            group_id,
            name: 'x',
            size,
            url: 'https://example.org/x',
          }),
          10002,
          'size',
        )
      }
    })
  })

  describe('text', () => {
    it.each(texts)(
      '$field holds $max code points and not one more',
      async ({ field, min, max, write, padded }) => {
        const cast = await setup()
        const fill = padded ?? ((unit: string, count: number) => unit.repeat(count))
        // One code point of one, two, three and four bytes; the last is two UTF-16 units.
        for (const unit of ['a', 'é', '漢', '😀']) {
          const value = fill(unit, max)
          expect([...value]).toHaveLength(max)
          expect((await write(cast, value)).read).toBe(value)
          const { answer } = await write(cast, fill(unit, max + 1))
          expectRefusal(answer, 10002, field.split('.').at(-1))
        }
        if (min === 0) expect((await write(cast, '')).read).toBe('')
        if (min === 1) expectRefusal((await write(cast, '')).answer, 10002, field.split('.').at(-1))
      },
    )

    const ordinary = [
      '  spaces  ',
      'e\u0301 is not \u00e9',
      '👩‍👩‍👧‍👦 🇪🇺',
      '\u202eright to left\u202c',
      'عربى עברית ไทย',
      'between\u200b\ufeff\u2028\u2029',
      '\ufffe\uffff\u{10ffff}',
      `"'\\/<b>&amp;%00${'$'}{x}`,
      'null',
    ]
    const withControls = ['\u0000', 'a\u0000b', 'line\nline\r\nline\ttab', '\u0001\u001f\u007f\u0080\u009f']

    it.each(texts.filter(text => text.padded === undefined))(
      '$field comes back exactly as sent',
      async ({ control, write }) => {
        const cast = await setup()
        for (const value of control ? [...ordinary, ...withControls] : ordinary)
          expect((await write(cast, value)).read).toBe(value)
      },
    )

    it.each(texts.filter(text => text.name))('$field has no control characters', async ({ field, write }) => {
      const cast = await setup()
      for (const control of [
        '\u0000',
        '\u0001',
        '\t',
        '\n',
        '\r',
        '\u001b',
        '\u001f',
        '\u007f',
        '\u0080',
        '\u0085',
        '\u009f',
      ]) {
        const { answer } = await write(cast, `a${control}b`)
        expectRefusal(answer, 10002, field.split('.').at(-1))
      }
    })

    it.each(texts.filter(text => text.name))('$field can be seen', async ({ field, min, write }) => {
      const cast = await setup()
      const unseen = [
        ' ',
        '   ',
        '\u00a0\u2003',
        '\u200b',
        '\u200d\ufeff',
        '\u2028',
        '\u3164',
        '\u2800',
        '\u00ad',
        '\ufe0f',
      ]
      for (const value of unseen)
        expectRefusal((await write(cast, value)).answer, 10002, field.split('.').at(-1))
      for (const value of [...(min === 0 ? [''] : []), '.', ' a ', '\u200ba', '👁️'])
        expect((await write(cast, value)).read).toBe(value)
    })

    it.each(texts)('$field is no half of a character', async ({ field, write }) => {
      const cast = await setup()
      for (const value of ['\ud800', 'a\udc00b', '\udc00\ud800'])
        expectRefusal((await write(cast, value)).answer, 10002, field.split('.').at(-1))
    })
  })
}
