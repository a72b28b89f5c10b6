import { expect, it } from 'vitest'
import { bombs } from '../support/bombs.ts'
import { lacking } from '../support/capabilities.ts'
import { type Reply, read, sendFile, toUser } from '../support/files.ts'
import { jpeg } from '../support/fixtures.ts'
import { people, type User } from '../support/groups.ts'
import { peakAboveIdle } from '../support/memory.ts'
import { look } from '../support/pictures.ts'
import type { Suite } from './all.ts'

const COUNT = 200
const MAX_BYTES = 400_000_000
/** Every tenth picture is a good one, and every fortieth a slow one. */
const GOOD_EVERY = 10
const SLOW_EVERY = 40

/** Pictures that are made to fill the memory, two hundred at once (docs/behaviour.md, section 7). */
export const hostilePicturesSuite: Suite = (instance, _pace, target) => {
  it.runIf(lacking(target, 'one process') === undefined)(
    'two hundred hostile pictures take less than 400 MB, and good ones among them get thumbnails',
    async () => {
      const { friend, ...senders } = await people(instance(), ['one', 'two', 'three', 'four', 'friend'])
      const users = Object.values(senders)
      const { quick, slow } = await bombs()
      const good = { name: 'good', bytes: await jpeg() }
      const pictures = Array.from({ length: COUNT + COUNT / GOOD_EVERY }, (_, i) => {
        if (i % GOOD_EVERY === 0) return good
        const [kinds, at] = i % SLOW_EVERY === 1 ? [slow, (i - 1) / SLOW_EVERY] : [quick, i]
        return kinds[at % kinds.length] ?? good
      })
      const sent = await Promise.all(
        users.map(async (sender, first) => {
          const urls: { name: string; sender: User; url: string }[] = []
          for (let i = first; i < pictures.length; i += users.length) {
            const { name, bytes } = pictures[i] ?? good
            const url = await sendFile(sender, { ...toUser(friend), file_type: 102 }, bytes)
            urls.push({ name, sender, url })
          }
          return urls
        }),
      )
      const replies: { name: string; reply: Reply }[] = []
      const peak = await peakAboveIdle(instance().url, () =>
        Promise.all(
          sent.flat().map(async ({ name, sender, url }) => {
            replies.push({ name, reply: await read(sender, url, { query: { image_type: 2 } }) })
          }),
        ),
      )
      for (const { name, reply } of replies) {
        if (name === 'good') {
          expect(reply.status, reply.message).toBe(200)
          expect(await look(reply.bytes)).toMatchObject({ width: 200, height: 100 })
        } else expect([200, 422], `${name}: ${reply.message}`).toContain(reply.status)
      }
      expect(peak).toBeLessThan(MAX_BYTES)
    },
  )
}
