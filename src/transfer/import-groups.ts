import type { SerialEngine } from '../db/engine.ts'
import { groupType, storedType } from '../group/group-type.ts'
import type { App } from '../tenant/app.ts'
import {
  groupsOfSource,
  insertGroups,
  type KnownGroup,
  knownGroups,
  markGroups,
} from './import-statements.ts'
import { BadLine, type GroupLine, type Line } from './lines.ts'
import { read } from './read.ts'

/*
 * Which lines of a file an import takes. A file adds to a group until something other than an import changes
 * the group here. From then on the group here is right, and lines about it are skipped. So importing the same
 * file again brings back no user who left or was removed meanwhile, and no dissolved group.
 *
 * `groups.import_mark` says which run wrote to the group last and which version the group had then. A run
 * that has begun a group takes all its lines, whatever the service changes in between.
 */

/** A parsed line with its number in the file. */
export interface Numbered<L extends Line = Line> {
  readonly line: number
  readonly value: L
}

/** One run of an import, with all its batches. */
export interface Importing extends Pick<App, 'app_id' | 'settings'> {
  /** The id of the run, without spaces. An interrupted run that goes on keeps its id. */
  readonly run: string
  readonly newId: () => number
  /** Groups whose lines were skipped, by their id in the file, and why. */
  readonly leftOut: Map<number, LeftOut>
  /**
   * Groups that got another id here, because the id in the file was already taken. From the id in the file to
   * the id here.
   */
  readonly renumbered: Map<number, number>
}

export type LeftOut = 'changed' | 'dissolved' | 'owner'

/** The line of a group with all fields set. */
type WholeGroup = {
  readonly [K in Exclude<keyof GroupLine, 'type'>]-?: Exclude<GroupLine[K], undefined>
} & {
  readonly source_id: number | null
  /** The columns in which the database stores `group_type`. */
  readonly type: number
  readonly finer_type: number | null
}

interface Group {
  readonly group_id: number
  readonly owner_id: number
  readonly capacity: number
  /** How many members the group had before this batch. */
  readonly count: number
  readonly version: number
  readonly created_at: number
}

/** The groups that the lines of a batch are about. */
export interface GroupsInBatch {
  /** The lines to import, with the ids that the groups have here. */
  readonly lines: readonly Numbered[]
  /** The groups that the batch creates. */
  readonly created: ReadonlyMap<number, WholeGroup>
  /** The groups that had a blacklisted user before the batch. */
  readonly withBlacklist: readonly number[]
  of(group_id: number): Group
  /** Stores which version of the groups this run leaves. Call it when everything else is written. */
  mark(): void
}

/**
 * Creates the new groups of the batch, still without members, and finds the existing ones. Throws `BadLine`.
 */
export function groupsOf(
  engine: SerialEngine,
  app: Importing,
  lines: readonly Numbered[],
  now: number,
): GroupsInBatch {
  const { app_id, leftOut } = app
  const ids = [...new Set(lines.map(({ value }) => value.group_id))]
  const byId = new Map(read(engine, knownGroups({ group_ids: ids })).map(group => [group.group_id, group]))
  const bySource = new Map(
    read(engine, groupsOfSource({ app_id, source_ids: ids })).map(group => [group.source_id, group]),
  )
  const created = new Map<number, WholeGroup>()
  const used = new Map<number, KnownGroup>()

  /** The group of this app with this id in the file. Its id here may be another one. */
  const knownAs = (id: number): KnownGroup | undefined => {
    const same = byId.get(id)
    return same?.app_id === app_id && same.source_id === null ? same : bySource.get(id)
  }
  const create = (line: GroupLine): void => {
    const taken = byId.has(line.group_id)
    const group_id = taken ? app.newId() : line.group_id
    if (taken) app.renumbered.set(line.group_id, group_id)
    const source_id = taken ? line.group_id : null
    created.set(line.group_id, {
      ...withDefaults(line, app, now),
      ...storedType(line.group_type),
      group_id,
      source_id,
    })
  }
  const reasonAgainst = (group: KnownGroup, value: Line): LeftOut | undefined => {
    if (group.status !== 0) return 'dissolved'
    if (value.type === 'group' && value.owner_id !== group.owner_id) return 'owner'
    return changedSince(group) && !isOfRun(group, app.run) ? 'changed' : undefined
  }

  const taken = lines.flatMap(({ line, value }): Numbered[] => {
    if (leftOut.has(value.group_id)) return []
    const known = knownAs(value.group_id)
    const reason = known && reasonAgainst(known, value)
    if (reason !== undefined) {
      leftOut.set(value.group_id, reason)
      return []
    }
    if (known !== undefined) {
      used.set(known.group_id, known)
      return [{ line, value: { ...value, group_id: known.group_id } }]
    }
    if (value.type === 'group' && !created.has(value.group_id)) create(value)
    const group = created.get(value.group_id)
    if (group === undefined)
      throw new BadLine(line, `there is no group ${value.group_id}: its own line must stand before this one`)
    return [{ line, value: { ...value, group_id: group.group_id } }]
  })

  const fresh = new Map([...created.values()].map(group => [group.group_id, group]))
  if (fresh.size > 0) engine.all(insertGroups({ app_id, rows: [...fresh.values()] }))
  return {
    lines: taken,
    created: fresh,
    withBlacklist: [...used.values()]
      .filter(group => group.blacklist_count > 0)
      .map(({ group_id }) => group_id),
    of(group_id) {
      const whole = fresh.get(group_id)
      const group = whole === undefined ? used.get(group_id) : { ...whole, count: 0 }
      if (group === undefined) throw new Error(`group ${group_id} is none of this batch`)
      return group
    },
    mark() {
      const rows = [...fresh.keys(), ...used.keys()].map(id => [
        id,
        changedSince(used.get(id) ?? unmarked) ? 1 : 0,
      ])
      engine.all(markGroups({ run: app.run, rows }))
    },
  }
}

const unmarked = { import_mark: null, version: 0 }

const isOfRun = ({ import_mark }: KnownGroup, run: string): boolean =>
  import_mark?.startsWith(`${run} `) ?? false

/**
 * Whether something other than an import has changed the group since the last import. False if there was no
 * import yet.
 */
const changedSince = ({ import_mark, version }: Pick<KnownGroup, 'import_mark' | 'version'>): boolean =>
  import_mark !== null && import_mark.slice(import_mark.indexOf(' ') + 1) !== String(version)

/** The values of a group that is created now. */
function withDefaults(
  line: GroupLine,
  { settings }: Importing,
  now: number,
): Omit<WholeGroup, 'source_id' | 'type' | 'finer_type'> {
  const isChatroom = line.group_type === groupType.chatroom
  const isOpen = isChatroom || line.group_type === groupType.public
  const created_at = line.created_at ?? now
  return {
    ...line,
    creator_id: line.creator_id ?? line.owner_id,
    apply_approval: line.apply_approval ?? (isOpen ? 0 : 1),
    capacity: line.capacity ?? (isChatroom ? settings.capacity_chatroom : settings.capacity_private),
    created_at,
    updated_at: line.updated_at ?? created_at,
  }
}
