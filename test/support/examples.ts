import type { Operation } from '../../src/operation/operation.ts'
import type { Sent } from './client.ts'

/*
 * What the reference says of the parameters, in a form that tests can work with: which values are good and
 * which are not, and one with which the operation succeeds. By name, since a name means the same everywhere;
 * by path and name where it does not.
 */

/** What the examples refer to. */
export interface Situation {
  readonly group_id: number
  /** Whom it is about: a member, an applicant, an inviter, … */
  readonly user_id: number
  readonly qr_info: string
  readonly announcement_id: number
  readonly file_id: number
  readonly file_sign: string
}

export type Kind =
  | {
      readonly is: 'integer'
      readonly good: readonly number[]
      readonly bad: readonly number[]
      readonly code?: number
    }
  | { readonly is: 'boolean' }
  /** `control`: whether control characters are allowed. */
  | { readonly is: 'text'; readonly max: number; readonly empty: boolean; readonly control: boolean }
  /** Text of which hardly any is good: `code` is what the others are answered with. */
  | { readonly is: 'token'; readonly code: number }
  | { readonly is: 'ids'; readonly max: number; readonly empty: boolean }
  /** Ids of which the bad ones are passed over. */
  | { readonly is: 'loose ids' }
  /** A list of lists or objects, that nothing else can stand for. */
  | { readonly is: 'structured' }
  | { readonly is: 'anything' }

export interface Parameter {
  readonly name: string
  readonly required: boolean
  readonly kind: Kind
  example(situation: Situation): unknown
}

type Row = readonly [kind: Kind, example: (situation: Situation) => unknown, optional?: 'optional']

const largest = 2 ** 53 - 1
const id: Kind = { is: 'integer', good: [1, largest], bad: [0, -1, largest + 1] }
const whole = (good: readonly number[], bad: readonly number[], code?: number): Kind => ({
  is: 'integer',
  good,
  bad,
  ...(code !== undefined && { code }),
})
const text = (max: number, empty = true): Kind => ({ is: 'text', max, empty, control: true })
const name = (max: number, empty = true): Kind => ({ is: 'text', max, empty, control: false })
const ids = (max = 500, empty = false): Kind => ({ is: 'ids', max, empty })

const parameters: Readonly<Record<string, Row>> = {
  group_id: [id, s => s.group_id],
  user_id: [id, s => s.user_id],
  new_owner: [id, s => s.user_id],
  announcement_id: [id, s => s.announcement_id],
  file_id: [id, s => s.file_id],
  to_id: [id, s => s.user_id],
  to_type: [whole([1, 2], [0, 3]), () => 1, 'optional'],
  file_type: [whole([100, 101, 102, 103, 104], [0, 1, 98, 105, 199, 204, -1]), () => 100],
  duration: [whole([1, 5_256_000, -1], [0, -2, 5_256_001]), () => 5],
  apply_approval: [whole([0, 2], [-1, 3]), () => 1],
  msg_mute_mode: [whole([0, 2], [-1, 3]), () => 1],
  msg_push_mode: [whole([0, 4], [-1, 5], 20003), () => 1],
  size: [whole([0, largest], [-1, largest + 1]), () => 5],
  limit: [whole([1, 1000], [0, -1, 1001]), () => 10, 'optional'],
  cursor: [{ is: 'token', code: 10002 }, () => '', 'optional'],
  version: [{ is: 'anything' }, () => 0, 'optional'],
  approval: [{ is: 'boolean' }, () => true],
  group_confirm: [{ is: 'boolean' }, () => false, 'optional'],
  value: [{ is: 'boolean' }, () => true],
  '/group/info/name value': [name(64, false), () => 'Name'],
  '/group/info/description value': [text(1024), () => 'Description'],
  '/group/info/avatar value': [name(2048), () => 'https://example.org/avatar.png'],
  '/group/info/ext value': [text(4096), () => '{}'],
  '/group/display_name value': [name(64), () => 'Name'],
  reason: [text(256), () => 'Because', 'optional'],
  title: [text(128), () => 'Title'],
  content: [text(8192), () => 'Content'],
  name: [name(255, false), () => 'report.pdf'],
  type: [name(128), () => 'application/pdf', 'optional'],
  url: [name(2048, false), () => 'https://example.org/report.pdf'],
  '/group/create name': [name(64), () => 'Name', 'optional'],
  '/group/create description': [text(1024), () => 'Description', 'optional'],
  '/group/create avatar': [name(2048), () => '', 'optional'],
  '/group/create type': [whole([0, 1, 2, 3], [-1, 4]), () => 0, 'optional'],
  '/group/create user_list': [{ is: 'loose ids' }, s => [s.user_id], 'optional'],
  user_list: [ids(), s => [s.user_id]],
  file_list: [ids(), s => [s.file_id]],
  '/group/members/display_name user_list': [ids(10_000), s => [s.user_id]],
  '/group/info/batch group_list': [ids(10_000, true), s => [s.group_id]],
  '/group/application_list group_list': [ids(10_000, true), s => [s.group_id]],
  '/group/qrcode/revoke user_id': [id, s => s.user_id, 'optional'],
  action: [{ is: 'token', code: 10002 }, () => 'post'],
  checks: [{ is: 'token', code: 10002 }, s => [{ group_id: s.group_id, user_id: s.user_id, action: 'post' }]],
  '/group/sync limit': [whole([1, 500], [0, -1, 501]), () => 10, 'optional'],
  since: [{ is: 'token', code: 10002 }, () => 'abc123.1', 'optional'],
  groups: [{ is: 'structured' }, s => [[s.group_id, 'abc123.1']]],
  qr_info: [{ is: 'token', code: 20024 }, s => s.qr_info],
  file_sign: [{ is: 'token', code: 10030 }, s => s.file_sign],
}

/** The parameters of an operation. Throws for one that this table does not know. */
export const parametersOf = ({ path, input }: Pick<Operation, 'path' | 'input'>): Parameter[] =>
  parametersNamed(path, Object.keys(input.shape))

/** Those of these names at that path. */
export function parametersNamed(path: string, names: readonly string[]): Parameter[] {
  return names.map(name => {
    const row = parameters[`${path} ${name}`] ?? parameters[name]
    if (row === undefined)
      throw new Error(`test/support/examples.ts does not know the parameter ${name} of ${path}`)
    const [kind, example, optional] = row
    return { name, required: optional === undefined, kind, example }
  })
}

/** A good value for every parameter of the operation. */
export function exampleOf(
  operation: Pick<Operation, 'path' | 'input'>,
  situation: Situation,
): Record<string, unknown> {
  return Object.fromEntries(parametersOf(operation).map(({ name, example }) => [name, example(situation)]))
}

/** Input as this method carries it. */
export const sentBy = (method: string, input: Readonly<Record<string, unknown>>): Sent =>
  method === 'GET' ? { query: input as Readonly<Record<string, string | number | boolean>> } : { body: input }
