import * as z from 'zod'
import type { AppSecret } from '../db/schema.ts'

const minutes = (fallback: number) => z.int().min(1).max(5_256_000).default(fallback)
const limit = (fallback: number) => z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(fallback)
const retention = z.int().min(0).max(36_500).default(0)
const week = 7 * 24 * 60

/**
 * The settings of an app, with the defaults of docs/behaviour.md, section 5. `cohort app set` and `app show`
 * use these names.
 */
export const appSettings = z.strictObject({
  invite_confirm: z
    .boolean()
    .default(false)
    .describe('an invited user must consent, unless its own group_confirm says otherwise'),
  max_groups: limit(1_000_000).describe('groups in the app (20007)'),
  max_groups_created: limit(10_000).describe('groups created by one user (20008)'),
  max_groups_joined: limit(10_000).describe('groups joined by one user (20009)'),
  capacity_private: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(2_000)
    .describe('members of a new private group (20010)'),
  capacity_chatroom: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe('members of a new chatroom (20010)'),
  application_minutes: minutes(week).describe('life of an application, minutes'),
  invitation_minutes: minutes(week).describe('life of an invitation, minutes'),
  qrcode_minutes: minutes(week).describe('life of a QR code, minutes'),
  upload_minutes: minutes(15).describe('life of an upload URL, minutes'),
  upload_max_bytes: z
    .int()
    .min(1)
    .max(5 * 1024 ** 3)
    .default(100 * 1024 ** 2)
    .describe('largest file, bytes'),
  app_quota_bytes: limit(0).describe('stored bytes of the whole app; 0: no limit'),
  user_quota_bytes: limit(0).describe('stored bytes of one user; 0: no limit'),
  pending_uploads: z
    .int()
    .min(1)
    .max(100_000)
    .default(1_000)
    .describe('upload URLs one user may hold unused'),
  strip_location: z
    .boolean()
    .default(true)
    .describe(
      'whether photos sent as pictures, and avatars, lose the place they were taken at and serial numbers',
    ),
  retention_chat_days: retention.describe('days after which files of chats are deleted; 0: never'),
  retention_shared_days: retention.describe('days after which shared files are deleted; 0: never'),
  events_days: z.int().min(1).max(36_500).default(30).describe('how long events are kept, days'),
  audit_days: z
    .int()
    .min(1)
    .max(36_500)
    .default(400)
    .describe('how long events that an audit asks for are kept, days'),
  idempotency_hours: z
    .int()
    .min(1)
    .max(24 * 30)
    .default(24)
    .describe('how long an Idempotency-Key is remembered, hours'),
  strict_fields: z
    .boolean()
    .default(false)
    .describe('fields of a body that are no parameter are refused (10002)'),
  hook_url: z
    .string()
    .max(2048)
    .default('')
    .describe('URL that is asked before changes (docs/webhooks.md); empty: nobody is'),
  hook_operations: z
    .string()
    .max(4096)
    .default('*')
    .describe('paths of the operations it is asked about, separated by commas; *: all changes'),
  hook_deadline_ms: z
    .int()
    .min(100)
    .max(5000)
    .default(1500)
    .describe('how long an answer of hook_url is waited for, milliseconds'),
  hook_on_failure: z
    .enum(['', 'allow', 'refuse'])
    .default('')
    .describe('what happens while hook_url does not answer: allow or refuse; must be said with hook_url'),
  rate_user_per_second: limit(200).describe(
    'requests a second of one user, in bursts of five times as many; 0: no limit',
  ),
  rate_app_per_second: limit(0).describe(
    'requests a second of the whole app, in bursts of five times as many; 0: no limit',
  ),
})
export type AppSettings = z.infer<typeof appSettings>

/**
 * Why these settings cannot be used together; undefined if they can. Whoever changes settings must call it.
 */
export const settingsProblem = ({ hook_url, hook_on_failure }: AppSettings): string | undefined =>
  hook_url !== '' && hook_on_failure === ''
    ? 'hook_on_failure must be allow or refuse where hook_url is set'
    : undefined

/** A tenant, as the rest of the program sees it. It is immutable: a change makes a new object. */
export interface App {
  readonly app_id: string
  /** All of them are accepted in tokens; the first one signs. */
  readonly secrets: readonly AppSecret[]
  /** The keys that sign what Cohort hands out: cursors, QR codes, file signatures, upload URLs. */
  readonly keys: readonly AppSecret[]
  readonly jwks_url: string
  readonly settings: AppSettings
  /** First part of the cursors and states that readers keep (docs/events.md). */
  readonly epoch: string
}

/** 1 to 64 letters, digits, `_` and `-`. An app id is the first part of the names of its objects. */
export const appIdPattern = /^[A-Za-z0-9_-]{1,64}$/
