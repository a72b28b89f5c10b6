import { afterAll, beforeAll, expect, it } from 'vitest'
import { dataOf, expectRefusal, newGroup, openDoors, people, succeeded } from '../support/groups.ts'
import { type ClockedInstance, startClocked } from '../support/in-process.ts'

/** In this process no job sweeps: what a dissolution leaves for later stays. */
let service: ClockedInstance
beforeAll(async () => {
  service = await startClocked()
})
afterAll(() => service.stop())

it('a dissolved group counts against no limit from that instant, however large it was', async () => {
  const { owner, another, first, last } = await people(service, ['owner', 'another', 'first', 'last'])
  const group_id = await newGroup(owner)
  // Members are swept in the order of their ids, a thousand at once.
  const others = Array.from({ length: 1200 }, (_, i) => first.id + 1000 + i)
  const members = [first.id, ...others, 2 ** 40]
  for (let at = 0; at < members.length; at += 500)
    dataOf(await owner.post('/group/invite', { group_id, user_list: members.slice(at, at + 500) }))
  dataOf(await owner.post('/group/invite', { group_id, user_list: [last.id] }))
  const late = others.at(-1) ?? 0
  await service.setApp({ max_groups_joined: 1, invite_confirm: false })
  const open = await newGroup(another)
  await openDoors(another, open)
  const join = () => another.post('/group/invite', { group_id: open, user_list: [first.id, late] })
  expect(dataOf(await join())).toMatchObject([{ result: 'fail' }, { result: 'fail' }])
  expectRefusal(await first.post('/group/create'), 20009)
  dataOf(await owner.post('/group/destroy', { group_id }))
  expect(dataOf(await join())).toEqual([succeeded(first.id), succeeded(late)])
  expect(dataOf(await another.post('/group/invite', { group_id: open, user_list: [2 ** 40] }))).toEqual([
    succeeded(2 ** 40),
  ])
  dataOf(await owner.post('/group/create'))
  expect(dataOf(await join())).toMatchObject([{ result: 'fail' }, { result: 'fail' }])
  expect(service.broken()).toEqual([])
})
