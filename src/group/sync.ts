import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query, type RowsOf } from '../db/query.ts'
import { applications, blacklist, groups, members } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import { position, positionIn, positionText } from '../events/cursor.ts'
import { type EventKind, kinds } from '../events/event.ts'
import { id, integer } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { role } from '../operation/roles.ts'
import { groupInfo } from './answers.ts'
import { groupOperation } from './group-operation.ts'
import { infoOf } from './info.ts'
import { memberInfo, memberItem, type SeenBy, seenBy } from './member-item.ts'

/*
 * How a group has changed since a state that the client knows (docs/events.md, section "Sync"). The events
 * since then tell which users to look at. The answer shows these users as they are now. So it never shows
 * what the caller could not ask for, and a page that arrives late does no harm.
 */

/**
 * The most users in a page, and the most rows read for it. One operation may be about as many users again, so
 * twice as many rows are read.
 */
const mostUsers = 500
const mostRows = 2 * mostUsers + 1

/** The users that an event is about. When there is a new owner, the previous owner is one of them. */
const subjects = sql`CASE e.kind WHEN 'group.owner.assigned' THEN json_insert(e.subjects, '$[#]', e.data ->> 'previous')
  ELSE e.subjects END`

const needsData = sql`e.kind IN ('group.owner.assigned', 'group.settings.changed')`

/** The events after a version: one row for each subject, with what the subject is in the group now. */
const changesSince = query<SeenBy & { since: number }>()(p =>
  db
    .select({
      change_version: sql<number>`e.group_version`.as('change_version'),
      kind: sql<EventKind>`e.kind`.as('kind'),
      // Of an erased event it is not known what changed, nor who the previous owner was.
      hides:
        sql<number>`json_type(e.data, '$.changes.hide_member_info') IS NOT NULL OR (e.data = '{}' AND ${needsData})`.as(
          'hides',
        ),
      subject: sql<number | null>`subject.value`.as('subject'),
      ...memberItem(p),
      role: sql<number | null>`${members.role}`.as('role'),
      blocked_at: sql<number | null>`${blacklist.blocked_at}`.as('blocked_at'),
      expires_at: sql<number | null>`${applications.expires_at}`.as('expires_at'),
      reason: sql<string | null>`${applications.reason}`.as('reason'),
      status: sql<number | null>`${applications.status}`.as('status'),
    })
    .from(sql`events AS e LEFT JOIN json_each(${subjects}) AS subject`)
    .leftJoin(members, and(eq(members.group_id, p.group_id), sql`${members.user_id} = subject.value`))
    .leftJoin(blacklist, and(eq(blacklist.group_id, p.group_id), sql`${blacklist.user_id} = subject.value`))
    .leftJoin(
      applications,
      and(eq(applications.group_id, p.group_id), sql`${applications.applicant_id} = subject.value`),
    )
    .where(sql`e.group_id = ${p.group_id} AND e.group_version > ${p.since}`)
    .orderBy(sql`e.group_version`)
    .limit(mostRows),
)
type ChangeRow = RowsOf<[ReturnType<typeof changesSince>]>[0][number]

/**
 * After a change of these kinds its subject may see more or less than before. So that user reads the group
 * anew.
 */
const changesOfRole: readonly EventKind[] = [
  'group.admin.granted',
  'group.admin.revoked',
  'group.owner.assigned',
]

export const sync = groupOperation({
  id: 'get__group_sync',
  methods: ['GET'],
  path: '/group/sync',
  title: 'Get what changed in a group since a state',
  description:
    'Members that changed are answered as they are now, those that are none any more in `removed`. With `more`, ask again from the new state. With `reset`, what changed is not known: page through the lists anew, then go on from the state. Blacklist and applications are for admins; ordinary members see only their own ban here.',
  tag: 'events',
  requires: 'member',
  lasting: true,
  input: z.object({
    group_id: id,
    since: positionText('state').optional(),
    limit: integer(1, mostUsers).default(mostUsers),
  }),
  answer: z.object({
    state: z.string(),
    info: groupInfo,
    members: z.array(memberInfo.extend({ role: z.int().describe('1 member, 2 admin, 3 owner') })),
    removed: z.array(z.int()),
    blocked: z.array(z.object({ user_id: z.int(), blocked_at: z.int().describe('milliseconds') })).optional(),
    unblocked: z.array(z.int()).optional(),
    applications: z
      .array(z.object({ applicant_id: z.int(), expired_time: z.int(), reason: z.string(), status: z.int() }))
      .optional(),
    more: z.boolean(),
    reset: z.boolean(),
  }),
  reads: (call, group_id) => {
    const known = versionKnown(call.app.epoch, call.input.since)
    return [changesSince({ ...seenBy(call, group_id), since: known })]
  },
  decide: (call, [rows]) => {
    const { app, group, me, now, input } = call
    const isAdmin = (me.role ?? 0) >= role.admin
    const { version, users } = pageOf(rows, {
      since: versionKnown(app.epoch, input.since),
      now: group.version,
      limit: input.limit,
      reader: { user_id: me.actor_id, isAdmin },
    })
    const reset = version === undefined
    const state = version ?? group.version
    return {
      data: {
        state: position(app.epoch, state),
        info: infoOf(group, me, now),
        members: users.flatMap(row => {
          const { user_id, display_name, join_time, role } = row
          if (role === null) return []
          const expired_time = isAdmin || user_id === me.actor_id ? row.expired_time : 0
          return { user_id, display_name, join_time, expired_time, role }
        }),
        removed: users.flatMap(({ subject, role }) => (role === null ? (subject ?? []) : [])),
        ...(isAdmin && ofAdmins(users)),
        more: state < group.version,
        reset,
      },
    }
  },
})

