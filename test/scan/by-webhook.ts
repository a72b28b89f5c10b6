import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { virus } from '../support/clamd.ts'
import { callers } from '../support/client.ts'
import { expectBytes, expectRefused, placeFor, read, send, sendFile, toUser } from '../support/files.ts'
import { joined, someBytes, text } from '../support/fixtures.ts'
import { dataOf, people } from '../support/groups.ts'
import { type Received, Receiver } from '../support/receiver.ts'
import type { Instance, Target } from '../support/target.ts'

const secret = `whsec_${Buffer.from('a secret of the scanner in tests').toString('base64')}`
const infected = joined(someBytes(300_000), text(virus), someBytes(5000))

/** A scanner behind a URL, as every home can have it. */
export const scansByWebhook = (target: Target): void => {
  describe(`a scanner behind a URL, on ${target.name}`, () => {
    let scanner: Receiver
    let service: Instance
    beforeAll(async () => {
      scanner = await Receiver.start()
      service = await target.start({
        SCAN: scanner.url,
        SCAN_ON_FAILURE: 'refuse',
        SCAN_SECRET: secret,
        PUBLIC_URL: '{own url}',
        WEBHOOK_ALLOW: '127.0.0.0/8',
        WEBHOOK_ALLOW_HTTP: 'true',
      })
    })
    afterAll(async () => {
      const problems = await service.check()
      await service.stop()
      await scanner.stop()
      expect(problems).toEqual([])
    })

    /** Reads the file where it is told to, and looks for the virus. */
    const look = async ({ message }: Received): Promise<string> => {
      if (message.type === 'scan.ping') return '{}'
      const file = await fetch(String(message.data.url))
      expect(file.headers.get('content-disposition')).toBe('attachment')
      const bytes = Buffer.from(await file.arrayBuffer())
      expect(bytes.byteLength).toBe(message.data.size)
      return JSON.stringify(bytes.includes(virus) ? { clean: false, found: 'A virus' } : { clean: true })
    }
    const works = () => scanner.answer(async (received, response) => void response.end(await look(received)))

    it('gets a signed question and a URL of the file, and is obeyed', async () => {
      works()
      const { sender, friend } = await people(service, ['sender', 'friend'])
      expectBytes(
        await read(friend, await sendFile(sender, toUser(friend), someBytes(1000))),
        someBytes(1000),
      )
      const asked = scanner.received.findLast(({ message }) => message.type === 'file.scan')
      expect(() =>
        new Webhook(secret).verify(asked?.body ?? '', asked?.headers as Record<string, string>),
      ).not.toThrow()
      expect(asked?.message.data).toMatchObject({ app_id: service.app_id, size: 1000 })

      const place = await placeFor(sender, toUser(friend))
      const reply = await send(place, infected)
      expect(reply).toMatchObject({ status: 403, code: 10032 })
      expect(reply.message).toContain('A virus')
      expectRefused(await read(friend, place.download_url), 403, 10032)
      const server = await callers(service).admin()
      expectBytes(await read(server, place.download_url), infected)
      expect(dataOf(await server.get('/moderation/quarantined'))).toMatchObject([{ user_id: sender.id }])
    })

    it('gives out a URL that is good for this one file, and not when it was changed', async () => {
      const asked = scanner.received.findLast(({ message }) => message.type === 'file.scan')
      const url = String(asked?.message.data.url)
      const ticket = new URL(url).searchParams.get('ticket') ?? ''
      const at = (changed: string) => fetch(url.replace(/=.*/, `=${encodeURIComponent(changed)}`))
      expect((await at(ticket)).status).toBe(200)
      const [, name = ''] = /\/chat\/(\w+)~/.exec(ticket) ?? []
      for (const changed of [
        '',
        'x',
        ticket.slice(0, -1),
        ticket.replace(name, `${name}0`),
        ticket.replace(/~\d+~/, '~1~'),
      ])
        expect([401, 403]).toContain((await at(changed)).status)
    })

    it('that fails, says nonsense or cannot be reached lets no file through', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const place = await placeFor(sender, toUser(friend))
      scanner.answer(500)
      expect(await send(place, someBytes(10))).toMatchObject({ status: 503 })
      scanner.answer((_, response) => void response.end('all is well'))
      expect(await send(place, someBytes(10))).toMatchObject({ status: 503 })
      scanner.answer((_, response) => void response.destroy())
      expect(await send(place, someBytes(10))).toMatchObject({ status: 503 })
      scanner.answer(413)
      expect(await send(place, someBytes(10))).toMatchObject({ status: 413 })
      works()
      expect(await send(place, someBytes(10))).toMatchObject({ status: 200 })
      expectBytes(await read(friend, place.download_url), someBytes(10))
    })
  })
}
