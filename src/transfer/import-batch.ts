import type { SerialEngine } from '../db/engine.ts'
import { record } from '../events/record.ts'
import { settlePending } from '../group/join.ts'
import { role } from '../operation/roles.ts'
import { eventsOfImport, type MemberRow, type Pair } from './import-events.ts'
import { type GroupsInBatch, groupsOf, type Importing, type Numbered } from './import-groups.ts'
import {
  countInApp,
  countInGroups,
  countOfUsers,
  groupsWithPending,
  insertAbsentBans,
  insertBlocked,
  insertMembers,
  insertPlainMembers,
  membersBlocked,
  tellOfOwners,
} from './import-statements.ts'
import { type AbsentBanLine, BadLine, type BlockedLine, type MemberLine } from './lines.ts'

/** How many rows were new. All others existed already. */
export interface Imported {
  readonly groups: number
  readonly members: number
  readonly blocked: number
}

/**
 * Imports lines into an app as one atomic change that keeps every rule of the database: rows and their
 * counters change together. Existing rows stay as they are. Throws `BadLine`, with nothing imported, and
 * `DatabaseError`.
 */
export function importBatch(
  engine: SerialEngine,
  app: Importing,
  lines: readonly Numbered[],
  now: number,
): Imported {
  engine.exec('BEGIN IMMEDIATE')
  try {
    const imported = write(engine, app, lines, now)
    engine.exec('COMMIT')
    return imported
  } catch (error) {
    try {
      engine.exec('ROLLBACK')
    } catch {
      // SQLite has already rolled back, as it does when the disk is full.
    }
    throw error
  }
}

const nobody = { administrator: false, user_id: null, only_group: null }

function write(engine: SerialEngine, app: Importing, all: readonly Numbered[], now: number): Imported {
  const { app_id } = app
  const groups = groupsOf(engine, app, all, now)
  const { lines } = groups
  const members = lines.filter((line): line is Numbered<MemberLine> => line.value.type === 'member')
  const blocked = lines.filter((line): line is Numbered<BlockedLine> => line.value.type === 'blocked')
  const { joined, told, described } = addMembers(engine, app_id, groups, members, now)
  const added = addBlocked(engine, blocked, now)
  addAbsentBans(engine, lines)
  refuseBlockedMembers(engine, groups, added, [...members, ...blocked])

  const joinedIn = tally(joined, ([group_id]) => group_id)
  const blockedIn = tally(added, ([group_id]) => group_id)
  for (const [group_id, more] of joinedIn) refuseOverfull(groups, group_id, more, joined, members)
  const changed = [
    ...new Set([...joinedIn.keys(), ...blockedIn.keys(), ...told.map(([group_id]) => group_id)]),
  ]
  const inGroups = changed.map(id => [
    id,
    joinedIn.get(id) ?? 0,
    blockedIn.get(id) ?? 0,
    groups.created.has(id) ? 0 : 1,
  ])
  engine.all(countInGroups({ rows: inGroups }))

  const joinedBy = tally(joined, ([, user_id]) => user_id)
  const createdBy = tally([...groups.created.values()], group => group.creator_id)
  const users = [...new Set([...joinedBy.keys(), ...createdBy.keys()])].sort((a, b) => a - b)
  engine.all(
    countOfUsers({
      app_id,
      rows: users.map(id => [id, createdBy.get(id) ?? 0, joinedBy.get(id) ?? 0]),
    }),
  )
  if (groups.created.size > 0) engine.all(countInApp({ app_id, more: groups.created.size }))
  settle(engine, changed, joined, added, now)
  const events = eventsOfImport(groups, changed, { joined, described, added })
  for (const bound of record({ app, caller: nobody, now }, events)) engine.all(bound)
  groups.mark()
  return { groups: groups.created.size, members: joined.length, blocked: added.length }
}

/**
 * Makes members of the owners of new groups and of the users in the lines. `joined`: the users who were not
 * members before. `told`: the owners for whom a line has set a field. `described`: the rows of these users
 * that set more than the membership.
 */
