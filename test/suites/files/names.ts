import { describe, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import {
  expectBytes,
  placeFor,
  type Reply,
  read,
  readByUrl,
  replyOf,
  send,
  toGroup,
  toUser,
} from '../../support/files.ts'
import { jpeg, someBytes } from '../../support/fixtures.ts'
import { dataOf, newGroup, people } from '../../support/groups.ts'
import type { UploadTarget } from '../../support/uploads.ts'
import type { Suite } from '../all.ts'

/** Sends bytes under a name; by PUT there is none. */
async function sendNamed(place: UploadTarget, bytes: Bytes, name: string): Promise<Reply> {
  if (place.upload_method === 'PUT') return send(place, bytes)
  const form = new FormData()
  for (const [field, value] of Object.entries(place.oss_body_param)) form.append(field, value)
  form.append('file', new Blob([bytes]), name)
  return replyOf(await fetch(place.upload_url, { method: 'POST', body: form }))
}

const disposition = (reply: Reply): string => reply.headers.get('content-disposition') ?? ''
/** The name that clients save under, by the extended form. */
const savedAs = (reply: Reply): string =>
  decodeURIComponent(/filename\*=UTF-8''([^;]*)/.exec(disposition(reply))?.[1] ?? '')

/** A file keeps its name (docs/behaviour.md, section 7). */
export const fileNames: Suite = instance => {
  const couple = () => people(instance(), ['sender', 'friend'])

  describe('names of files', () => {
    it('are those of the form, where this service takes it', async () => {
      const { sender, friend } = await couple()
      for (const [sent, name] of [
        ['Angebot März.docx', 'Angebot März.docx'],
        ['报价单 😀.pdf', '报价单 😀.pdf'],
        ['../../etc/passwd', 'passwd'],
        ['C:\\Users\\me\\notes.txt', 'notes.txt'],
        ['he said "no".txt', 'he said "no".txt'],
        ['\u202efdp.exe', 'fdp.exe'],
        [`${'é'.repeat(300)}.txt`, `${'é'.repeat(196)}.txt`],
      ] as const) {
        const place = await placeFor(sender, toUser(friend))
        if (!place.upload_url.startsWith(instance().url)) return
        expect((await sendNamed(place, someBytes(10), sent)).status).toBe(200)
        for (const reply of [
          await read(friend, place.download_url),
          await read(friend, place.download_url, { method: 'HEAD' }),
        ]) {
          expect(disposition(reply)).toMatch(/^attachment; filename="[\w.() -]*"; filename\*=UTF-8''\S+$/)
          expect(savedAs(reply)).toBe(name)
        }
      }
    })

    it('are else the ones that they were shared under first', async () => {
      const { owner, member } = await people(instance(), ['owner', 'member'])
      const group_id = await newGroup(owner, { user_list: [member.id] })
      const place = await placeFor(owner, { ...toGroup(group_id), file_type: 200 })
      expect((await sendNamed(place, someBytes(10), 'blob')).status).toBeLessThan(300)
      const share = async (name: string) =>
        dataOf(await owner.post('/group/file/upload', { group_id, name, size: 10, url: place.download_url }))
      await share('Angebot März.docx')
      await share('Another.bin')
      for (const reply of [
        await read(member, place.download_url),
        await readByUrl(member, place.download_url),
      ]) {
        expectBytes(reply, someBytes(10))
        expect(savedAs(reply)).toBe('Angebot März.docx')
        expect(reply.headers.get('content-type')).toBe(
          'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        )
      }
    })

    it('are made of the id and the type where nobody gave one', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, { ...toUser(friend), file_type: 102 })
      expect((await sendNamed(place, await jpeg(), 'blob')).status).toBeLessThan(300)
      const reply = await read(friend, place.download_url)
      expect(disposition(reply)).toMatch(/^inline;/)
      expect(savedAs(reply)).toMatch(/^[0-9a-z]+\.jpg$/)
      const thumbnail = await read(friend, place.download_url, { query: { image_type: 2, w: 30, h: 30 } })
      expect(savedAs(thumbnail)).toMatch(/^[0-9a-z]+\.(jpg|png|webp)$/)
    })

    it('with download=1 are saved, whatever it is', async () => {
      const { sender, friend } = await couple()
      const picture = await jpeg()
      const place = await placeFor(sender, { ...toUser(friend), file_type: 102 })
      expect((await sendNamed(place, picture, 'Urlaub.jpg')).status).toBeLessThan(300)
      for (const query of [{ download: 1 }, { download: 1, source: 'miniprogram' }]) {
        const reply = await read(friend, place.download_url, { query })
        expectBytes(reply, picture)
        expect(reply.headers.get('content-type')).toBe('image/jpeg')
        expect(disposition(reply)).toMatch(/^attachment; filename=/)
      }
      for (const query of [{ download: 0 }, { download: '' }])
        expect(disposition(await read(friend, place.download_url, { query }))).toMatch(/^inline;/)
    })
  })
}
