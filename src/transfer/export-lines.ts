import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { SerialEngine } from '../db/engine.ts'
import { db, query } from '../db/query.ts'
import { absentBans, blacklist, groups, members } from '../db/schema.ts'
import { read } from './read.ts'

const pageSize = 1000

const groupsPage = query<{ app_id: string; after: number }>()(p =>
  db
    .select({
      group_id: groups.group_id,
      owner_id: groups.owner_id,
      creator_id: groups.creator_id,
      group_type: sql<number>`coalesce(${groups.finer_type}, ${groups.type})`.as('group_type'),
      name: groups.name,
      description: groups.description,
      avatar: groups.avatar,
      ext: groups.ext,
      apply_approval: groups.apply_approval,
      capacity: groups.capacity,
      member_invite: groups.member_invite,
      member_modify: groups.member_modify,
      history_visible: groups.history_visible,
      read_ack: groups.read_ack,
      hide_member_info: groups.hide_member_info,
      ban_all_until: groups.ban_all_until,
      version: groups.version,
      created_at: groups.created_at,
      updated_at: groups.updated_at,
    })
    .from(groups)
    .where(and(eq(groups.app_id, p.app_id), eq(groups.status, 0), gt(groups.group_id, p.after)))
    .orderBy(asc(groups.group_id))
    .limit(pageSize),
)

const membersPage = query<{ group_id: number; after: number }>()(p =>
  db
    .select({
      group_id: members.group_id,
      user_id: members.user_id,
      role: members.role,
      display_name: members.display_name,
      joined_at: members.joined_at,
      msg_mute_mode: members.msg_mute_mode,
      msg_push_mode: members.msg_push_mode,
      ban_until: members.ban_until,
    })
    .from(members)
    .where(and(eq(members.group_id, p.group_id), gt(members.user_id, p.after)))
    .orderBy(asc(members.user_id))
    .limit(pageSize),
)

const blockedPage = query<{ group_id: number; after: number }>()(p =>
  db
    .select({ group_id: blacklist.group_id, user_id: blacklist.user_id, blocked_at: blacklist.blocked_at })
    .from(blacklist)
    .where(and(eq(blacklist.group_id, p.group_id), gt(blacklist.user_id, p.after)))
    .orderBy(asc(blacklist.user_id))
    .limit(pageSize),
)

const absentBansPage = query<{ group_id: number; after: number }>()(p =>
  db
    .select({
      group_id: absentBans.group_id,
      user_id: absentBans.user_id,
      ban_until: sql<number>`${absentBans.absent_until}`.as('ban_until'),
    })
    .from(absentBans)
    .where(and(eq(absentBans.group_id, p.group_id), gt(absentBans.user_id, p.after)))
    .orderBy(asc(absentBans.user_id))
    .limit(pageSize),
)

/** A field of a member is left out if it has this value. */
const memberDefaults: Readonly<Record<string, unknown>> = {
  role: 1,
  display_name: '',
  msg_mute_mode: 0,
  msg_push_mode: 0,
  ban_until: 0,
}

/**
 * The groups of an app with their members, blacklists and bans, line by line, in the format of `lines.ts`.
 * `groupDone` is called after each group. Throws `DatabaseError`.
 */
export function* exportLines(engine: SerialEngine, app_id: string, groupDone: () => void): Generator<string> {
  for (const group of pages(after => read(engine, groupsPage({ app_id, after })), 'group_id')) {
    const { group_id } = group
    yield lineOf('group', group)
    for (const member of pages(after => read(engine, membersPage({ group_id, after })), 'user_id')) {
      yield lineOf('member', withoutDefaults(member))
    }
    for (const entry of pages(after => read(engine, blockedPage({ group_id, after })), 'user_id'))
      yield lineOf('blocked', entry)
    for (const ban of pages(after => read(engine, absentBansPage({ group_id, after })), 'user_id'))
      yield lineOf('absent_ban', ban)
    groupDone()
  }
}

const lineOf = (type: string, value: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ type, ...value })}\n`

const withoutDefaults = (member: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(member).filter(([name, value]) => value !== memberDefaults[name]))

/** All rows of a list, read page by page. Each page begins after the `key` of the last row. */
function* pages<Key extends string, Row extends Readonly<Record<Key, number>>>(
  page: (after: number) => Row[],
  key: Key,
): Generator<Row> {
  for (let after = 0; ; ) {
    const rows = page(after)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = last[key]
  }
}