function addMembers(
  engine: SerialEngine,
  app_id: string,
  groups: GroupsInBatch,
  members: readonly Numbered<MemberLine>[],
  now: number,
): { joined: Pair[]; told: Pair[]; described: MemberRow[] } {
  const plain: [...Pair, joined_at: number][] = []
  const others: MemberRow[] = []
  for (const { group_id, owner_id, created_at } of groups.created.values())
    others.push([group_id, owner_id, role.owner, '', created_at, 0, 0, 0])
  const owners: MemberRow[] = []
  const pretenders: Numbered<MemberLine>[] = []
  for (const member of members) {
    const { group_id, user_id, display_name, msg_mute_mode, msg_push_mode, ban_until } = member.value
    const { owner_id, created_at } = groups.of(group_id)
    const isOwner = user_id === owner_id
    const claimsIt = member.value.role === role.owner
    if (claimsIt && !isOwner) pretenders.push(member)
    const joined_at = member.value.joined_at ?? (isOwner ? created_at : now)
    const given = claimsIt ? role.member : member.value.role
    if (
      !isOwner &&
      given === role.member &&
      display_name === '' &&
      msg_mute_mode + msg_push_mode === 0 &&
      ban_until === 0
    ) {
      plain.push([group_id, user_id, joined_at])
    } else {
      const row: MemberRow = [
        group_id,
        user_id,
        given,
        display_name,
        joined_at,
        msg_mute_mode,
        msg_push_mode,
        ban_until,
      ]
      if (isOwner) owners.push(row)
      else others.push(row)
    }
  }
  const joined = [
    ...(engine.all(insertMembers({ app_id, rows: inIndexOrder(others) })) as Pair[]),
    ...(engine.all(insertPlainMembers({ app_id, rows: inIndexOrder(plain) })) as Pair[]),
  ]
  const told = owners.length === 0 ? [] : (engine.all(tellOfOwners({ rows: owners })) as Pair[])
  // A line that calls somebody owner is out of date if that user is already an ordinary member. Skip it.
  for (const { line, value } of pretenders) {
    if (!joined.some(([group_id, user_id]) => group_id === value.group_id && user_id === value.user_id))
      continue
    throw new BadLine(line, `user ${value.user_id} is not the owner_id of group ${value.group_id}`)
  }
  const isNew = new Set([...joined, ...told].map(([group_id, user_id]) => `${group_id} ${user_id}`))
  const described = [...others, ...owners].filter(([group_id, user_id]) =>
    isNew.has(`${group_id} ${user_id}`),
  )
  return { joined, told, described }
}

/**
 * Sorts rows by user. The larger index of members has this order, so the batch passes through it once and not
 * once for every group.
 */
const inIndexOrder = (rows: [...Pair, ...unknown[]][]): readonly unknown[] => rows.sort((a, b) => a[1] - b[1])

function addBlocked(engine: SerialEngine, blocked: readonly Numbered<BlockedLine>[], now: number): Pair[] {
  if (blocked.length === 0) return []
  const rows = blocked.map(({ value }) => [value.group_id, value.user_id, value.blocked_at ?? now])
  return engine.all(insertBlocked({ rows: rows })) as Pair[]
}

/** No member sees these bans, so they raise no version and are no events. */
function addAbsentBans(engine: SerialEngine, lines: readonly Numbered[]): void {
  const bans = lines.filter((line): line is Numbered<AbsentBanLine> => line.value.type === 'absent_ban')
  const rows = bans.map(({ value }) => [value.group_id, value.user_id, value.ban_until])
  if (rows.length > 0) engine.all(insertAbsentBans({ rows }))
}

function refuseBlockedMembers(
  engine: SerialEngine,
  groups: GroupsInBatch,
  added: readonly Pair[],
  lines: readonly Numbered<MemberLine | BlockedLine>[],
): void {
  const suspects = new Set([...groups.withBlacklist, ...added.map(([group_id]) => group_id)])
  if (suspects.size === 0) return
  const [found] = engine.all(membersBlocked({ group_ids: [...suspects] })) as Pair[]
  if (found === undefined) return
  const [group_id, user_id] = found
  const of = lines.filter(({ value }) => value.group_id === group_id && value.user_id === user_id)
  const last = Math.max(...of.map(({ line }) => line))
  throw new BadLine(last, `user ${user_id} would be a member of group ${group_id} and on its blacklist`)
}

function refuseOverfull(
  groups: GroupsInBatch,
  group_id: number,
  more: number,
  joined: readonly Pair[],
  members: readonly Numbered<MemberLine>[],
): void {
  const { count, capacity } = groups.of(group_id)
  const excess = count + more - capacity
  if (excess <= 0) return
  const fresh = new Set(joined.filter(([group]) => group === group_id).map(([, user_id]) => user_id))
  const lines = members.filter(({ value }) => value.group_id === group_id && fresh.has(value.user_id))
  throw new BadLine(lines.at(-excess)?.line ?? 0, `group ${group_id} is full: its capacity is ${capacity}`)
}

/**
 * Settles the pending applications and invitations of users: as agreed for those who became members, as
 * rejected for those who were blacklisted.
 */
function settle(
  engine: SerialEngine,
  changed: readonly number[],
  joined: readonly Pair[],
  added: readonly Pair[],
  now: number,
): void {
  for (const [id] of engine.all(groupsWithPending({ group_ids: changed }))) {
    const group_id = Number(id)
    const users = (pairs: readonly Pair[]) =>
      pairs.filter(([group]) => group === group_id).map(([, user_id]) => user_id)
    for (const bound of settlePending(group_id, users(joined), 1, now)) engine.all(bound)
    for (const bound of settlePending(group_id, users(added), 2, now)) engine.all(bound)
  }
}

function tally<T>(items: readonly T[], key: (item: T) => number): Map<number, number> {
  const counts = new Map<number, number>()
  for (const item of items) {
    const of = key(item)
    counts.set(of, (counts.get(of) ?? 0) + 1)
  }
  return counts
}
