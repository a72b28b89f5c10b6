import { expect, it } from 'vitest'
import { newUsers } from '../../support/client.ts'
import { newTenant, times } from '../../support/crowds.ts'
import { administratorOf, eventsAfter, type Told } from '../../support/events.ts'
import { dataOf, newGroup, people } from '../../support/groups.ts'
import type { Suite } from '../all.ts'

/** A follower over kill -9: nothing missed, nothing twice, nothing told that is not there afterwards. */
export const crashingSuite: Suite = (instance, pace) => {
  const rounds = pace === 'slow' ? 2 : 5

  it(`a follower who keeps its cursor misses nothing in ${rounds} crashes`, {
    timeout: 180_000,
  }, async () => {
    const tenant = await newTenant(instance(), 'events-crash')
    const admin = await administratorOf(instance(), tenant)
    const { owner } = await people(instance(), ['owner'], tenant)
    const group_id = await newGroup(owner, { type: 2 })
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
      let left = 60 + round * 13
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
      expect(await instance().check()).toEqual([])
    }
    const whole = await eventsAfter(admin, 'earliest')
    const last = whole.at(-1)?.cursor ?? ''
    const deadline = Date.now() + 20_000
    while (!stored.has(last) && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 50))
    following = false
    await follower
    expect([...stored.values()]).toEqual(whole)
    const joined = new Set(
      whole.flatMap(({ kind, users }) => (kind === 'group.member.joined' ? (users ?? []) : [])),
    )
    expect(invited.filter(user_id => !joined.has(user_id))).toEqual([])
  })
}
