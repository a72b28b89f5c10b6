import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Clamd, hasClamd, maxScannedBytes, virus, virusName } from '../support/clamd.ts'
import { type Client, callers } from '../support/client.ts'
import { commandTarget } from '../support/command-target.ts'
import { eventsAfter } from '../support/events.ts'
import {
  avatarOf,
  deliver,
  expectBytes,
  expectRefused,
  placeFor,
  read,
  send,
  sendFile,
  signOf,
  toUser,
} from '../support/files.ts'
import { joined, png, someBytes, text } from '../support/fixtures.ts'
import { dataOf, people } from '../support/groups.ts'
import { operatorOf } from '../support/operator.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import type { Instance } from '../support/target.ts'
import { sendTo } from '../support/uploads.ts'

const node = commandTarget('node', ['node', 'dist/cohort.js'])
const infected = joined(someBytes(300_000), text(virus), someBytes(5000))

const metricOf = async (service: Instance, name: string): Promise<number> => {
  const lines = (await (await fetch(`${service.url}/metrics`)).text()).split('\n')
  return Number(lines.find(line => line.startsWith(`${name} `))?.split(' ')[1])
}
const runJob = async (service: Instance, name: string) =>
  dataOf(await (await operatorOf(service)).post('/operator/job/run', { name }))

