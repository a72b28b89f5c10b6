import * as z from 'zod'
import { avatar, name, text } from '../operation/fields.ts'

/*
 * Groups and members as lines of JSON, which `cohort export` writes and `cohort import` reads. Names and
 * values are those of the database. A field that is missing has the default of a new group or member.
 */

const id = z
  .int({ error: 'must be a positive integer up to 2^53-1' })
  .min(1, { error: 'must be a positive integer up to 2^53-1' })
const whole = (min: number, max: number = Number.MAX_SAFE_INTEGER) => {
  const error = `must be an integer from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}
const oneOf = <const T extends readonly [number, ...number[]]>(values: T) =>
  z.literal(values, { error: `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}` })
const flag = z.boolean({ error: 'must be true or false' })
/** The last time that can be written as a date with a year of four digits (docs/behaviour.md, section 5). */
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const time = whole(0, lastMoment)
const until = whole(-1, lastMoment)
/** The highest version of an imported group. It leaves room for more changes than a group can ever have. */
const highestVersion = 2 ** 52

const groupLine = z.strictObject({
  type: z.literal('group'),
  group_id: id,
  owner_id: id,
  creator_id: id.optional(),
  group_type: oneOf([0, 1, 2, 3]).default(0),
  name: name(64).default(''),
  description: text(1024).default(''),
  avatar: avatar.default(''),
  ext: text(4096).default(''),
  apply_approval: oneOf([0, 1, 2]).optional(),
  capacity: whole(1, 10_000_000).optional(),
  member_invite: flag.default(true),
  member_modify: flag.default(false),
  history_visible: flag.default(false),
  read_ack: flag.default(false),
  hide_member_info: flag.default(false),
  ban_all_until: until.default(0),
  version: whole(1, highestVersion).default(1),
  created_at: time.optional(),
  updated_at: time.optional(),
})

const memberLine = z.strictObject({
  type: z.literal('member'),
  group_id: id,
  user_id: id,
  role: oneOf([1, 2, 3]).default(1),
  display_name: name(64).default(''),
  joined_at: time.optional(),
  msg_mute_mode: whole(0, 2).default(0),
  msg_push_mode: whole(0, 4).default(0),
  ban_until: until.default(0),
})

const blockedLine = z.strictObject({
  type: z.literal('blocked'),
  group_id: id,
  user_id: id,
  blocked_at: time.optional(),
})

/** The ban of somebody who is no member at present, and who is banned again on coming back. */
const absentBanLine = z.strictObject({
  type: z.literal('absent_ban'),
  group_id: id,
  user_id: id,
  ban_until: until,
})

const schemas = {
  group: groupLine,
  member: memberLine,
  blocked: blockedLine,
  absent_ban: absentBanLine,
} as const

export type GroupLine = z.infer<typeof groupLine>
export type MemberLine = z.infer<typeof memberLine>
export type BlockedLine = z.infer<typeof blockedLine>
export type AbsentBanLine = z.infer<typeof absentBanLine>
export type Line = GroupLine | MemberLine | BlockedLine | AbsentBanLine

/** A line that cannot be imported: its number in the file, counted from 1, and why. */
export class BadLine extends Error {
  override readonly name = 'BadLine'
  readonly line: number
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`)
    this.line = line
  }
}

/** Parses a line. Throws `BadLine`. */
export function parseLine(json: string, line: number): Line {
  const value = parsed(json, line)
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  const schema = schemas[type as keyof typeof schemas]
  if (schema === undefined) throw new BadLine(line, 'type must be group, member, blocked or absent_ban')
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new BadLine(line, [...(issue?.path ?? []), issue?.message ?? 'is wrong'].join(' '))
}

function parsed(json: string, line: number): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new BadLine(line, `this is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The description of the format, for `--help`. */
export const formatHelp = `The file has one JSON object a line; ids are kept, times are milliseconds since 1970, the end of a ban is -1 for ever:

  {"type":"group","group_id":17,"owner_id":4,"name":"Chess"}
      also: group_type (0 private, 1 public, 2 chatroom, 3 temporary), description, avatar, ext, creator_id, apply_approval (0, 1, 2), capacity, member_invite,
      member_modify, history_visible, read_ack, hide_member_info, ban_all_until, version, created_at, updated_at
  {"type":"member","group_id":17,"user_id":5}
      also: role (1 member, 2 admin, 3 owner), display_name, joined_at, msg_mute_mode, msg_push_mode, ban_until
  {"type":"blocked","group_id":17,"user_id":6}
      also: blocked_at
  {"type":"absent_ban","group_id":17,"user_id":7,"ban_until":-1}
      somebody who left while banned, and is banned again on coming back

A group stands before its members, its blacklist and its bans. Its owner is a member without a line, and has one only to say more.
`
