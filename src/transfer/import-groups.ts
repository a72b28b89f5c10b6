import type { SerialEngine } from '../db/engine.ts'
import type { App } from '../tenant/app.ts'
import { insertGroups, knownGroups } from './import-statements.ts'
import { BadLine, type GroupLine, type Line } from './lines.ts'
import { read } from './read.ts'

/** A line's content with its number in the file. */
export interface Numbered<L extends Line = Line> {
  readonly line: number
  readonly value: L
}

export type Importing = Pick<App, 'app_id' | 'settings'>

/** The line of a group with nothing left out. */
type WholeGroup = { readonly [K in keyof GroupLine]-?: Exclude<GroupLine[K], undefined> }

interface Group {
  readonly group_id: number
  readonly owner_id: number
  readonly capacity: number
  /** Members before this batch. */
  readonly count: number
  /** Version before this batch; a group that the batch creates has its first. */
  readonly version: number
  readonly created_at: number
}

/** The groups that a batch is about. */
export interface GroupsInBatch {
  /** Those that it creates. */
  readonly created: ReadonlyMap<number, WholeGroup>
  /** Those that had somebody on the blacklist before. */
  readonly withBlacklist: readonly number[]
  /** Throws `BadLine` for a group that is not there, or of another app. */
  of(group_id: number, line: number): Group
}

/**
 * Creates the groups of the batch that are new, as yet without members, and finds the others. Throws
 * `BadLine`.
 */
export function groupsOf(
  engine: SerialEngine,
  app: Importing,
  lines: readonly Numbered[],
  now: number,
): GroupsInBatch {
  const group_ids = [...new Set(lines.map(({ value }) => value.group_id))]
  const known = new Map(read(engine, knownGroups({ group_ids })).map(group => [group.group_id, group]))
  const created = new Map<number, WholeGroup>()
  const createdGroups = new Map<number, Group>()

  const usable = (group_id: number, line: number): Group | undefined => {
    const group = known.get(group_id)
    if (group === undefined) return createdGroups.get(group_id)
    if (group.app_id !== app.app_id) throw new BadLine(line, `group ${group_id} belongs to another app`)
    if (group.status !== 0) throw new BadLine(line, `group ${group_id} was dissolved`)
    return group
  }

  for (const { line, value } of lines) {
    if (value.type !== 'group' || usable(value.group_id, line) !== undefined) continue
    const whole = withDefaults(value, app, now)
    created.set(whole.group_id, whole)
    createdGroups.set(whole.group_id, { ...whole, count: 0 })
  }
  if (created.size > 0) engine.all(insertGroups({ app_id: app.app_id, rows: [...created.values()] }))
  return {
    created,
    withBlacklist: [...known.values()]
      .filter(group => group.blacklist_count > 0)
      .map(({ group_id }) => group_id),
    of(group_id, line) {
      const group = usable(group_id, line)
      if (group === undefined)
        throw new BadLine(line, `there is no group ${group_id}: its own line must stand before this one`)
      return group
    },
  }
}

/** As a group that is created now. */
function withDefaults(line: GroupLine, { settings }: Importing, now: number): WholeGroup {
  const isChatroom = line.group_type === 2
  const created_at = line.created_at ?? now
  return {
    ...line,
    creator_id: line.creator_id ?? line.owner_id,
    apply_approval: line.apply_approval ?? (isChatroom ? 0 : 1),
    capacity: line.capacity ?? (isChatroom ? settings.capacity_chatroom : settings.capacity_private),
    created_at,
    updated_at: line.updated_at ?? created_at,
  }
}
