import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Play, Tally } from '../../model/play.ts'
import { sequence } from '../../model/steps.ts'
import type { Client } from '../../support/client.ts'
import { administratorOf, eventsAfter, type Told } from '../../support/events.ts'
import { dataOf } from '../../support/groups.ts'
import { allPages } from '../../support/pages.ts'
import type { Suite } from '../all.ts'

interface Member {
  role: number
  until: number
}

/** A group as a reader knows it. */
interface Known {
  info: Record<string, unknown>
  owner_id: number
  readonly members: Map<number, Member>
  readonly blocked: Set<number>
  /** Ends of bans of users who are away: they are in force again when these come back. */
  readonly bans: Map<number, number>
}

/**
 * Groups rebuilt from the feed alone, by a second implementation that knows nothing of the database: only
 * what docs/events.md says of the kinds.
 */
export class Mirror {
  readonly groups = new Map<number, Known>()

  take(event: Told): void {
    const { kind, group_id, users = [] } = event
    if (group_id === null) return
    if (kind === 'group.created') {
      const { owner_id, ...info } = event.group
      const known = { info, owner_id, members: new Map(), blocked: new Set<number>(), bans: new Map() }
      this.groups.set(group_id, known)
      return
    }
    const group = this.groups.get(group_id)
    if (group === undefined) throw new Error(`${kind} of the unknown group ${group_id}`)
    const set = (user_id: number, change: Partial<Member>) => {
      const member = group.members.get(user_id)
      if (member !== undefined) Object.assign(member, change)
    }
    switch (kind) {
      case 'group.destroyed':
        this.groups.delete(group_id)
        break
      case 'group.profile.changed':
      case 'group.settings.changed':
        for (const [field, [, value]] of Object.entries<[unknown, unknown]>(event.changes))
          group.info[field] = value
        break
      case 'group.member.joined':
        for (const id of users)
          group.members.set(id, { role: id === group.owner_id ? 3 : 1, until: group.bans.get(id) ?? 0 })
        break
      case 'group.member.left':
      case 'group.member.kicked':
        for (const id of users) group.members.delete(id)
        break
      case 'group.owner.assigned':
        set(event.previous, { role: 1 })
        group.owner_id = users[0] ?? 0
        set(group.owner_id, { role: 3, until: 0 })
        group.bans.delete(group.owner_id)
        break
      case 'group.admin.granted':
        for (const id of users) set(id, { role: 2 })
        break
      case 'group.admin.revoked':
        for (const id of users) set(id, { role: 1 })
        break
      case 'group.member.banned':
        for (const id of users) {
          set(id, { until: event.until })
          group.bans.set(id, event.until)
        }
        break
      case 'group.member.unbanned':
        for (const id of users) {
          set(id, { until: 0 })
          group.bans.delete(id)
        }
        break
      case 'group.all.banned':
        group.info.ban_all_until = event.until
        break
      case 'group.all.unbanned':
        group.info.ban_all_until = 0
        break
      case 'group.blacklist.added':
        for (const id of users) group.blocked.add(id)
        break
      case 'group.blacklist.removed':
        for (const id of users) group.blocked.delete(id)
        break
    }
  }
}

/** The state of a group as the API answers it to an administrator. */
export async function asAnswered(admin: Client, group_id: number) {
  const info = dataOf(await admin.get('/group/info', { group_id }))
  const pages = (path: string) => allPages(cursor => admin.get(path, { group_id, cursor }))
  const admins = dataOf(await admin.get('/group/admin_list', { group_id })).map(
    (member: { user_id: number }) => member.user_id,
  )
  return {
    name: info.name,
    owner_id: info.owner_id,
    count: info.count,
    apply_approval: info.apply_approval,
    member_invite: info.member_invite,
    members: (await pages('/group/member_list')).map(({ user_id, expired_time }) => [user_id, expired_time]),
    admins: [...admins].sort((a, b) => a - b),
    blocked: (await pages('/group/blocked_list')).map(({ user_id }) => user_id).sort((a, b) => a - b),
  }
}

export function asMirrored({ info, owner_id, members, blocked }: Known) {
  const inOrder = [...members].sort(([a], [b]) => a - b)
  return {
    name: info.name,
    owner_id,
    count: members.size,
    apply_approval: info.apply_approval,
    member_invite: info.member_invite,
    members: inOrder.map(([id, { until }]) => [id, until]),
    admins: inOrder.flatMap(([id, { role }]) => (role > 1 ? id : [])),
    blocked: [...blocked].sort((a, b) => a - b),
  }
}

