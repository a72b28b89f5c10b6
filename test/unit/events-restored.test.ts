import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { Play, Tally } from '../model/play.ts'
import { sequence } from '../model/steps.ts'
import { asAnswered, asMirrored, Follower, Mirror, tightRules } from '../suites/events/rebuild.ts'
import type { Client } from '../support/client.ts'
import { administratorOf, eventsAfter } from '../support/events.ts'
import { dataOf } from '../support/groups.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { installation } from '../support/programs.ts'
import type { Instance } from '../support/target.ts'

/*
 * Random operations, a backup in between, and a restore of it: readers of the feed and of /group/sync, some
 * of whom know what the restore takes back, hear that it is void, and agree with the database in the end.
 */

const folder = temporaryFolder()
afterAll(() => removeFolder(folder))

let homes = 0

/** The groups of the feed, whole. */
async function mirrored(admin: Client): Promise<Mirror> {
  const mirror = new Mirror()
  for (const event of await eventsAfter(admin, 'earliest')) mirror.take(event)
  return mirror
}

it('readers who know what a restore takes back are told, and agree afterwards', {
  timeout: 300_000,
}, async () => {
  const steps = sequence(40, 60)
  await fc.assert(
    fc.asyncProperty(steps, steps, steps, async (kept, lost, instead) => {
      const home = installation('node', ['node', 'dist/cohort.js'], join(folder, `${++homes}`))
      let service: Instance = await home.serve()
      try {
        const tenant = {
          app_id: 'rebuilt',
          secret: await service.createApp('rebuilt', tightRules),
          rules: tightRules,
        }
        const play = async (sequence: typeof kept) =>
          (await Play.start(service, tenant, new Tally())).run(sequence)
        const followers = new Map<number, Follower>()
        /** Two of three followers come. */
        const follow = async (admin: Client) => {
          for (const [i, group_id] of [...(await mirrored(admin)).groups.keys()].entries()) {
            if (i % 3 === 2) continue
            const follower = followers.get(group_id) ?? new Follower(admin, group_id)
            followers.set(group_id, follower)
            await follower.catchUp(500)
          }
        }
        await play(kept)
        let admin = await administratorOf(service, tenant)
        await follow(admin)
        const backup = join(folder, `backup-${homes}.db`)
        await home.done('backup', backup)

        const rename = (group_id: number, value: string) =>
          admin.post('/group/info/name', { group_id, value })
        for (const group_id of followers.keys()) dataOf(await rename(group_id, 'Lost'))
        await play(lost)
        await follow(admin)
        const cursor = (await eventsAfter(admin, 'earliest')).at(-1)?.cursor ?? ''
        await service.stop()

        await home.done('restore', backup, '--force')
        service = await home.serve()
        admin = await administratorOf(service, tenant)
        for (const follower of followers.values()) follower.asks(admin)
        // As many changes as were lost: versions are the same, what they mean is not.
        for (const group_id of (await mirrored(admin)).groups.keys())
          dataOf(await rename(group_id, 'Instead'))
        await play(instead)

        expect((await admin.get('/events', { after: cursor })).status).toBe(410)
        const { groups } = await mirrored(admin)
        for (const [group_id, known] of groups)
          expect(asMirrored(known), `group ${group_id} by the feed`).toEqual(
            await asAnswered(admin, group_id),
          )
        for (const [group_id, follower] of followers) {
          const before = follower.resets
          const isThere = await follower.catchUp(500)
          expect(isThere, `group ${group_id} is there`).toBe(groups.has(group_id))
          if (!isThere) continue
          expect(follower.resets).toBe(before + 1)
          expect(follower.view, `group ${group_id} by sync`).toEqual(await asAnswered(admin, group_id))
        }
      } finally {
        await service.stop()
      }
    }),
    { numRuns: 2, endOnFailure: true },
  )
})
