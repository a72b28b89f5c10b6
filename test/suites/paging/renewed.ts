import { describe, expect, it } from 'vitest'
import type { Answer } from '../../support/client.ts'
import { crowd, newTenant } from '../../support/crowds.ts'
import { dataOf, newGroup, people, type User } from '../../support/groups.ts'
import { allPages } from '../../support/pages.ts'
import type { Suite } from '../all.ts'

const rows = 7
/**
 * Before the second page, the third …: rows that were seen and rows that were not, some of them every time.
 */
const renewedAt = (turn: number): number[] => [...new Set([0, turn, rows - 1, rows - 2 - turn])]

/** All rows of a list in pages of two; `renew` runs before each page but the first. */
async function rowsOf(
  page: (query: { cursor: string; limit: number }) => Promise<Answer>,
  renew: (turn: number) => Promise<void>,
): Promise<Record<string, number>[]> {
  let turn = 0
  return allPages(
    cursor => page({ cursor, limit: 2 }),
    () => renew(turn++),
  )
}

/**
 * Applications and invitations that are made again are the newest from then on, and keep their place for a
 * cursor under way (docs/behaviour.md, section 5).
 */
export const renewedRows: Suite = instance => {
  describe('rows that are renewed while they are read are seen once, where they were:', () => {
    const at = (users: readonly User[], i: number): User => users[i] as User

    it('applications', async () => {
      const tenant = await newTenant(instance(), 'renewed-applications')
      const { owner } = await people(instance(), ['owner'], tenant)
      const group_id = await newGroup(owner)
      const users = await crowd(instance(), rows, tenant)
      const newcomers = await crowd(instance(), rows, tenant)
      const apply = async (user: User) => dataOf(await user.post('/group/apply', { group_id }))
      for (const user of users) await apply(user)
      const page = (query: Readonly<Record<string, unknown>>) =>
        owner.post('/group/application_list', { group_list: [group_id], ...query })
      const seen = await rowsOf(page, async turn => {
        for (const i of renewedAt(turn)) await apply(at(users, i))
        await apply(at(newcomers, turn))
      })
      expect(seen.map(row => row.applicant_id)).toEqual(users.map(({ id }) => id).reverse())
      await apply(at(users, 3))
      expect(dataOf(await page({ limit: 1 }))).toMatchObject([{ applicant_id: users[3]?.id }])
    })

    it('invitations, those that were declined too', async () => {
      const tenant = await newTenant(instance(), 'renewed-invitations', { invite_confirm: true })
      const { invitee } = await people(instance(), ['invitee'], tenant)
      const inviters = await crowd(instance(), rows, tenant)
      const groups: number[] = []
      for (const inviter of inviters) groups.push(await newGroup(inviter, { user_list: [invitee.id] }))
      const invite = async (i: number) =>
        dataOf(await at(inviters, i).post('/group/invite', { group_id: groups[i], user_list: [invitee.id] }))
      const decline = async (i: number) => {
        const answer = { group_id: groups[i], user_id: at(inviters, i).id, approval: false }
        dataOf(await invitee.post('/group/invite/handle', answer))
      }
      const page = (query: { limit: number; cursor?: string }) => invitee.get('/group/invitation_list', query)
      const seen = await rowsOf(page, async turn => {
        for (const i of renewedAt(turn)) {
          if (turn === 1) await decline(i)
          await invite(i)
        }
      })
      expect(seen.map(row => row.group_id)).toEqual([...groups].reverse())
      await invite(3)
      expect(dataOf(await page({ limit: 1 }))).toMatchObject([{ group_id: groups[3] }])
    })
  })
}