/** A client that keeps a group by /group/sync, and comes only now and then. */
export class Follower {
  #admin: Client
  readonly #group_id: number
  #state = ''
  readonly #members = new Map<number, { role: number; expired_time: number }>()
  readonly #blocked = new Set<number>()
  #info: Record<string, unknown> = {}
  /** How often the service said that it does not know what changed. */
  resets = 0

  constructor(admin: Client, group_id: number) {
    this.#admin = admin
    this.#group_id = group_id
  }

  /** By this client from now on: the service has started again. */
  asks(admin: Client): void {
    this.#admin = admin
  }

  /** False when the group is gone. */
  async catchUp(limit: number): Promise<boolean> {
    for (;;) {
      const query = { group_id: this.#group_id, limit, ...(this.#state !== '' && { since: this.#state }) }
      const answer = await this.#admin.get('/group/sync', query)
      if (answer.code === 20001) return false
      const data = dataOf(answer)
      if (data.reset) {
        this.resets++
        await this.#readAnew()
      }
      for (const member of data.members) this.#members.set(member.user_id, member)
      for (const user_id of data.removed) this.#members.delete(user_id)
      for (const { user_id } of data.blocked) this.#blocked.add(user_id)
      for (const user_id of data.unblocked) this.#blocked.delete(user_id)
      this.#info = data.info
      this.#state = data.state
      if (!data.more) return true
    }
  }

  async #readAnew(): Promise<void> {
    const group_id = this.#group_id
    this.#members.clear()
    this.#blocked.clear()
    const admins = new Set(
      dataOf(await this.#admin.get('/group/admin_list', { group_id })).map(
        (m: { user_id: number }) => m.user_id,
      ),
    )
    const owner = dataOf(await this.#admin.get('/group/info', { group_id })).owner_id
    for (const m of await allPages(cursor => this.#admin.get('/group/member_list', { group_id, cursor })))
      this.#members.set(m.user_id, { ...m, role: m.user_id === owner ? 3 : admins.has(m.user_id) ? 2 : 1 })
    for (const m of await allPages(cursor => this.#admin.get('/group/blocked_list', { group_id, cursor })))
      this.#blocked.add(m.user_id)
  }

  get view() {
    const inOrder = [...this.#members].sort(([a], [b]) => a - b)
    return {
      name: this.#info.name,
      owner_id: this.#info.owner_id,
      count: inOrder.length,
      apply_approval: this.#info.apply_approval,
      member_invite: this.#info.member_invite,
      members: inOrder.map(([id, { expired_time }]) => [id, expired_time]),
      admins: inOrder.flatMap(([id, { role }]) => (role > 1 ? id : [])),
      blocked: [...this.#blocked].sort((a, b) => a - b),
    }
  }
}

/** Limits that random operations soon reach. */
export const tightRules = {
  capacity_private: 4,
  capacity_chatroom: 5,
  max_groups_created: 2,
  max_groups_joined: 3,
  rate_user_per_second: 0,
  invite_confirm: false,
}

/** Random operations, and readers who must come to know what they did. */
export const rebuildSuite: Suite = (instance, pace) => {
  const runs = pace === 'slow' ? 2 : 12
  it(`the feed and sync tell all of ${runs} random sequences`, { timeout: 300_000 }, async () => {
    const app_id = 'rebuilt'
    const tenant = { app_id, secret: await instance().createApp(app_id, tightRules), rules: tightRules }
    const admin = await administratorOf(instance(), tenant)
    const mirror = new Mirror()
    const followers = new Map<number, Follower>()
    let cursor = 'earliest'
    let turn = 0
    const look = async () => {
      const told = await eventsAfter(admin, cursor)
      for (const event of told) mirror.take(event)
      cursor = told.at(-1)?.cursor ?? cursor
      for (const [group_id, known] of mirror.groups) {
        const answered = await asAnswered(admin, group_id)
        expect(asMirrored(known), `group ${group_id} by the feed`).toEqual(answered)
        // Each follower comes at times of its own.
        const follower = followers.get(group_id) ?? new Follower(admin, group_id)
        followers.set(group_id, follower)
        turn++
        if (turn % 3 === 0) continue
        expect(await follower.catchUp(1 + (turn % 5))).toBe(true)
        expect(follower.view, `group ${group_id} by sync`).toEqual(answered)
      }
    }
    await fc.assert(
      fc.asyncProperty(sequence(60, 80), async steps => {
        for (let i = 0; i < steps.length; i += 20) {
          await (await Play.start(instance(), tenant, new Tally())).run(steps.slice(i, i + 20))
        }
        await look()
      }),
      { numRuns: runs, endOnFailure: true },
    )
    expect(mirror.groups.size).toBeGreaterThan(0)
  })
}
