import type { App } from '../apps.ts'
import type { SerialEngine } from '../db/engine.ts'
import { settlePending } from '../group/join.ts'
import { type GroupsInBatch, groupsOf } from './import-groups.ts'
import { countGroups, countMembers, countOfUsers, groupsWithPending, insertBlocked, insertMembers, membersBlocked, tellOfOwners } from './import-statements.ts'
import { BadLine, type BlockedLine, type GroupLine, type Line, type MemberLine } from './lines.ts'

export interface Numbered<L extends Line = Line> {
  readonly line: number
  readonly value: L
}

/** How much of each was new; the rest was there already. */
export interface Imported {
  readonly groups: number
  readonly members: number
  readonly blocked: number
}

/**
 * Imports lines into an app as one atomic change that keeps every rule of the database: rows and the counts of them go together. What is there already
 * is left as it is. Throws `BadLine`, with nothing imported, and `DatabaseError`.
 */
export function importBatch(engine: SerialEngine, app: Pick<App, 'app_id' | 'settings'>, lines: readonly Numbered[], now: number): Imported {
  engine.exec('BEGIN IMMEDIATE')
  try {
    const imported = write(engine, app, lines, now)
    engine.exec('COMMIT')
    return imported
  } catch (error) {
    try {
      engine.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
    throw error
  }
}

function write(engine: SerialEngine, app: Pick<App, 'app_id' | 'settings'>, lines: readonly Numbered[], now: number): Imported {
  const { app_id } = app
  const groups = groupsOf(engine, app, lines, now)
  const members = lines.filter((line): line is Numbered<MemberLine> => line.value.type === 'member')
  const blocked = lines.filter((line): line is Numbered<BlockedLine> => line.value.type === 'blocked')

  const joined = writeMembers(engine, app_id, groups, members, now)
  const newlyBlocked = writeBlocked(engine, blocked, now)
  refuseBlockedMembers(engine, groups, [...members, ...blocked], newlyBlocked)

  const perGroup = tally(joined, ([group_id]) => group_id)
  for (const [group_id, count] of perGroup) refuseOverfull(groups, group_id, count, joined, members)
  const blockedPerGroup = tally(newlyBlocked, ([group_id]) => group_id)
  const touched = new Set([...perGroup.keys(), ...blockedPerGroup.keys()])
  engine.all(
    countMembers({
      groups: JSON.stringify(
        [...touched].map(id => [id, perGroup.get(id) ?? 0, blockedPerGroup.get(id) ?? 0, groups.created.has(id) ? 0 : 1]),
      ),
    }),
  )
  const perUser = tally(joined, ([, user_id]) => user_id)
  const perCreator = tally([...groups.created.values()], group => group.creator_id)
  const users = [...new Set([...perUser.keys(), ...perCreator.keys()])].sort((a, b) => a - b)
  engine.all(countOfUsers({ app_id, users: JSON.stringify(users.map(id => [id, perCreator.get(id) ?? 0, perUser.get(id) ?? 0])) }))
  if (groups.created.size > 0) engine.all(countGroups({ app_id, more: groups.created.size }))
  settle(engine, touched, joined, newlyBlocked, now)

  return { groups: groups.created.size, members: joined.length - groups.created.size, blocked: newlyBlocked.length }
}

/** A group and a user. */
type Pair = readonly [group_id: number, user_id: number]

/** Inserts the owners of the new groups and the members of the lines; answers the pairs that are new. */
function writeMembers(
  engine: SerialEngine,
  app_id: string,
  groups: GroupsInBatch,
  members: readonly Numbered<MemberLine>[],
  now: number,
): Pair[] {
  const owners = [...groups.created.values()].map(({ group_id, owner_id, created_at }) => [group_id, owner_id, 3, '', created_at, 0, 0, 0])
  const others: (string | number)[][] = []
  const known: (string | number)[][] = []
  for (const { line, value } of members) {
    const group = groups.of(value.group_id, line)
    const isOwner = group.owner_id === value.user_id
    if (value.role === 3 && !isOwner) throw new BadLine(line, `user ${value.user_id} is not the owner of group ${value.group_id}`)
    const { group_id, user_id, role, display_name, msg_mute_mode, msg_push_mode, ban_until } = value
    const row = [group_id, user_id, role, display_name, value.joined_at ?? now, msg_mute_mode, msg_push_mode, ban_until]
    if (isOwner) known.push(value.joined_at === undefined ? [...row.slice(0, 4), group.created_at, ...row.slice(5)] : row)
    else others.push(row)
  }
  // In the order of the larger index, which lies by users: a batch then goes through it once, instead of once for every group.
  others.sort((a, b) => Number(a[1]) - Number(b[1]))
  const rows = JSON.stringify([...owners, ...others])
  const joined = engine.all(insertMembers({ app_id, rows })) as unknown as Pair[]
  if (known.length > 0) engine.all(tellOfOwners({ rows: JSON.stringify(known) }))
  return joined
}

function writeBlocked(engine: SerialEngine, blocked: readonly Numbered<BlockedLine>[], now: number): Pair[] {
  if (blocked.length === 0) return []
  const rows = blocked.map(({ value }) => [value.group_id, value.user_id, value.blocked_at ?? now])
  return engine.all(insertBlocked({ rows: JSON.stringify(rows) })) as unknown as Pair[]
}

function refuseBlockedMembers(
  engine: SerialEngine,
  groups: GroupsInBatch,
  lines: readonly Numbered<MemberLine | BlockedLine>[],
  newlyBlocked: readonly Pair[],
): void {
  for (const { line, value } of lines) groups.of(value.group_id, line)
  const suspects = new Set([...groups.withBlacklist, ...newlyBlocked.map(([group_id]) => group_id)])
  if (suspects.size === 0) return
  const [found] = engine.all(membersBlocked({ group_ids: JSON.stringify([...suspects]) })) as unknown as Pair[]
  if (found === undefined) return
  const [group_id, user_id] = found
  const last = lines.filter(({ value }) => value.group_id === group_id && value.user_id === user_id).at(-1)
  throw new BadLine(last?.line ?? 0, `user ${user_id} would be both a member of group ${group_id} and on its blacklist`)
}

function refuseOverfull(
  groups: GroupsInBatch,
  group_id: number,
  count: number,
  joined: readonly Pair[],
  members: readonly Numbered<MemberLine>[],
): void {
  const { count: before, capacity } = groups.of(group_id, 0)
  const excess = before + count - capacity
  if (excess <= 0) return
  const fresh = new Set(joined.filter(([id]) => id === group_id).map(([, user_id]) => user_id))
  const lines = members.filter(({ value }) => value.group_id === group_id && fresh.has(value.user_id))
  throw new BadLine(lines.at(-excess)?.line ?? 0, `group ${group_id} is full: its capacity is ${capacity}`)
}

/** Who is a member or blacklisted now has nothing pending in that group. */
function settle(engine: SerialEngine, touched: ReadonlySet<number>, joined: readonly Pair[], blocked: readonly Pair[], now: number): void {
  const pending = engine.all(groupsWithPending({ group_ids: JSON.stringify([...touched]) }))
  for (const [id] of pending) {
    const group_id = Number(id)
    const usersIn = (pairs: readonly Pair[]) => JSON.stringify(pairs.filter(([group]) => group === group_id).map(([, user_id]) => user_id))
    for (const bound of settlePending(group_id, usersIn(joined), 1, now)) engine.all(bound)
    for (const bound of settlePending(group_id, usersIn(blocked), 2, now)) engine.all(bound)
  }
}

function tally<T>(items: readonly T[], key: (item: T) => number): Map<number, number> {
  const counts = new Map<number, number>()
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return counts
}

export type { GroupLine }
