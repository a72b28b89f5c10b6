import { expect } from 'vitest'
import { type Client, callers, newUsers } from '../support/client.ts'
import type { Instance } from '../support/target.ts'
import { actions, verdictOf } from './authz.ts'
import { Moment } from './moment.ts'
import { asAdministrator, asUser, type Request, requestOf } from './request.ts'
import { Because, type Expected, type Fields, no, type Rule } from './rule.ts'
import type { Step } from './steps.ts'
import { viewsOfGroup, viewsOfUser } from './views.ts'
import { type AppRules, World } from './world.ts'

export interface Tenant {
  readonly app_id: string
  readonly secret: string
  readonly rules: AppRules
}

const usersInPlay = 6
/** After so many steps some of the state is compared, at the end all of it. */
const stepsBetweenViews = 35

/**
 * The service and the model, given the same requests. Throws at the first answer that is another than the
 * model's.
 */
export class Play {
  readonly #world: World
  readonly #clients: ReadonlyMap<number | undefined, Client>
  readonly #log: string[] = []
  readonly #tally: Tally

  static async start(instance: Instance, tenant: Tenant, tally: Tally): Promise<Play> {
    const users = newUsers(usersInPlay)
    const { as, admin } = callers(instance, tenant.app_id, tenant.secret)
    const clients = new Map<number | undefined, Client>([[undefined, await admin()]])
    for (const user_id of users) clients.set(user_id, await as(user_id))
    return new Play(new World(tenant.rules, users), clients, tally)
  }

  private constructor(world: World, clients: ReadonlyMap<number | undefined, Client>, tally: Tally) {
    this.#world = world
    this.#clients = clients
    this.#tally = tally
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const [i, step] of steps.entries()) {
      const request = requestOf(this.#world, step)
      await this.#ask(request)
      await this.#judge(request.fields.group_id)
      if ((i + 1) % stepsBetweenViews === 0) await this.#look(step)
    }
    await this.#lookAtAll()
  }

  async #ask(request: Request): Promise<void> {
    const { rule, token, headers, caller, fields } = request
    const client = this.#clients.get(token)
    if (client === undefined) throw new Error(`no client for ${token}`)
    const sent = rule.sends(fields)
    const query = sent as Readonly<Record<string, string | number | boolean>>
    const from = Date.now()
    const answer = await client.call(
      rule.method,
      rule.path,
      rule.method === 'GET' ? { query, headers } : { body: sent, headers },
    )
    const at = new Moment(from, Date.now())
    const made = (field: string): unknown => answer.data?.[field]
    const expected: Expected =
      request.refused === undefined
        ? rule.judge({ world: this.#world, caller, fields, at, made })
        : no(request.refused)
    this.#log.push(
      `${rule.name} ${JSON.stringify(sent)} by ${token ?? 'the administrator'} ${JSON.stringify(headers)} -> ${answer.code}`,
    )
    this.#tally.count(rule, expected)
    const { status, code, data, message, cursor, total, version } = answer
    const { page, ...wanted } = expected
    const found = {
      status,
      code,
      data,
      message: message === null ? null : /\w/.test(message),
      ...(page && { cursor, total, version }),
    }
    try {
      expect(found).toEqual({ status: 200, ...wanted, message: wanted.code === 200 ? null : true, ...page })
    } catch {
      const lines = [
        `answered ${JSON.stringify(answer.body)}`,
        `expected ${JSON.stringify(expected)}`,
        'after these requests:',
        ...this.#log,
      ]
      throw new Error(lines.join('\n'))
    }
  }

  /** What a message server hears of this group: for every user and every action. */
  async #judge(group_id: number): Promise<void> {
    if (!this.#world.groups.has(group_id)) return
    const group = this.#world.group(group_id)
    const checks = this.#world.users.flatMap(user_id =>
      actions.map(action => ({ group_id, user_id, action })),
    )
    const { data } = (await this.#clients.get(undefined)?.post('/authz/check/batch', { checks })) ?? {}
    for (const [i, { user_id, action }] of checks.entries()) {
      const expected = verdictOf(action, group, user_id)
      const { allowed, reason, role, until, ttl_ms } = data[i]
      const found = { allowed, reason: expected.reason.includes(reason) ? expected.reason : reason, role }
      const lasts = until > 0 ? ttl_ms > 0 && ttl_ms <= until - Date.now() + 1_000 : ttl_ms === -1
      if (lasts && JSON.stringify(found) === JSON.stringify(expected)) continue
      throw new Error(
        [
          `/authz/check ${JSON.stringify(checks[i])} answered ${JSON.stringify(data[i])}`,
          `expected ${JSON.stringify(expected)}`,
          'after these requests:',
          ...this.#log,
        ].join('\n'),
      )
    }
  }

  /** Some group and some user, as chance has it. */
  async #look({ group, users, number: n }: Step): Promise<void> {
    const groups = [...this.#world.groups.keys()]
    const group_id = groups[group % groups.length] ?? 1
    const user_id = this.#world.users[(users[0] ?? 0) % usersInPlay] ?? 0
    await this.#lookAt(viewsOfGroup, group_id, n % 4 === 0 ? undefined : user_id)
    await this.#lookAt(viewsOfUser, group_id, user_id)
  }

  async #lookAtAll(): Promise<void> {
    const { groups, users } = this.#world
    for (const { group_id, members } of groups.values()) {
      await this.#lookAt(viewsOfGroup, group_id, undefined)
      const [someone] = [...members.values()].filter(member => member.role === 1)
      if (someone !== undefined) await this.#lookAt(viewsOfGroup, group_id, someone.user_id)
    }
    for (const user_id of users) await this.#lookAt(viewsOfUser, 0, user_id)
  }

  async #lookAt(views: readonly Rule[], group_id: number, user_id: number | undefined): Promise<void> {
    const { groups, users } = this.#world
    const group = groups.get(group_id)
    const fields: Fields = {
      group_id,
      group_list: [...groups.keys()],
      user_list: users,
      user_id: 0,
      number: 0,
      flag: false,
      text: '',
      url: '',
      announcement_id: group?.announcements.at(0)?.id ?? 1,
      file_id: group?.files.at(0)?.file_id ?? 1,
      file_list: [],
      code: { qr_info: '', group_id: 0, inviter_id: 0, ended: false },
    }
    const as = user_id === undefined ? asAdministrator : asUser(user_id)
    for (const rule of views) await this.#ask({ rule, ...as, fields })
  }
}

/**
 * Which operations were answered with which codes: a model that never gets anywhere agrees with everything.
 */
export class Tally {
  readonly #codes = new Map<string, Map<number, number>>()
  /** Every code that came about, also as the reason of an item in a list. */
  readonly reached = new Set<number>()

  count({ name }: Rule, { code, data }: Expected): void {
    const codes = this.#codes.get(name) ?? new Map<number, number>()
    this.#codes.set(name, codes.set(code, (codes.get(code) ?? 0) + 1))
    this.reached.add(code)
    if (!Array.isArray(data)) return
    for (const { reason } of data) if (reason instanceof Because) this.reached.add(reason.code)
  }

  codesOf(name: string): number[] {
    return [...(this.#codes.get(name)?.keys() ?? [])]
  }
}