interface Range {
  readonly since: number
  /** The group's version now. */
  readonly now: number
  readonly limit: number
  readonly reader: { readonly user_id: number; readonly isAdmin: boolean }
}

/**
 * The users that changed in complete versions after `since`, each once, and the last of these versions.
 * `version` is undefined where it is not known what changed.
 */
function pageOf(
  rows: readonly ChangeRow[],
  { since, now, limit, reader }: Range,
): { version: number | undefined; users: ChangeRow[] } {
  const unknown = { version: undefined, users: [] }
  if (since > now) return unknown
  // If the limit of rows was reached, rows of the last version may be missing.
  const cut = rows.length === mostRows ? rows.at(-1)?.change_version : undefined
  const users = new Map<number, ChangeRow>()
  let page: { version: number; users: ChangeRow[] } = { version: since, users: [] }
  for (const [i, row] of rows.entries()) {
    const { change_version, kind, subject } = row
    if (change_version === cut) break
    // A version is missing: its events were trimmed, or never written.
    if (change_version > page.version + 1) return unknown
    if (row.hides !== 0) return unknown
    if (subject === reader.user_id && changesOfRole.includes(kind)) return unknown
    if (kinds[kind].subjects === 'users' && subject !== null) {
      if (subject === reader.user_id || mayKnow(kind, reader.isAdmin)) users.set(subject, row)
    }
    if (rows[i + 1]?.change_version === change_version) continue
    if (users.size > limit && page.version > since) break
    page = { version: change_version, users: [...users.values()] }
  }
  return page.version === since && since < now ? unknown : page
}

/** What only admins are told of the users that changed. */
const ofAdmins = (users: readonly ChangeRow[]) => ({
  blocked: users.flatMap(({ subject, blocked_at }) =>
    subject === null || blocked_at === null ? [] : { user_id: subject, blocked_at },
  ),
  unblocked: users.flatMap(({ subject, blocked_at }) => (blocked_at === null ? (subject ?? []) : [])),
  applications: users.flatMap(({ subject, expires_at, reason, status }) =>
    subject === null || expires_at === null || reason === null || status === null
      ? []
      : { applicant_id: subject, expired_time: expires_at, reason, status },
  ),
})

/**
 * Whether the caller may know which users an event of this kind is about. `pageOf` always shows callers
 * themselves.
 */
const mayKnow = (kind: EventKind, isAdmin: boolean): boolean =>
  kinds[kind].audience === 'members' || (kinds[kind].audience === 'admins' && isAdmin)

/**
 * The version that a state names. If there is no state or it is void: a number greater than every version.
 */
function versionKnown(epoch: string, state: string | undefined): number {
  const known = state === undefined ? undefined : positionIn(state)
  return known?.epoch === epoch ? known.number : Number.MAX_SAFE_INTEGER
}

const versionsOf = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ group_id: groups.group_id, version: groups.version })
    .from(members)
    .innerJoin(groups, and(eq(groups.group_id, members.group_id), eq(groups.status, groupStatus.living)))
    .where(and(eq(members.app_id, p.app_id), eq(members.user_id, p.user_id))),
)

const groupsAndStates = z
  .array(z.tuple([id, positionText('state')]), { error: 'must be a list of [group_id, state]' })
  .max(10_000, { error: 'must be at most 10000 pairs' })

const pairs = z.array(z.tuple([z.int(), z.string()]))

export const versions = operation({
  id: 'post__group_versions',
  methods: ['POST'],
  path: '/group/versions',
  title: "Compare the states of the caller's groups",
  description:
    'One request at login. Answers the groups whose state is another one now, those that the caller is no member of any more, and those that it joined meanwhile. /group/sync says what changed.',
  tag: 'events',
  self: true,
  lasting: true,
  input: z.object({ groups: groupsAndStates }),
  answer: z.object({ changed: pairs, gone: z.array(z.int()), joined: pairs }),
  reads: ({ app, caller }) => [versionsOf({ app_id: app.app_id, user_id: caller.user_id ?? 0 })],
  decide: ({ app, input }, [found]) => {
    const known = new Map(input.groups)
    const now = new Map(found.map(({ group_id, version }) => [group_id, position(app.epoch, version)]))
    return {
      data: {
        changed: [...now].filter(([group_id, state]) => known.has(group_id) && known.get(group_id) !== state),
        gone: [...known.keys()].filter(group_id => !now.has(group_id)),
        joined: [...now].filter(([group_id]) => !known.has(group_id)),
      },
    }
  },
})
