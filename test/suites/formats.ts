import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/platform.ts'
import { lacking } from '../support/capabilities.ts'
import { expectBytes, expectRefused, type Reply, read, sendFile, toUser } from '../support/files.ts'
import { formatFiles, meanColour, SECONDS, SHOWN } from '../support/format-files.ts'
import { formatTable, worksOn } from '../support/format-table.ts'
import { people, type User } from '../support/groups.ts'
import { readMp3 } from '../support/mp3.ts'
import { distance, look } from '../support/pictures.ts'
import type { Suite } from './all.ts'

/** A colour may be this far from the reference, of 255. */
const NEAR = 6
const VOICES = [101, 104, 201]

/** Whether programs on this machine can make the files at all. */
const ffmpeg = lacking('node', 'covers of videos') === undefined

/** docs/media.md: each format of its table, on this home. */
export const formatsSuite: Suite = (instance, _pace, target) => {
  let sender: User
  let friend: User
  beforeAll(async () => {
    const couple = await people(instance(), ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })

  const expectPicture = async (reply: Reply, width: number, height: number) => {
    expect(reply.status, reply.message).toBe(200)
    expect(reply.headers.get('content-type')).toBe('image/jpeg')
    expect(await look(reply.bytes)).toMatchObject({ width, height })
    const colour = await meanColour(reply.bytes)
    expect(distance(colour, SHOWN), `${colour}`).toBeLessThanOrEqual(NEAR)
  }

  const expectSound = (reply: Reply, sent: Bytes, isMade: boolean, isVoice: boolean) => {
    if (isMade) {
      expect([reply.status, reply.headers.get('content-type')], reply.message).toEqual([200, 'audio/mpeg'])
      expect(Math.abs(readMp3(reply.bytes).seconds - SECONDS)).toBeLessThan(0.06)
    } else if (isVoice) expectBytes(reply, sent)
    else expectRefused(reply, 422, 10009)
  }

  const table = formatTable()
  it('the table names every format that there is a file of', () => {
    expect(table.map(({ format }) => format)).toEqual(Object.keys(formatFiles))
  })

  describe.runIf(ffmpeg)('of the table', () => {
    it.each(table)('$format is what it says', async ({ format, contentType, isShown, ...row }) => {
      const file = formatFiles[format]
      if (file === undefined) throw new Error(`no file of ${format}`)
      const bytes = await file.make()
      const url = await sendFile(sender, { ...toUser(friend), file_type: file.file_type }, bytes)
      const get = (query: Readonly<Record<string, string | number>>) => read(friend, url, { query })
      const works = (place: typeof row.cover) => worksOn(target, ffmpeg, place)

      const original = await get({})
      expectBytes(original, bytes)
      expect(original.headers.get('content-type')).toBe(contentType)
      expect(original.headers.get('content-disposition')).toMatch(isShown ? /^inline;/ : /^attachment;/)

      const [thumbnail, cover] = [
        await get({ image_type: 2, w: 30, h: 30 }),
        await get({ image_type: 3, w: 20, h: 20 }),
      ]
      if (works(row.thumbnail)) await expectPicture(thumbnail, 30, file.file_type === 102 ? 20 : 25)
      else expectRefused(thumbnail, 422, 10009)
      if (works(row.cover)) await expectPicture(cover, 20, 20)
      else expectRefused(cover, 422, 10009)

      const sound = await get({ format: 'mp3' })
      if (row.mp3 === 'is one') expectBytes(sound, bytes)
      else expectSound(sound, bytes, works(row.mp3), VOICES.includes(file.file_type))
    })
  })
}
