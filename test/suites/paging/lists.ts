import type { Answer } from '../../support/client.ts'
import { crowd } from '../../support/crowds.ts'
import { dataOf, newGroup, type Tenant, type User } from '../../support/groups.ts'
import type { Instance } from '../../support/target.ts'

export interface PageQuery {
  readonly cursor?: string
  readonly limit?: number
}

/** A paged list with rows that stay and, between them, rows that come and go. */
export interface PagedList {
  /** Keys of the rows that stay, in the order of the list. */
  readonly lasting: readonly number[]
  /** Its answers have no total: the reference knows no pages of it. */
  readonly uncounted?: true
  keyOf(row: Answer['data']): number
  page(query: PageQuery): Promise<Answer>
  /** Has others come or go, in turns. */
  churn(): Promise<void>
  /** Takes a row that stays from its place after all. */
  takeAway(key: number): Promise<void>
}

/** Makes such a list of its own: so many rows that stay, and as many others. */
export type MakeList = (instance: Instance, rows: number, tenant?: Tenant) => Promise<PagedList>

const idsOf = (users: readonly User[]): number[] => users.map(user => user.id)
const even = <T>(list: readonly T[]): T[] => list.filter((_, i) => i % 2 === 0)
const odd = <T>(list: readonly T[]): T[] => list.filter((_, i) => i % 2 === 1)
const newestFirst = (users: readonly User[]): number[] => idsOf(users).reverse()

/** By turns, `come` for some of the others and `go` for some of them. */
function inTurns(
  others: readonly User[],
  come: (some: User[]) => Promise<Answer>,
  go: (some: User[]) => Promise<Answer>,
): () => Promise<void> {
  let turn = 0
  return async () => {
    const n = turn++
    const some = others.filter((_, i) => (i + n) % 3 !== 0)
    dataOf(await (n % 2 === 0 ? come(some) : go(some)))
  }
}

async function groupWith(instance: Instance, rows: number, tenant: Tenant = instance) {
  const [owner, ...users] = (await crowd(instance, 1 + 2 * rows, tenant)) as [User, ...User[]]
  const group_id = await newGroup(owner)
  const send = (path: string, some: readonly User[], more: object = {}): Promise<Answer> =>
    owner.post(path, { group_id, user_list: idsOf(some), ...more })
  const get = (path: string) => (query: PageQuery) => owner.get(path, { group_id, ...query })
  return { owner, group_id, lasting: even(users), others: odd(users), users, send, get }
}

const byUser = (row: Answer['data']): number => row.user_id

const members: MakeList = async (instance, rows, tenant) => {
  const { owner, group_id, lasting, others, send, get } = await groupWith(instance, rows - 1, tenant)
  dataOf(await send('/group/invite', lasting))
  return {
    lasting: [owner.id, ...idsOf(lasting)],
    keyOf: byUser,
    page: get('/group/member_list'),
    churn: inTurns(
      others,
      some => send('/group/invite', some),
      some => send('/group/kick', some),
    ),
    takeAway: async key => dataOf(await owner.post('/group/kick', { group_id, user_list: [key] })),
  }
}

const banned: MakeList = async (instance, rows, tenant) => {
  const { owner, group_id, lasting, others, users, send, get } = await groupWith(instance, rows, tenant)
  dataOf(await send('/group/invite', users))
  dataOf(await send('/group/ban', lasting, { duration: -1 }))
  return {
    lasting: idsOf(lasting),
    keyOf: byUser,
    page: get('/group/banned_list'),
    churn: inTurns(
      others,
      some => send('/group/ban', some, { duration: 60 }),
      some => send('/group/unban', some),
    ),
    takeAway: async key => dataOf(await owner.post('/group/unban', { group_id, user_list: [key] })),
  }
}

const blocked: MakeList = async (instance, rows, tenant) => {
  const { owner, group_id, lasting, others, send, get } = await groupWith(instance, rows, tenant)
  dataOf(await send('/group/block', lasting))
  return {
    lasting: idsOf(lasting),
    keyOf: byUser,
    page: get('/group/blocked_list'),
    churn: inTurns(
      others,
      some => send('/group/block', some),
      some => send('/group/unblock', some),
    ),
    takeAway: async key => dataOf(await owner.post('/group/unblock', { group_id, user_list: [key] })),
  }
}

