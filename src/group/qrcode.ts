import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, query } from '../db/query.ts'
import { endedQrCodes } from '../db/schema.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'
import { refusalFor, role } from '../operation/roles.ts'
import { sign, verify } from '../operation/sign.ts'
import type { App } from '../tenant/app.ts'
import { done, groupInfo } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { infoOf } from './info.ts'
import { candidates, join, joinedEvents, refusalToJoin } from './join.ts'
import { targets } from './targets.ts'

interface QrCode {
  readonly group_id: number
  readonly inviter_id: number
  /** Milliseconds since 1970. */
  readonly expire_at: number
  /** The group's version when the code was made. It tells whether the code was made before a revocation. */
  readonly version: number
}

const write = (app: App, { group_id, inviter_id, expire_at, version }: QrCode): string => {
  const payload = `${group_id}.${inviter_id}.${expire_at}.${version}`
  return `${payload}~${sign(app, 'qr', payload)}`
}

/**
 * Reads a code. Codes of 0.1.0 have no version, and a dot before the signature. They count as version 0: they
 * are good until they expire or codes are revoked.
 */
function read(app: App, qr_info: string): QrCode | undefined {
  const [, payload, signature] =
    /^(\d{1,16}(?:\.\d{1,16}){3})~(.+)$/s.exec(qr_info) ??
    /^(\d{1,16}(?:\.\d{1,16}){2})\.(.+)$/s.exec(qr_info) ??
    []
  if (payload === undefined || signature === undefined || !verify(app, 'qr', payload, signature))
    return undefined
  const [group_id = 0, inviter_id = 0, expire_at = 0, version = 0] = payload.split('.').map(Number)
  return { group_id, inviter_id, expire_at, version }
}

export const qrcodeSign = groupOperation({
  id: 'get__group_qrcode_sign',
  methods: ['GET'],
  path: '/group/qrcode/sign',
  compat: [{ methods: ['GET'], path: '/app/qrcode/group_sign' }],
  title: 'Get a QR code that invites to a group',
  description:
    'Whoever may invite; good for as long as the inviter may, until it expires (`expired` equals `expire_at`) or is ended by /group/qrcode/revoke.',
  requires: 'inviter',
  // A code carries the group's version, by which a revocation tells which codes are older.
  lasting: true,
  input: z.object({ group_id: id }),
  answer: z.object({
    create_at: z.int().describe('milliseconds'),
    expire_at: z.int().describe('milliseconds'),
    expired: z.int().describe('milliseconds'),
    qr_info: z.string(),
  }),
  decide: ({ app, group, me, now }) => {
    const expire_at = now + app.settings.qrcode_minutes * 60_000
    const qr_info = write(app, {
      group_id: group.group_id,
      inviter_id: me.actor_id,
      expire_at,
      version: group.version,
    })
    return { data: { create_at: now, expire_at, expired: expire_at, qr_info } }
  },
})

/** Stands for every inviter of the group. */
export const everyInviter = 0

/** The group's version from which codes are good: for this inviter, and for the whole group. */
const endedCodes = query<{ group_id: number; inviter_id: number }>()(p =>
  db
    .select({ before_version: endedQrCodes.before_version })
    .from(endedQrCodes)
    .where(
      and(
        eq(endedQrCodes.group_id, p.group_id),
        sql`${endedQrCodes.inviter_id} IN (${everyInviter}, ${p.inviter_id})`,
      ),
    ),
)

const endCodes = command<{ group_id: number; inviter_id: number; before_version: number }>()(
  p => sql`INSERT INTO ended_qr_codes (group_id, inviter_id, before_version)
    VALUES (${p.group_id}, ${p.inviter_id}, ${p.before_version})
    ON CONFLICT (group_id, inviter_id) DO UPDATE SET before_version = excluded.before_version`,
)

export const qrcodeRevoke = groupOperation({
  id: 'post__group_qrcode_revoke',
  methods: ['POST'],
  path: '/group/qrcode/revoke',
  title: 'End QR codes of a group',
  description:
    "Ends every code made so far: the caller's own; for an admin those of `user_id`, or of the whole group without it.",
  requires: 'member',
  writes: true,
  input: z.object({ group_id: id, user_id: id.optional() }),
  answer: done,
  decide: call => {
    const { group, me, input } = call
    const isAdmin = (me.role ?? 0) >= role.admin
    const inviter_id = input.user_id ?? (isAdmin ? everyInviter : me.actor_id)
    if (!isAdmin && inviter_id !== me.actor_id) return refuse('needs_admin')
    return {
      data: true,
      // This change itself raises the group's version by one, so codes that are signed after it are good.
      writes: [endCodes({ group_id: group.group_id, inviter_id, before_version: group.version + 1 })],
      events: [
        call.event('group.qrcode.ended', { inviter: inviter_id === everyInviter ? null : inviter_id }),
      ],
    }
  },
})

/** The code in the input, if it is one of this app's and still good. */
function valid(call: { app: App; input: { qr_info: string }; now: number }): QrCode | Refusal {
  const code = read(call.app, call.input.qr_info)
  if (code === undefined) return refuse('qr_invalid')
  return code.expire_at <= call.now ? refuse('qr_expired') : code
}

export const qrcodeInvite = groupOperation({
  id: 'post__group_qrcode_invite',
  methods: ['POST'],
  path: '/group/qrcode/invite',
  compat: [{ methods: ['GET'], path: '/app/qrcode/group_invite' }],
  title: 'Join a group by its QR code',
  description: "Joins at once, whatever apply_approval says, and answers the group's info.",
  requires: 'anyone',
  self: true,
  writes: true,
  input: z.object({
    qr_info: z
      .string({ error: 'must be a string' })
      .min(1, { error: 'must not be empty' })
      .max(1024, { error: 'is too long' }),
  }),
  answer: groupInfo,
  groupOf: call => {
    const code = valid(call)
    return code instanceof Refusal ? code : code.group_id
  },
  reads: (call, group_id) => {
    const code = valid(call)
    return code instanceof Refusal
      ? code
      : [
          candidates(call.app, group_id, [call.caller.user_id]),
          targets(group_id, [code.inviter_id]),
          endedCodes({ group_id, inviter_id: code.inviter_id }),
        ]
  },
  decide: (call, [[candidate], [inviter], ended]) => {
    const { app, now, group } = call
    const code = valid(call)
    if (code instanceof Refusal) return code
    if (ended.some(({ before_version }) => code.version < before_version))
      return refuse('qr_invalid', 'qr_info was ended: ask for a new QR code')
    if (
      candidate === undefined ||
      inviter === undefined ||
      refusalFor('inviter', { ...group, role: inviter.role }) !== undefined
    ) {
      return refuse('qr_invalid', 'qr_info is no longer valid: who made it may not invite any more')
    }
    const refusal = refusalToJoin(app, candidate, group.capacity - group.count)
    if (refusal !== undefined) return refuse(refusal)
    const joined = { ...group, count: group.count + 1 }
    return {
      data: infoOf(joined, { msg_mute_mode: 0, msg_push_mode: 0 }, now),
      joined: 1,
      writes: join({ app, now, group_id: group.group_id, joining: [candidate] }),
      events: joinedEvents(call, [candidate], 'qrcode'),
    }
  },
})
