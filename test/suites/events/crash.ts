import { afterAll, expect, it } from 'vitest'
import { newUsers } from '../../support/client.ts'
import { newTenant, times } from '../../support/crowds.ts'
import { administratorOf, eventsAfter, type Told } from '../../support/events.ts'
import { dataOf, newGroup, people } from '../../support/groups.ts'
import { Receiver } from '../../support/receiver.ts'
import type { Suite } from '../all.ts'

/**
 * Readers over kill -9 under load: a follower who keeps its cursor, and a receiver of webhooks that is
 * restarted in between. EVENT_CRASHES=n kills the service n times: `npm run test:crashes`.
 */
export const crashingSuite: Suite = (instance, pace) => {
  const rounds = Number(process.env.EVENT_CRASHES ?? (pace === 'slow' ? 2 : 25))
  let receiver: Receiver | undefined
  afterAll(() => receiver?.stop())

  it(`readers miss nothing in ${rounds} crashes, and are told nothing that is not there`, {
    timeout: 180_000 + rounds * 30_000,
  }, async () => {
    const tenant = await newTenant(instance(), 'events-crash')
    const admin = await administratorOf(instance(), tenant)
    const { owner } = await people(instance(), ['owner'], tenant)
    const group_id = await newGroup(owner, { type: 2 })
    let hook = await Receiver.start()
    receiver = hook
    dataOf(await admin.post('/webhooks', { url: hook.url, kinds: ['group.member.joined'] }))

    const stored = new Map<string, Told>()
    let cursor = 'earliest'
    let following = true
    const follow = async () => {
      while (following) {
        const answer = await admin
          .get('/events', { after: cursor, limit: 50, wait: 1 })
          .catch(() => undefined)
        if (answer === undefined) {
          await new Promise(resolve => setTimeout(resolve, 50))
          continue
        }
        for (const event of dataOf(answer) as Told[]) {
          expect(stored.has(event.cursor), `told twice: ${event.cursor}`).toBe(false)
          stored.set(event.cursor, event)
        }
        ;({ cursor } = answer)
      }
    }
    const follower = follow()

    const invited: number[] = []
    for (const round of times(rounds)) {
      // The kill comes while requests of four writers are under way: after another number of them each time.
      let left = 1 + ((round * 37) % 50)
      let crashing: Promise<void> | undefined
      const write = async () => {
        while (left > 0) {
          const user_list = newUsers(3)
          const answer = await owner.post('/group/invite', { group_id, user_list }).catch(() => undefined)
          if (answer === undefined) return
          dataOf(answer)
          invited.push(...user_list)
          if (--left === 0) crashing = instance().crash()
        }
      }
      await Promise.all([write(), write(), write(), write()])
      await crashing
      if (round % 5 === 4) {
        expect(await instance().check()).toEqual([])
        hook = await hook.restart()
        receiver = hook
      }
    }

    const whole = await eventsAfter(admin, 'earliest')
    const last = whole.at(-1)?.cursor ?? ''
    const deadline = Date.now() + 60_000
    while (!stored.has(last) && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 50))
    following = false
    await follower
    expect([...stored.values()]).toEqual(whole)
    const joining = whole.filter(({ how }) => how === 'invitation')
    const joined = new Set(joining.flatMap(({ users = [] }) => users))
    expect(invited.filter(user_id => !joined.has(user_id))).toEqual([])

    const newest = joining.at(-1)?.cursor
    // On Workers nobody is left after a crash: the cron trigger goes on.
    const { cron } = instance()
    const trigger = cron && setInterval(() => void cron().catch(() => {}), 1000)
    await hook
      .until(received => received.some(({ message }) => message.data.cursor === newest))
      .finally(() => clearInterval(trigger))
    const received = hook.received.map(({ message: { data } }) => data)
    // Some are sent again after a crash. The first time is in order, and each time says the same.
    expect([...new Map(received.map(data => [data.cursor, data])).values()]).toEqual(joining)
    const byCursor = new Map(joining.map(event => [event.cursor, event]))
    expect(
      received.filter(data => JSON.stringify(data) !== JSON.stringify(byCursor.get(String(data.cursor)))),
    ).toEqual([])
  })
}