describe.runIf(hasClamd)('clamd, Debian’s own', () => {
  const clamd = new Clamd()
  beforeAll(() => clamd.start())
  afterAll(() => clamd.remove())

  describe('before files that come through the service are answered for', () => {
    let service: Instance
    let server: Client
    beforeAll(async () => {
      service = await node.start({ SCAN: clamd.socket, SCAN_ON_FAILURE: 'refuse' })
      server = await callers(service).admin()
    })
    afterAll(async () => {
      const problems = await service.check()
      await service.stop()
      expect(problems).toEqual([])
    })

    it('lets clean ones through: small, empty, large, sent as a form and as they are', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      for (const bytes of [someBytes(0), someBytes(1), someBytes(700_000)]) {
        expectBytes(await read(friend, await sendFile(sender, toUser(friend), bytes)), bytes)
        const place = await placeFor(sender, toUser(friend))
        expectBytes(await read(friend, await deliver({ ...place, upload_method: 'PUT' }, bytes)), bytes)
      }
      expect((await read(friend, await avatarOf(sender, await png()))).status).toBe(200)
      expect(await metricOf(service, 'cohort_scans_total')).toBeGreaterThanOrEqual(7)
    })

    it('puts what it finds under quarantine, and tells the sender, administrators and the feed', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const place = await placeFor(sender, toUser(friend))
      const reply = await send(place, infected)
      expect(reply).toMatchObject({ status: 403, code: 10032 })
      expect(reply.message).toContain(virusName)
      const url = place.download_url
      expectRefused(await read(friend, url), 403, 10032)
      expectRefused(await read(sender, url), 403, 10032, virusName)
      expectBytes(await read(server, url), infected)
      const [listed] = dataOf(await server.get('/moderation/quarantined'))
      expect(listed).toMatchObject({ user_id: sender.id, reason: expect.stringContaining(virusName) })
      const told = await eventsAfter(server, 'earliest', { kinds: 'file.quarantined' })
      expect(told.at(-1)).toMatchObject({
        object_name: listed.object_name,
        reason: listed.reason,
        by_id: null,
      })
      expect(await metricOf(service, 'cohort_scans_found_total')).toBe(1)
      // The upload URL is used up, and a false alarm can be released.
      expect(await send(place, someBytes(5))).toMatchObject({ status: 410 })
      dataOf(await server.post('/moderation/release', { file_sign: signOf(url) }))
      expectBytes(await read(friend, url), infected)
    })

    it('refuses what is larger than clamd takes, and stores nothing of it', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const before = await service.storedObjects()
      const place = await placeFor(sender, toUser(friend))
      const reply = await send(place, someBytes(3 * maxScannedBytes))
      expect(reply).toMatchObject({ status: 413 })
      expect(reply.message).toContain('virus scanner')
      expect(await service.storedObjects()).toBe(before)
      expectBytes(await read(friend, await deliver(place, someBytes(10))), someBytes(10))
    })

    it('refuses all while clamd is gone, and the same upload URL works when it is back', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const before = await service.storedObjects()
      await clamd.stop()
      const place = await placeFor(sender, toUser(friend))
      const reply = await send(place, someBytes(20))
      expect(reply).toMatchObject({ status: 503, code: 503 })
      expect(reply.message).toContain('virus scanner')
      expect(reply.headers.get('retry-after')).toMatch(/^\d+$/)
      expectRefused(await read(sender, place.download_url), 404, 20022)
      expect(await service.storedObjects()).toBe(before)
      expect(await metricOf(service, 'cohort_scan_failures_total')).toBeGreaterThanOrEqual(1)
      await clamd.start()
      expectBytes(await read(friend, await deliver(place, someBytes(20))), someBytes(20))
    })

    it('scans many at the same time', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const places = await Promise.all(Array.from({ length: 8 }, () => placeFor(sender, toUser(friend))))
      const replies = await Promise.all(
        places.map((place, i) => send(place, i % 2 === 0 ? someBytes(400_000, i + 1) : infected)),
      )
      expect(replies.map(({ status }) => status)).toEqual([200, 403, 200, 403, 200, 403, 200, 403])
    })
  })

  it('is passed by while it is gone, where SCAN_ON_FAILURE=allow', async () => {
    const gone = new Clamd()
    const service = await node.start({ SCAN: `clamd://${gone.socket}`, SCAN_ON_FAILURE: 'allow' })
    const { sender, friend } = await people(service, ['sender', 'friend'])
    expectBytes(await read(friend, await sendFile(sender, toUser(friend), infected)), infected)
    expect(await metricOf(service, 'cohort_scan_failures_total')).toBe(1)
    await gone.start()
    expect(await send(await placeFor(sender, toUser(friend)), infected)).toMatchObject({ code: 10032 })
    await gone.remove()
    await service.stop()
  })

  describe('before files are seen that were sent straight to a bucket', () => {
    let bucket: S3Server
    let service: Instance
    let server: Client
    beforeAll(async () => {
      bucket = await startS3Server()
      service = await node.start({
        SCAN: clamd.socket,
        SCAN_ON_FAILURE: 'refuse',
        S3_ENDPOINT: bucket.endpoint,
        S3_BUCKET: bucket.bucket,
        S3_REGION: bucket.region,
        S3_ACCESS_KEY_ID: bucket.accessKeyId,
        S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      })
      server = await callers(service).admin()
    })
    afterAll(async () => {
      const problems = await service.check()
      await service.stop()
      await bucket.stop()
      expect(problems).toEqual([])
    })

    it('scans them when they are first asked for, and never sends their reader to the bucket', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const clean = await sendFile(sender, toUser(friend), someBytes(400_000))
      const reply = await read(friend, clean, { redirect: 'manual' })
      expectBytes(reply, someBytes(400_000))
      const place = await placeFor(sender, toUser(friend))
      expect((await sendTo(place, infected)).ok).toBe(true)
      const replies = await Promise.all([1, 2, 3].map(() => read(friend, place.download_url)))
      for (const one of replies) expectRefused(one, 403, 10032)
      expectRefused(await read(sender, place.download_url), 403, 10032, virusName)
      expectBytes(await read(server, place.download_url), infected)
    })

    it('scans those that nobody asked for', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const place = await placeFor(sender, toUser(friend))
      expect((await sendTo(place, infected)).ok).toBe(true)
      const names = async (): Promise<number[]> =>
        dataOf(await server.get('/moderation/quarantined')).map(({ user_id }: { user_id: number }) => user_id)
      await runJob(service, 'scan-files')
      expect(await names()).toContain(sender.id)
      expectRefused(await read(friend, place.download_url), 403, 10032)
    })

    it('does not serve bytes that were put in the place of others that it had looked at', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      const size = infected.byteLength
      const place = await placeFor(sender, toUser(friend))
      for (const bytes of [someBytes(size), infected]) {
        expect((await sendTo(place, bytes)).ok).toBe(true)
        const reply = await read(friend, place.download_url)
        if (bytes !== infected) expectBytes(reply, bytes)
        else expect(reply).toMatchObject({ status: 410, code: 410 })
      }
      // They are looked at as well.
      expectRefused(await read(friend, place.download_url), 403, 10032)
    })

    it('keeps them unseen while clamd is gone, and shows them when it is back', async () => {
      const { sender, friend } = await people(service, ['sender', 'friend'])
      await clamd.stop()
      const url = await sendFile(sender, toUser(friend), someBytes(30))
      for (const reader of [sender, friend, server]) {
        const reply = await read(reader, url)
        expectRefused(reply, 409, 10033)
        expect(reply.headers.get('retry-after')).toMatch(/^\d+$/)
      }
      await clamd.start()
      await runJob(service, 'scan-files')
      expectBytes(await read(friend, url), someBytes(30))
    })
  })
})
