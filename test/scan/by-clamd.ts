import { describe, expect, it } from 'vitest'
import { Clamd, hasClamd, virus, virusName } from '../support/clamd.ts'
import { expectBytes, expectRefused, placeFor, read, send, sendFile, toUser } from '../support/files.ts'
import { joined, someBytes, text } from '../support/fixtures.ts'
import { people } from '../support/groups.ts'
import type { Target } from '../support/target.ts'

/** clamd, as every home but Workers can have it; what is to be said of it all is in clamd.test.ts. */
export const scansByClamd = (target: Target): void => {
  describe.runIf(hasClamd)(`clamd, on ${target.name}`, () => {
    it('lets clean files through and puts what it finds under quarantine', async () => {
      const clamd = new Clamd()
      await clamd.start()
      const service = await target.start({ SCAN: clamd.socket, SCAN_ON_FAILURE: 'refuse' })
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const clean = someBytes(700_000)
      expectBytes(await read(friend, await sendFile(sender, toUser(friend), clean)), clean)
      const place = await placeFor(sender, toUser(friend))
      const reply = await send(place, joined(clean, text(virus)))
      expect(reply).toMatchObject({ status: 403, code: 10032 })
      expect(reply.message).toContain(virusName)
      expectRefused(await read(friend, place.download_url), 403, 10032)
      await clamd.stop()
      expect(await send(await placeFor(sender, toUser(friend)), clean)).toMatchObject({ status: 503 })
      await service.stop()
      await clamd.remove()
    })
  })
}
