import type { Moment } from './moment.ts'
import { type Group, type Member, ownerOf, type QrCode, role, type World } from './world.ts'

/** The caller as token and acting headers make it (docs/behaviour.md, section 2). */
export interface Caller {
  readonly administrator: boolean
  /** null: an administrator who acts as the owner of the group in question. */
  readonly user_id: number | null
  /** The group that an administrator's `group_id` header binds it to. */
  readonly only_group: number | null
}

/** What a request may carry; each operation takes what it needs. */
export interface Fields {
  readonly group_id: number
  readonly group_list: readonly number[]
  readonly user_list: readonly number[]
  readonly user_id: number
  readonly number: number
  readonly flag: boolean
  readonly text: string
  readonly url: string
  readonly announcement_id: number
  readonly file_id: number
  readonly file_list: readonly number[]
  readonly code: QrCode
}

export interface Expected {
  readonly code: number
  readonly data: unknown
  /** Of a paged list, all of which fits on one page. */
  readonly page?: { readonly cursor: ''; readonly total: number; readonly version: unknown }
}

export const yes = (data: unknown): Expected => ({ code: 200, data })
export const no = (code: number): Expected => ({ code, data: null })
export const page = (data: readonly unknown[], version: unknown): Expected => ({
  code: 200,
  data,
  page: { cursor: '', total: data.length, version },
})

/**
 * One request, when its answer is there: `made` reads out of that answer what only the service can know, the
 * ids of what it made.
 */
export interface Call {
  readonly world: World
  readonly caller: Caller
  readonly fields: Fields
  readonly at: Moment
  made(field: string): unknown
}

export interface GroupCall extends Call {
  readonly group: Group
  readonly actor_id: number
  /** undefined: not a member. */
  readonly me: Member | undefined
}

/** An operation as the specification tells it: what is sent, and what is answered and changed by it. */
export interface Rule {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly sends: (fields: Fields) => Readonly<Record<string, unknown>>
  readonly judge: (call: Call) => Expected
}

export type Needs = 'anyone' | 'member' | 'inviter' | 'editor' | 'admin' | 'owner'

interface Common {
  /** The path, where it does not begin with `/group/`. */
  readonly path?: string
  readonly method?: 'GET' | 'POST'
  readonly self?: boolean
  sends(fields: Fields): Readonly<Record<string, unknown>>
  /** Whether a parameter is wrong: 10002, or the code that is answered instead. */
  wrong?(fields: Fields): boolean | number
}

/** An operation that names no one group. */
export function rule(
  name: string,
  { path, method, self, sends, wrong, judge }: Common & { judge(call: Call): Expected },
): Rule {
  return {
    name,
    path: path ?? `/group/${name}`,
    method: method ?? 'POST',
    sends,
    judge(call) {
      if (self && call.caller.user_id === null) return no(10002)
      const found = wrong?.(call.fields) ?? false
      if (found === false) return judge(call)
      return no(found === true ? 10002 : found)
    },
  }
}

/** An operation on one group: checks come in the order of docs/behaviour.md, section 3. */
export function groupRule(
  name: string,
  needs: Needs,
  o: Partial<Common> & {
    readonly changes?: false
    groupOf?(call: Call): number | Expected
    judge(call: GroupCall): Expected
  },
): Rule {
  const changes = o.changes ?? o.method !== 'GET'
  return rule(name, {
    ...o,
    sends: fields => ({
      ...(o.groupOf === undefined && { group_id: fields.group_id }),
      ...o.sends?.(fields),
    }),
    judge(call) {
      const { world, caller, fields } = call
      const group_id = o.groupOf === undefined ? fields.group_id : o.groupOf(call)
      if (typeof group_id !== 'number') return group_id
      if (caller.only_group !== null && caller.only_group !== group_id) return no(10010)
      const group = world.group(group_id)
      if (group === undefined) return no(20001)
      const actor_id = caller.user_id ?? ownerOf(group)
      const me = group.members.get(actor_id)
      const refusal = refusalOf(needs, group, me)
      if (refusal !== undefined) return no(refusal)
      const expected = o.judge({ ...call, group, actor_id, me })
      if (changes && expected.code === 200) group.version.touch()
      return expected
    },
  })
}

/** Why this member, or non-member, may not; undefined if it may. */
export function refusalOf(needs: Needs, { profile }: Group, me: Member | undefined): number | undefined {
  if (needs === 'anyone') return undefined
  if (me === undefined) return 20011
  if (needs === 'owner') return me.role === role.owner ? undefined : 20013
  const open =
    needs === 'member' ||
    (needs === 'inviter' && profile.member_invite) ||
    (needs === 'editor' && profile.member_modify)
  return open || me.role >= role.admin ? undefined : 20012
}

export const succeeded = (user_id: number) => ({ reason: '', result: 'success', user_id })
export const failed = (user_id: number, reason: unknown) => ({ reason, result: 'fail', user_id })

/**
 * The text of a code as a reason: any, but always the same, and never that of another code. Stands for itself
 * in `toEqual`.
 */
export class Because {
  static readonly #texts = new Map<number, string>()
  readonly code: number
  constructor(code: number) {
    this.code = code
  }
  asymmetricMatch(value: unknown): boolean {
    if (typeof value !== 'string' || !/\w/.test(value)) return false
    const texts = Because.#texts
    if (!texts.has(this.code) && ![...texts.values()].includes(value)) texts.set(this.code, value)
    return texts.get(this.code) === value
  }
}

/** A reason that no code says. */
export const someReason = {
  some: 'reason',
  asymmetricMatch: (value: unknown): boolean => typeof value === 'string' && /\w/.test(value),
}

/** Judges the users of a list in its order, each once: `act` does what is to be done, or answers why not. */
export function each(
  user_list: readonly number[],
  act: (user_id: number) => number | object | undefined,
): Expected {
  const items = [...new Set(user_list)].map(user_id => {
    const refusal = act(user_id)
    if (refusal === undefined) return succeeded(user_id)
    return failed(user_id, typeof refusal === 'number' ? new Because(refusal) : refusal)
  })
  return yes(items)
}
