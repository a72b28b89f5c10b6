import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue } from '../../src/operation/fair-queue.ts'

interface Item {
  readonly app_id: string
  readonly user: string
  readonly number: number
}

const items = fc.array(
  fc.record({ app_id: fc.constantFrom('a', 'b', 'c'), user: fc.constantFrom('', '1', '2', '3') }),
  { maxLength: 60 },
)

const filled = (turns: readonly Omit<Item, 'number'>[]): FairQueue<Item> => {
  const queue = new FairQueue<Item>()
  for (const [number, turn] of turns.entries()) queue.push(turn, { ...turn, number })
  return queue
}

const drained = (queue: FairQueue<Item>): Item[] => {
  const out: Item[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) out.push(item)
  return out
}

describe('a fair queue', () => {
  it('gives everything once, what one user brought in its order', () => {
    fc.assert(
      fc.property(items, turns => {
        const out = drained(filled(turns))
        expect(out.map(({ number }) => number).sort((a, b) => a - b)).toEqual(turns.map((_, i) => i))
        for (const { app_id, user } of out) {
          const own = out.filter(item => item.app_id === app_id && item.user === user)
          expect(own.map(({ number }) => number)).toEqual(
            own.map(({ number }) => number).sort((a, b) => a - b),
          )
        }
      }),
    )
  })

  it('gives no app a second turn, and within it no user, before all others that wait had one', () => {
    fc.assert(
      fc.property(items, turns => {
        const out = drained(filled(turns))
        for (const [i, item] of out.entries()) {
          const next = out.findIndex((later, j) => j > i && later.app_id === item.app_id)
          if (next < 0) continue
          const between = out.slice(i + 1, next).map(({ app_id }) => app_id)
          const waiting = new Set(out.slice(i + 1).map(({ app_id }) => app_id))
          waiting.delete(item.app_id)
          expect(new Set(between)).toEqual(waiting)
          const ofApp = out.slice(i + 1).filter(({ app_id }) => app_id === item.app_id)
          const again = ofApp.findIndex(({ user }) => user === item.user)
          if (again < 0) continue
          const users = new Set(ofApp.map(({ user }) => user))
          users.delete(item.user)
          expect(new Set(ofApp.slice(0, again).map(({ user }) => user))).toEqual(users)
        }
      }),
    )
  })

  it('puts a newcomer before the second of whoever brought a thousand', () => {
    const queue = filled(Array.from({ length: 1000 }, () => ({ app_id: 'a', user: '1' })))
    queue.push({ app_id: 'b', user: '1' }, { app_id: 'b', user: '1', number: -1 })
    queue.push({ app_id: 'a', user: '2' }, { app_id: 'a', user: '2', number: -2 })
    expect(Array.from({ length: 4 }, () => queue.shift()?.number)).toEqual([0, -1, -2, 1])
  })

  it('passes over whoever may have no turn now, and forgets who has gone', () => {
    const queue = filled([
      { app_id: 'a', user: '1' },
      { app_id: 'b', user: '1' },
      { app_id: 'b', user: '1' },
    ])
    expect(queue.shift(({ app_id }) => app_id !== 'a')?.number).toBe(1)
    const gone = { app_id: 'c', user: '1', number: 3 }
    queue.push(gone, gone)
    queue.remove(gone, gone)
    expect(queue.size).toBe(2)
    expect(queue.shift()?.number).toBe(0)
    const first = { app_id: 'b', user: '1', number: 1 }
    queue.putBack(first, first)
    expect(queue.shift()).toBe(first)
    expect(queue.clear()).toHaveLength(1)
    expect([queue.size, queue.shift()]).toEqual([0, undefined])
  })
})
