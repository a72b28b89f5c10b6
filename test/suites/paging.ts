import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, newUsers } from '../support/client.ts'
import { crowd, newTenant, times } from '../support/crowds.ts'
import { dataOf, expectRefusal, newGroup, type Tenant, type User } from '../support/groups.ts'
import { allPages } from '../support/pages.ts'
import type { Suite } from './all.ts'
import { type PagedList, pagedLists } from './paging/lists.ts'
import { renewedRows } from './paging/renewed.ts'

/** All keys of a list, page by page. */
const keysOf = async (list: PagedList, limit?: number, between?: () => Promise<unknown>): Promise<number[]> =>
  (await allPages(cursor => list.page({ cursor, ...(limit !== undefined && { limit }) }), between)).map(
    list.keyOf,
  )

const firstCursor = async (list: PagedList): Promise<string> => {
  const { cursor } = await list.page({ limit: 2 })
  expect(cursor).not.toBe('')
  return cursor
}

/** Cursors that were never given out, but look much like this one. */
function forgeries(cursor: string): string[] {
  const middle = Math.floor(cursor.length / 2)
  const otherThan = (character: string | undefined): string => (character === 'a' ? 'b' : 'a')
  const changedAt = (i: number): string => cursor.slice(0, i) + otherThan(cursor[i]) + cursor.slice(i + 1)
  const changed = [...cursor].map((_, i) => changedAt(i))
  const recased = [...cursor].map(
    (c, i) =>
      cursor.slice(0, i) + (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()) + cursor.slice(i + 1),
  )
  const cut = [1, middle, cursor.length - 1].map(length => cursor.slice(0, length))
  const other = [cursor.toUpperCase(), cursor.toLowerCase(), [...cursor].reverse().join(''), cursor + cursor]
  const longer = [...' \t\n\u00000a+-.='].flatMap(more => [
    more + cursor,
    cursor + more,
    cursor.slice(0, middle) + more + cursor.slice(middle),
  ])
  const inside = [...cursor].flatMap((_, i) =>
    [...' +-'].map(more => cursor.slice(0, i) + more + cursor.slice(i)),
  )
  const madeUp = [
    '0',
    '1',
    '-1',
    'null',
    'undefined',
    '{}',
    '.',
    '..',
    'a.a',
    "' OR 1=1 --",
    '😀',
    'x'.repeat(5000),
  ]
  return [...changed, ...recased, ...cut, ...other, ...longer, ...inside, ...madeUp].filter(
    forged => forged !== cursor,
  )
}

