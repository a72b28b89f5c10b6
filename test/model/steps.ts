import fc from 'fast-check'
import { contentRules } from './contents.ts'
import { createRule, joiningRules } from './joining.ts'
import { membershipRules } from './membership.ts'
import type { Rule } from './rule.ts'
import { viewsOfGroup, viewsOfUser } from './views.ts'

/*
 * A step is a few random numbers and texts. Only when its turn comes do they become a request (request.ts),
 * by what the model then knows: so any part of a sequence is a sequence too, and most requests mean
 * something.
 */

/** Every operation that changes something. */
export const changes: readonly Rule[] = [...joiningRules, ...membershipRules, ...contentRules]
const views: readonly Rule[] = [...viewsOfGroup, ...viewsOfUser]

/**
 * How often an operation is drawn, where not once: what moves members most, what makes or ends groups least.
 */
const weights: Readonly<Record<string, number>> = {
  create: 2,
  destroy: 1,
  transfer: 2,
  invite: 10,
  'invite/handle': 8,
  apply: 10,
  'apply/handle': 8,
  'qrcode/sign': 3,
  'qrcode/revoke': 2,
  'admin/member_join': 2,
  'qrcode/invite': 6,
  kick: 14,
  leave: 3,
  block: 4,
  unblock: 4,
  'admin/add': 4,
  'settings/require_admin_approval': 4,
  'user/settings': 3,
  'file/upload': 6,
  'file/update_name': 8,
}

/** Who calls. Those named after a place in the group are whoever has it when the time comes. */
const callers = [
  [9, 'owner'],
  [5, 'admin'],
  [5, 'member'],
  [6, 'user'],
  [4, 'outsider'],
  [2, 'administrator'],
  [2, 'administrator as owner'],
  [2, 'administrator as user'],
  [2, 'administrator of the group'],
  [1, 'administrator of another group'],
  [1, 'user with its own header'],
  [1, "user with another's header"],
  [1, 'user of the group'],
  [1, 'administrator with both headers'],
] as const
export type CallerKind = (typeof callers)[number][1]

export interface Step {
  readonly rule: Rule
  readonly caller: CallerKind
  /** Any numbers: which group, which users, … */
  readonly group: number
  readonly users: readonly number[]
  readonly number: number
  readonly flag: boolean
  readonly text: string
}

const any = fc.nat({ max: 1000 })
const stepOf = (rule: fc.Arbitrary<Rule>): fc.Arbitrary<Step> =>
  fc.record({
    rule,
    caller: fc.oneof(...callers.map(([weight, kind]) => ({ weight, arbitrary: fc.constant(kind) }))),
    group: any,
    users: fc.array(any, { minLength: 1, maxLength: 4 }),
    number: any,
    flag: fc.boolean(),
    // A name has something to see: what a grapheme has to show, the model does not know.
    text: fc.string({ unit: 'grapheme', maxLength: 6 }).map(text => (text === '' ? '' : `${text}.`)),
  })

/** So many steps, of which the first two make groups. */
export const sequence = (minLength: number, maxLength: number): fc.Arbitrary<readonly Step[]> => {
  const drawn = (rule: Rule, weight: number) => ({
    weight: weights[rule.name] ?? weight,
    arbitrary: fc.constant(rule),
  })
  const some = stepOf(fc.oneof(...changes.map(rule => drawn(rule, 3)), ...views.map(rule => drawn(rule, 1))))
  const create = stepOf(fc.constant(createRule)).map((step): Step => ({ ...step, caller: 'user' }))
  return fc
    .tuple(
      create,
      create,
      fc.array(some, { minLength: minLength - 2, maxLength: maxLength - 2, size: 'max' }),
    )
    .map(([first, second, rest]) => [first, second, ...rest])
}
