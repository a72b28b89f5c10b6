import { z } from 'zod'
import { Refusal, refuse } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'
import { refusalFor } from '../operation/roles.ts'
import { sign, verify } from '../operation/sign.ts'
import type { App } from '../tenant/app.ts'
import { groupInfo } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { infoOf } from './info.ts'
import { candidates, join, refusalToJoin } from './join.ts'
import { targets } from './targets.ts'

interface QrCode {
  readonly group_id: number
  readonly inviter_id: number
  /** Milliseconds since 1970. */
  readonly expire_at: number
}

const write = (app: App, { group_id, inviter_id, expire_at }: QrCode): string => {
  const payload = `${group_id}.${inviter_id}.${expire_at}`
  return `${payload}.${sign(app, 'qr', payload)}`
}

function read(app: App, qr_info: string): QrCode | undefined {
  const [, payload, group, inviter, expiry, signature] =
    /^((\d{1,16})\.(\d{1,16})\.(\d{1,16}))\.(.+)$/s.exec(qr_info) ?? []
  if (payload === undefined || signature === undefined || !verify(app, 'qr', payload, signature))
    return undefined
  return { group_id: Number(group), inviter_id: Number(inviter), expire_at: Number(expiry) }
}

export const qrcodeSign = groupOperation({
  id: 'get__group_qrcode_sign',
  methods: ['GET'],
  path: '/group/qrcode/sign',
  compat: [{ methods: ['GET'], path: '/app/qrcode/group_sign' }],
  title: 'Get a QR code that invites to a group',
  description:
    'Whoever may invite; good for as long as the inviter may, and until it expires (`expired` equals `expire_at`).',
  requires: 'inviter',
  input: z.object({ group_id: id }),
  answer: z.object({
    create_at: z.int().describe('milliseconds'),
    expire_at: z.int().describe('milliseconds'),
    expired: z.int().describe('milliseconds'),
    qr_info: z.string(),
  }),
  decide: ({ app, group, me, now }) => {
    const expire_at = now + app.settings.qrcode_minutes * 60_000
    const qr_info = write(app, { group_id: group.group_id, inviter_id: me.actor_id, expire_at })
    return { data: { create_at: now, expire_at, expired: expire_at, qr_info } }
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
      : [candidates(call.app, group_id, [call.caller.user_id]), targets(group_id, [code.inviter_id])]
  },
  decide: (call, [[candidate], [inviter]]) => {
    const { app, now, group, me } = call
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
      events: [call.event('group.member.joined', { users: [me.actor_id], how: 'qrcode' })],
    }
  },
})