const applications: MakeList = async (instance, rows, tenant) => {
  const { owner, group_id, lasting, others } = await groupWith(instance, rows, tenant)
  const second = await newGroup(owner)
  const groupOf = ({ id }: { readonly id: number }): number => (id % 4 < 2 ? group_id : second)
  const apply = async (user: User) => dataOf(await user.post('/group/apply', { group_id: groupOf(user) }))
  for (const user of lasting) await apply(user)
  let turn = 0
  return {
    lasting: newestFirst(lasting),
    keyOf: row => row.applicant_id,
    page: query => owner.post('/group/application_list', { group_list: [group_id, second], ...query }),
    // Who applies again has one application, the newest; a rejected one stays where it is.
    churn: async () => {
      const user = others[turn++ % others.length] ?? owner
      await apply(user)
      if (turn % 2 === 0)
        await owner.post('/group/apply/handle', {
          group_id: groupOf(user),
          user_id: user.id,
          approval: false,
        })
    },
    takeAway: async key => apply(lasting.find(user => user.id === key) ?? owner),
  }
}

const invitations: MakeList = async (instance, rows, tenant) => {
  const { group_id, owner, lasting, others, users, send } = await groupWith(instance, rows, tenant)
  const [guest] = (await crowd(instance, 1, tenant)) as [User]
  dataOf(await send('/group/invite', users))
  dataOf(await guest.post('/user/settings', { group_confirm: true }))
  const invite = async (user: User) =>
    dataOf(await user.post('/group/invite', { group_id, user_list: [guest.id] }))
  for (const user of lasting) await invite(user)
  let turn = 0
  return {
    lasting: newestFirst(lasting),
    keyOf: row => row.inviter_id,
    page: query => guest.get('/group/invitation_list', { ...query }),
    // Whoever invites again takes its pending invitation back; a declined one stays where it is.
    churn: async () => {
      const user = others[turn++ % others.length] ?? owner
      await invite(user)
      if (turn % 2 === 0)
        await guest.post('/group/invite/handle', { group_id, user_id: user.id, approval: false })
    },
    takeAway: async key => invite(lasting.find(user => user.id === key) ?? owner),
  }
}

const announcements: MakeList = async (instance, rows, tenant) => {
  const { owner, group_id } = await groupWith(instance, 1, tenant)
  const publish = async (): Promise<number> =>
    dataOf(await owner.post('/group/announcement/edit', { group_id, title: 't', content: 'c' })).id
  const others: number[] = []
  const lasting: number[] = []
  for (let i = 0; i < rows; i++) {
    lasting.unshift(await publish())
    if (i % 2 === 0) others.push(await publish())
  }
  const remove = (announcement_id: number) =>
    owner.post('/group/announcement/delete', { group_id, announcement_id })
  for (const id of others) await remove(id)
  return {
    lasting,
    uncounted: true,
    keyOf: row => row.id,
    // The latest page comes first, but in each page the oldest.
    page: async query => {
      const answer = await owner.get('/group/announcement/list', { group_id, ...query })
      return answer.code === 200 ? { ...answer, data: [...answer.data].reverse() } : answer
    },
    churn: async () => void (await remove(await publish())),
    takeAway: async key => void (await remove(key)),
  }
}

const files: MakeList = async (instance, rows, tenant) => {
  const { owner, group_id } = await groupWith(instance, 1, tenant)
  const share = async (): Promise<number> =>
    dataOf(await owner.post('/group/file/upload', { group_id, name: 'f', size: 1, url: 'https://x.test/f' }))
      .file_id
  const lasting: number[] = []
  for (let i = 0; i < rows; i++) lasting.unshift(await share())
  const remove = (file_id: number) => owner.post('/group/file/delete', { group_id, file_list: [file_id] })
  return {
    lasting,
    uncounted: true,
    keyOf: row => row.file_id,
    page: query => owner.get('/group/file/list', { group_id, ...query }),
    churn: async () => void (await remove(await share())),
    takeAway: async key => void (await remove(key)),
  }
}

/** Every paged list of the API. */
export const pagedLists: Readonly<Record<string, MakeList>> = {
  member_list: members,
  banned_list: banned,
  blocked_list: blocked,
  application_list: applications,
  invitation_list: invitations,
  announcement_list: announcements,
  file_list: files,
}
