import { beforeAll, expect, it } from 'vitest'
import type { Bytes } from '../../../src/platform.ts'
import { WIDE_SILENCE } from '../../support/amr.ts'
import {
  expectBytes,
  expectRefused,
  type Reply,
  read,
  readByUrl,
  sendFile,
  toUser,
} from '../../support/files.ts'
import { joined, jpeg, mp3, someBytes, text, voice, wideBandVoice } from '../../support/fixtures.ts'
import { people, type User } from '../../support/groups.ts'
import { readMp3 } from '../../support/mp3.ts'
import type { Suite } from '../all.ts'
import { conversions } from './pictures.ts'

/** Voice, which arrives as AMR and is wanted as MP3 (docs/behaviour.md, section 7). */
export const voices: Suite = instance => {
  let sender: User
  let friend: User
  beforeAll(async () => {
    const couple = await people(instance(), ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })

  const sent = (bytes: Bytes, file_type = 101) => sendFile(sender, { ...toUser(friend), file_type }, bytes)
  const as = (url: string, format: string) => read(friend, url, { query: { format } })

  const expectMp3 = (reply: Reply, seconds: number) => {
    expect(reply.status, reply.message).toBe(200)
    expect(reply.headers.get('content-type')).toBe('audio/mpeg')
    expect(reply.headers.get('content-disposition')).toMatch(/^inline;/)
    const heard = readMp3(reply.bytes)
    expect(heard.seconds).toBeCloseTo(seconds, 2)
    expect(heard.channels).toBe(1)
  }

  it('is MP3 for who asks for it, and what it was for everybody else', async () => {
    const bytes = voice(3)
    const url = await sent(bytes)
    for (const reply of [await read(friend, url), await as(url, 'amr'), await as(url, '')]) {
      expectBytes(reply, bytes)
      expect(reply.headers.get('content-type')).toBe('audio/amr')
    }
    expectMp3(await as(url, 'mp3'), 3)
    expectMp3(await readByUrl(friend, url, { query: { format: 'mp3' } }), 3)
    const ranged = await read(friend, url, { query: { format: 'mp3' }, headers: { range: 'bytes=0-3' } })
    expect([ranged.status, ...ranged.bytes.subarray(0, 1)]).toEqual([206, 0xff])
  })

  it('is converted once, whoever asks and however many at once', async () => {
    const url = await sent(voice(2))
    const before = await conversions(instance())
    const replies = await Promise.all(Array.from({ length: 30 }, () => as(url, 'mp3')))
    const [first] = replies as [Reply]
    for (const reply of replies) expectBytes(reply, first.bytes)
    expectBytes(await as(url, 'mp3'), first.bytes)
    expect(await conversions(instance())).toBe(before + 1)
    await instance().crash()
    expectBytes(await as(url, 'mp3'), first.bytes)
    expect(await conversions(instance())).toBe(0)
  })

  it('that is no AMR inside is refused with a sentence, and can be downloaded', async () => {
    const files: readonly Bytes[] = [
      text('#!AMR\n'),
      joined(text('#!AMR\n'), new Uint8Array(300).fill(0x6c)),
      joined(text('#!AMR\n'), someBytes(3000)),
      voice(1).slice(0, 20),
      joined(voice(1), text('<html><body><script>alert(1)</script></body></html>')),
    ]
    for (const bytes of files) {
      const url = await sent(bytes)
      expectRefused(await as(url, 'mp3'), 422, 10009, 'AMR')
      expectBytes(await as(url, 'amr'), bytes)
    }
    expectMp3(await as(await sent(voice(1)), 'mp3'), 1)
  })

  it('that is MP3 stays MP3, and does not become AMR', async () => {
    const bytes = mp3()
    const url = await sent(bytes, 104)
    const [plain, wanted] = [await read(friend, url), await as(url, 'mp3')]
    for (const reply of [plain, wanted]) {
      expectBytes(reply, bytes)
      expect(reply.headers.get('content-type')).toBe('audio/mpeg')
    }
    expectRefused(await as(url, 'amr'), 422, 10009, 'AMR')
  })

  it('is nothing that other files have', async () => {
    for (const [file_type, bytes] of [
      [102, await jpeg(40, 20)],
      [100, someBytes(100)],
      [100, new Uint8Array()],
      [100, text('a page')],
    ] as const) {
      const url = await sent(bytes, file_type)
      expectRefused(await as(url, 'mp3'), 422, 10009, 'AMR')
      expectBytes(await as(url, 'amr'), bytes)
    }
  })

  it('of a kind that cannot be converted here is answered as it was sent', async () => {
    for (const bytes of [someBytes(500), text('no voice at all'), await jpeg(40, 20)]) {
      for (const file_type of [101, 104]) expectBytes(await as(await sent(bytes, file_type), 'mp3'), bytes)
    }
  })

  it('of the wide band is converted, and silence takes its time', async () => {
    const bytes = wideBandVoice(2)
    const url = await sent(bytes)
    expectMp3(await as(url, 'mp3'), 2)
    expectBytes(await read(friend, url), bytes)
    const pauses = Array.from({ length: 50 }, () => WIDE_SILENCE)
    expectMp3(await as(await sent(joined(wideBandVoice(1), new Uint8Array(pauses.flat()))), 'mp3'), 2)
  })

  it('that is cut off in its last frame, or padded, plays up to there', async () => {
    expectMp3(await as(await sent(voice(1).slice(0, -10)), 'mp3'), 0.98)
    expectMp3(await as(await sent(joined(voice(1), new Uint8Array(700))), 'mp3'), 1)
  })
}
