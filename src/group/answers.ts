import * as z from 'zod'
import { type ErrorName, errors, textOf } from '../operation/errors.ts'

/*
 * Shapes of answers that several operations share, with the names of the reference. They describe answers for
 * the documentation. TypeScript's types keep answers in these shapes, and the contract test compares both
 * with the reference.
 */

export const done = z.literal(true)
export const nothing = z.object({})

export const itemResult = z.object({
  reason: z.string().describe('why it failed, or empty'),
  result: z.enum(['success', 'fail']),
  user_id: z.int(),
})
export type ItemResult = z.infer<typeof itemResult>

export const succeeded = (user_id: number): ItemResult => ({ reason: '', result: 'success', user_id })
const isErrorName = (reason: string): reason is ErrorName => Object.hasOwn(errors, reason)

/**
 * `reason` is the name of an error, which is answered as that error's text. Where no error fits, it is a
 * sentence.
 */
export const failed = (user_id: number, reason: ErrorName | string): ItemResult => ({
  reason: isErrorName(reason) ? textOf(reason) : reason,
  result: 'fail',
  user_id,
})

export const groupInfo = z.object({
  apply_approval: z.int().describe('0: all may join, 1: an admin confirms, 2: nobody may'),
  avatar: z.string(),
  ban_expire_time: z
    .int()
    .describe('seconds since 1970 until which only admins may send; 0 none, -1 for ever'),
  capacity: z.int(),
  count: z.int(),
  created_at: z.int().describe('milliseconds'),
  description: z.string(),
  ext: z.string(),
  group_id: z.int(),
  hide_member_info: z.boolean().describe('ordinary members see little of each other'),
  history_visible: z.boolean(),
  member_invite: z.boolean(),
  member_modify: z.boolean(),
  msg_mute_mode: z.int(),
  msg_push_mode: z.int(),
  name: z.string(),
  owner_id: z.int(),
  read_ack: z.boolean(),
  status: z.int().describe('0 normal; a dissolved group is not answered at all'),
  type: z.int().describe('0 private, 1 public, 2 chatroom, 3 temporary'),
  updated_at: z.int().describe('milliseconds'),
})
export type GroupInfo = z.infer<typeof groupInfo>

/** The end of a ban as it is answered, milliseconds since 1970: 0 if the ban is over, -1 for ever. */
export const banInForce = (until: number, now: number): number => (until === -1 || until > now ? until : 0)
