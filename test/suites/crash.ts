import { beforeAll, expect, it } from 'vitest'
import { type Answer, newUsers } from '../support/client.ts'
import { crowd, newTenant, times } from '../support/crowds.ts'
import { dataOf, infoOf, newGroup, type Tenant, type User } from '../support/groups.ts'
import { allPages } from '../support/pages.ts'
import type { Suite } from './all.ts'

/** What one user has made of its group, and of others. */
interface State {
  readonly name: string
  readonly members: readonly number[]
  readonly blocked: readonly number[]
  readonly announcements: readonly string[]
  readonly files: readonly string[]
  /** Names of its other groups, with how many members they have. */
  readonly others: readonly string[]
}

interface Change {
  send(): Promise<Answer>
  readonly next: State
}

/** A user that changes things, one request after the other, and remembers what must have come of it. */
class Writer {
  readonly user: User
  readonly group_id: number
  #state: State
  /** What is if the last request, which was not answered, was carried out all the same. */
  #maybe: State | undefined
  #turn = 0

  constructor(user: User, group_id: number) {
    this.user = user
    this.group_id = group_id
    this.#state = { name: '', members: [user.id], blocked: [], announcements: [], files: [], others: [] }
  }

  /** Writes until told to stop or cut off; true if cut off. */
  async write(answered: () => boolean): Promise<boolean> {
    do {
      const { send, next } = this.#change()
      this.#maybe = next
      const answer = await send().catch(() => undefined)
      if (answer === undefined) return true
      dataOf(answer)
      this.#state = next
      this.#maybe = undefined
    } while (answered())
    return false
  }

  /** Everything answered is there, and what was not answered is there wholly or not at all. */
  async expectIntact(): Promise<void> {
    const found = await this.#look()
    if (this.#maybe === undefined) expect(found).toEqual(this.#state)
    else expect([this.#state, this.#maybe]).toContainEqual(found)
    this.#state = found
    this.#maybe = undefined
  }

  #change(): Change {
    const { user, group_id } = this
    const state = this.#state
    const turn = this.#turn++
    const text = `${user.id} in turn ${turn}`
    const others = state.members.filter(id => id !== user.id)
    const post = (path: string, body: object) => () => user.post(path, { group_id, ...body })
    const out = others.slice(0, 3)
    const left = state.members.filter(id => !out.includes(id))
    switch (turn % 8) {
      case 0: {
        const user_list = newUsers(20)
        return {
          send: post('/group/invite', { user_list }),
          next: { ...state, members: [...state.members, ...user_list] },
        }
      }
      case 1:
        return {
          send: post('/group/announcement/edit', { title: 'News', content: text }),
          next: { ...state, announcements: [...state.announcements, text] },
        }
      case 2:
        return { send: post('/group/kick', { user_list: out }), next: { ...state, members: left } }
      case 3: {
        const user_list = newUsers(5)
        return {
          send: () => user.post('/group/create', { name: text, user_list }),
          next: { ...state, others: [...state.others, `${text}: 6`] },
        }
      }
      case 4:
        return {
          send: post('/group/block', { user_list: out }),
          next: { ...state, members: left, blocked: [...state.blocked, ...out] },
        }
      case 5:
        return {
          send: post('/group/file/upload', { name: text, size: turn, url: 'https://files.example/' }),
          next: { ...state, files: [text, ...state.files] },
        }
      case 6:
        return { send: post('/group/info/name', { value: text }), next: { ...state, name: text } }
      default: {
        const [first = 0, ...rest] = state.blocked
        return { send: post('/group/unblock', { user_list: [first] }), next: { ...state, blocked: rest } }
      }
    }
  }

  async #look(): Promise<State> {
    const { user, group_id } = this
    const { name, count } = await infoOf(user, group_id)
    const idsOf = async (path: string): Promise<number[]> =>
      (await allPages(cursor => user.get(path, { group_id, cursor }))).map(row => row.user_id)
    const members = await idsOf('/group/member_list')
    expect(members).toHaveLength(Number(count))
    const group_list: number[] = dataOf(await user.get('/group/user_joined'))
    const groups = dataOf(
      await user.post('/group/info/batch', { group_list: group_list.filter(id => id !== group_id) }),
    )
    const announcements = dataOf(await user.get('/group/announcement/list', { group_id }))
    const files = dataOf(await user.get('/group/file/list', { group_id }))
    return {
      name: String(name),
      members,
      blocked: await idsOf('/group/blocked_list'),
      announcements: announcements.map((item: { content: string }) => item.content),
      files: files.map((item: { name: string }) => item.name),
      others: groups
        .map((group: { name: string; count: number }) => `${group.name}: ${group.count}`)
        .reverse(),
    }
  }
}

/** Users that all invite into one group, twenty in a request. */
class Inviters {
  readonly #owner: User
  readonly #group_id: number
  readonly #answered: number[][] = []
  #cutOff: number[][] = []

  constructor(owner: User, group_id: number) {
    this.#owner = owner
    this.#group_id = group_id
  }

  async write(answered: () => boolean): Promise<boolean> {
    do {
      const user_list = newUsers(20)
      const answer = await this.#owner
        .post('/group/invite', { group_id: this.#group_id, user_list })
        .catch(() => undefined)
      if (answer === undefined) {
        this.#cutOff.push(user_list)
        return true
      }
      dataOf(answer)
      this.#answered.push(user_list)
    } while (answered())
    return false
  }

  async expectIntact(): Promise<void> {
    const [owner, group_id] = [this.#owner, this.#group_id]
    const rows = await allPages(cursor => owner.get('/group/member_list', { group_id, cursor }))
    const members = new Set<number>(rows.map(row => row.user_id))
    expect(members.size).toBe(rows.length)
    expect(await infoOf(owner, group_id)).toMatchObject({ count: rows.length })
    for (const batch of this.#cutOff) {
      const there = batch.filter(id => members.has(id))
      expect([0, batch.length]).toContain(there.length)
      if (there.length > 0) this.#answered.push(batch)
    }
    this.#cutOff = []
    const expected = [owner.id, ...this.#answered.flat()]
    expect(rows.map(row => row.user_id)).toEqual(expected.sort((a, b) => a - b))
  }
}

/** The end by kill -9 under load (docs/behaviour.md, section 6). */
export const crashSuite: Suite = (instance, pace) => {
  const rounds = pace === 'slow' ? 2 : 5
  const answersARound = pace === 'slow' ? 100 : 300
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await newTenant(instance(), 'crash')
  })

  it(`loses nothing that was answered and does nothing by half, ${rounds} times`, async () => {
    const users = await crowd(instance(), 8, tenant)
    const writers = await Promise.all(users.map(async user => new Writer(user, await newGroup(user))))
    const [host] = (await crowd(instance(), 1, tenant)) as [User]
    const inviters = new Inviters(host, await newGroup(host, { type: 2 }))

    let cutOff = 0
    for (const round of times(rounds)) {
      let left = answersARound + round * 7
      let crashing: Promise<void> | undefined
      const answered = (): boolean => {
        if (--left === 0) crashing = instance().crash()
        return left > 0
      }
      const ends = await Promise.all(
        [...writers, inviters, inviters, inviters].map(writer => writer.write(answered)),
      )
      await crashing
      cutOff += ends.filter(end => end).length
      expect(await instance().check()).toEqual([])
      for (const writer of [...writers, inviters]) await writer.expectIntact()
    }
    expect(cutOff).toBeGreaterThan(0)
  })
}