/** Paged lists (docs/behaviour.md, section 5): what stays is seen once, whatever happens around it. */
export const pagingSuite: Suite = (instance, pace, target) => {
  renewedRows(instance, pace, target)

  const rows = pace === 'slow' ? 8 : 24
  let here: Tenant
  let elsewhere: Tenant
  beforeAll(async () => {
    here = await newTenant(instance(), 'paging')
    elsewhere = await newTenant(instance(), 'paging-elsewhere')
  })

  describe.each(Object.entries(pagedLists))('%s', (name, make) => {
    it('has every row once, with every limit, and nothing after the last page', async () => {
      const list = await make(instance(), rows, here)
      for (const limit of [1, 2, rows - 1, rows, rows + 1, 1000, undefined]) {
        const pages: Answer[] = []
        const keys = await allPages(async cursor => {
          const answer = await list.page({ cursor, ...(limit !== undefined && { limit }) })
          pages.push(answer)
          return answer
        })
        expect(keys.map(list.keyOf)).toEqual(list.lasting)
        const full = Math.min(limit ?? rows, rows)
        expect(pages.map(page => page.data.length)).toEqual(
          times(Math.ceil(rows / full)).map(i => Math.min(full, rows - i * full)),
        )
        expect(new Set(pages.map(page => page.total))).toEqual(new Set([list.uncounted ? undefined : rows]))
        expect(pages.at(-1)?.cursor).toBe('')
      }
    })

    it.each([1, 3])('has every row that stays once while others come and go, %d to a page', async limit => {
      const list = await make(instance(), rows, here)
      let paging = true
      let changes = 0
      const churn = async () => {
        do {
          await list.churn()
          changes++
        } while (paging)
      }
      const churning = Promise.all([churn(), churn(), churn()])
      const keys = await keysOf(list, limit, () => list.churn()).finally(() => {
        paging = false
      })
      await churning
      expect(changes).toBeGreaterThan(0)
      expect(keys.filter(key => list.lasting.includes(key))).toEqual(list.lasting)
      const found = await keysOf(list, 1000)
      expect(found.filter(key => list.lasting.includes(key))).toEqual(list.lasting)
      if (!list.uncounted) expect((await list.page({ limit })).total).toBe(found.length)
    })

    it('goes on where it was when the last row of a page is gone', async () => {
      const list = await make(instance(), rows, here)
      const gone = new Set<number>()
      let at = 3
      const keys = await keysOf(list, 3, async () => {
        const key = list.lasting[at - 1] ?? 0
        await list.takeAway(key)
        gone.add(key)
        at += 3
      })
      const stayed = list.lasting.filter(key => !gone.has(key))
      expect(gone.size).toBeGreaterThan(1)
      expect(keys.filter(key => !gone.has(key))).toEqual(stayed)
    })

    it('takes a cursor again, and with another limit', async () => {
      const list = await make(instance(), rows, here)
      const cursor = await firstCursor(list)
      for (const limit of [1, 3, 3, 1000]) {
        const rest = dataOf(await list.page({ cursor, limit })).map(list.keyOf)
        expect(rest).toEqual(list.lasting.slice(2, 2 + limit))
      }
      const rest = await allPages(next => list.page({ cursor: next === '' ? cursor : next, limit: 4 }))
      expect(rest.map(list.keyOf)).toEqual(list.lasting.slice(2))
    })

    it('refuses a cursor that was made up, changed or cut', async () => {
      const list = await make(instance(), 4, here)
      const accepted: string[] = []
      for (const cursor of forgeries(await firstCursor(list))) {
        const answer = await list.page({ cursor, limit: 2 })
        if (answer.code === 200) accepted.push(cursor)
        else expectRefusal(answer, 10002, 'cursor')
      }
      expect(accepted).toEqual([])
    })

    it('refuses a cursor of another list, group, user or app', async () => {
      const list = await make(instance(), 4, here)
      const others = Object.entries(pagedLists).filter(([other]) => other !== name)
      const foreign = await Promise.all([
        make(instance(), 4, here),
        make(instance(), 4, elsewhere),
        ...others.map(([, makeOther]) => makeOther(instance(), 4, here)),
      ])
      for (const other of foreign)
        expectRefusal(await list.page({ cursor: await firstCursor(other), limit: 2 }), 10002, 'cursor')
      for (const other of foreign)
        expectRefusal(await other.page({ cursor: await firstCursor(list), limit: 2 }), 10002, 'cursor')
    })
  })

  it('the lists of one group take no cursor of each other', async () => {
    const [owner, ...users] = (await crowd(instance(), 6, here)) as [User, ...User[]]
    const group_id = await newGroup(owner)
    const ids = users.map(user => user.id)
    const user_list = ids.slice(0, 3)
    dataOf(await owner.post('/group/invite', { group_id, user_list }))
    dataOf(await owner.post('/group/ban', { group_id, user_list, duration: 5 }))
    dataOf(await owner.post('/group/block', { group_id, user_list: ids.slice(3) }))
    const paths = ['/group/member_list', '/group/banned_list', '/group/blocked_list']
    for (const path of paths) {
      const { cursor } = await owner.get(path, { group_id, limit: 1 })
      for (const other of paths) {
        const answer = await owner.get(other, { group_id, limit: 1, cursor })
        if (other === path) expect(dataOf(answer)).toHaveLength(1)
        else expectRefusal(answer, 10002, 'cursor')
      }
    }
  })

  it('an empty list is one empty page', async () => {
    const [owner, user] = (await crowd(instance(), 2, here)) as [User, User]
    const group_id = await newGroup(owner)
    for (const answer of [
      await owner.get('/group/banned_list', { group_id }),
      await owner.get('/group/blocked_list', { group_id }),
      await owner.post('/group/application_list', { group_list: [group_id] }),
      await user.post('/group/application_list', { group_list: [group_id] }),
      await user.get('/group/invitation_list'),
    ]) {
      expect(answer).toMatchObject({ code: 200, data: [], cursor: '', total: 0 })
    }
  })

  it('a page ends early where more would be larger than an answer may be, and its cursor goes on', async () => {
    const [owner] = (await crowd(instance(), 1, here)) as [User]
    const group_id = await newGroup(owner)
    const published: number[] = []
    // As JSON, each takes 49 kB.
    for (let i = 0; i < 30; i++) {
      const sent = { group_id, title: String(i), content: '\u0000'.repeat(8192) }
      published.push(dataOf(await owner.post('/group/announcement/edit', sent)).id)
    }
    for (const limit of [undefined, 1000]) {
      const pages: Answer[] = []
      await allPages(async cursor => {
        const answer = await owner.get('/group/announcement/list', {
          group_id,
          cursor,
          ...(limit !== undefined && { limit }),
        })
        pages.push(answer)
        return answer
      })
      for (const { body } of pages) expect(JSON.stringify(body).length).toBeLessThan(2 ** 20)
      const [latest, ...others] = pages.map(page => page.data.map((row: { id: number }) => row.id))
      expect(latest).toEqual(published.slice(-latest.length))
      expect(others).toEqual([published.slice(0, -latest.length)])
    }
  })

  describe('by default', () => {
    it('members, banned and blacklisted come a thousand to a page', async () => {
      const [owner] = (await crowd(instance(), 1, here)) as [User]
      const group_id = await newGroup(owner)
      const [inside, outside] = [newUsers(1500), newUsers(1500)]
      const inBatches = async (path: string, ids: number[], more: object = {}) => {
        for (const from of [0, 500, 1000])
          dataOf(await owner.post(path, { group_id, user_list: ids.slice(from, from + 500), ...more }))
      }
      await inBatches('/group/invite', inside)
      await inBatches('/group/ban', inside, { duration: -1 })
      await inBatches('/group/block', outside)
      for (const [path, ids] of [
        ['/group/member_list', [owner.id, ...inside]],
        ['/group/banned_list', inside],
        ['/group/blocked_list', outside],
      ] as const) {
        const sizes: number[] = []
        const rows = await allPages(async cursor => {
          const answer = await owner.get(path, { group_id, cursor })
          expect(answer.total).toBe(ids.length)
          sizes.push(answer.data.length)
          return answer
        })
        expect(sizes).toEqual([1000, ids.length - 1000])
        expect(rows.map(row => row.user_id)).toEqual(ids)
      }
    })

    it.each(['application_list', 'invitation_list'])('%s comes a hundred to a page', async name => {
      const list = await pagedLists[name]?.(instance(), 101, here)
      const first = await list?.page({})
      expect(first).toMatchObject({ code: 200, total: 101 })
      expect(first?.data).toHaveLength(100)
      expect(dataOf((await list?.page({ cursor: first?.cursor ?? '' })) as Answer)).toHaveLength(1)
    })
  })
}
