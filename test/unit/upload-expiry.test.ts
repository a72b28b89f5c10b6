import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  deliver,
  expectBytes,
  expectRefused,
  placeFor,
  read,
  send,
  sendFile,
  toUser,
} from '../support/files.ts'
import { someBytes } from '../support/fixtures.ts'
import { expectRefusal, people } from '../support/groups.ts'
import { type ClockedInstance, startClocked } from '../support/in-process.ts'

const minute = 60_000
const year = 365 * 24 * 60 * minute

let service: ClockedInstance
beforeAll(async () => {
  service = await startClocked()
})
afterAll(async () => {
  expect(service.broken()).toEqual([])
  await service.stop()
})

it('an upload URL is good for 15 minutes (security 17)', async () => {
  const { sender, friend } = await people(service, ['sender', 'friend'])
  const [early, late] = [await placeFor(sender, toUser(friend)), await placeFor(sender, toUser(friend))]
  service.advance(15 * minute - 1)
  expectBytes(await read(friend, await deliver(early, someBytes(10))), someBytes(10))
  service.advance(1)
  expect(await send(late, someBytes(10))).toMatchObject({ status: 410, code: 10031 })
  // Used or expired: it stays refused.
  expect(await send(early, someBytes(10))).toMatchObject({ status: 410, code: 10031 })
  expectRefused(await read(friend, late.download_url), 404, 20022)
})

it('an upload URL is good for as long as the app says when it is given out', async () => {
  const { sender, friend } = await people(service, ['sender', 'friend'])
  await service.setApp({ upload_minutes: 1 })
  const [early, late] = [await placeFor(sender, toUser(friend)), await placeFor(sender, toUser(friend))]
  await service.setApp({})
  service.advance(minute - 1)
  await deliver(early, someBytes(10))
  service.advance(1)
  expect(await send(late, someBytes(10))).toMatchObject({ code: 10031 })
})

it('a place that expired is no longer held (security 17)', async () => {
  await service.setApp({ pending_uploads: 2 })
  const { sender, friend } = await people(service, ['sender', 'friend'])
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 2; i++) await placeFor(sender, toUser(friend))
    expectRefusal(
      await sender.get('/file/upload/chat', { file_type: 100, to_id: friend.id }),
      10009,
      'unused',
    )
    service.advance(15 * minute - 1)
    expectRefusal(
      await sender.get('/file/upload/chat', { file_type: 100, to_id: friend.id }),
      10009,
      'unused',
    )
    service.advance(1)
  }
  await service.setApp({})
})

it('a download URL does not expire, and neither does the right to it', async () => {
  const { sender, friend } = await people(service, ['sender', 'friend'])
  const url = await sendFile(sender, toUser(friend), someBytes(10))
  service.advance(10 * year)
  expectBytes(await read(friend, url), someBytes(10))
})
