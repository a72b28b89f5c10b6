import type { NewEvent } from '../events/event.ts'
import { newGroup } from '../events/record.ts'
import { role } from '../operation/roles.ts'
import type { GroupsInBatch } from './import-groups.ts'

/** A group and a user. */
export type Pair = [group_id: number, user_id: number]
/** A member with every field that a line can set. */
export type MemberRow = [
  ...Pair,
  role: number,
  display_name: string,
  joined_at: number,
  mute: number,
  push: number,
  ban_until: number,
]

interface Written {
  /** The users who became members. */
  readonly joined: readonly Pair[]
  /** The rows that set other fields of these members. */
  readonly described: readonly MemberRow[]
  /** The users who were blacklisted. */
  readonly added: readonly Pair[]
}

/**
 * The most users in one event, as in operations. So no event of an import is larger than one of an operation.
 */
const usersOfEvent = 500

/**
 * The events of an import. They have the same kinds as those of operations, so readers need to know nothing
 * about imports. All changes of a batch to one group have the same version.
 */
export function eventsOfImport(
  groups: GroupsInBatch,
  changed: readonly number[],
  { joined, described, added }: Written,
): NewEvent[] {
  const joinedIn = byGroup(joined)
  const describedIn = byGroup(described)
  const addedIn = byGroup(added)
  return changed.flatMap(group_id => {
    const created = groups.created.get(group_id)
    const { version } = groups.of(group_id)
    const of = { group_id, group_version: created === undefined ? version + 1 : version }
    const rows = describedIn.get(group_id) ?? []
    return [
      ...(created === undefined
        ? []
        : [
            {
              kind: 'group.created',
              ...of,
              group: newGroup({ ...created, type: created.group_type }),
            } as const,
          ]),
      ...portions(joinedIn.get(group_id)).map(
        users => ({ kind: 'group.member.joined', ...of, users, how: 'import' }) as const,
      ),
      ...portions(rows.filter(row => row[2] === role.admin)).map(
        users => ({ kind: 'group.admin.granted', ...of, users }) as const,
      ),
      ...rows.flatMap(row => eventsOfMember(row).map(event => ({ ...event, ...of }))),
      ...portions(addedIn.get(group_id)).map(
        users => ({ kind: 'group.blacklist.added', ...of, users }) as const,
      ),
    ]
  })
}

function eventsOfMember([, user_id, , display_name, , mute, push, until]: MemberRow): NewEvent[] {
  const users = [user_id]
  const events: NewEvent[] = []
  if (display_name !== '') {
    events.push({ kind: 'group.member.changed', users, changes: { display_name: ['', display_name] } })
  }
  if (mute + push > 0) {
    const changes = { msg_mute_mode: [0, mute], msg_push_mode: [0, push] } as const
    events.push({ kind: 'group.member.preferences', users, changes })
  }
  if (until !== 0) events.push({ kind: 'group.member.banned', users, until })
  return events
}

function byGroup<Row extends readonly [group_id: number, ...unknown[]]>(
  rows: readonly Row[],
): Map<number, Row[]> {
  const found = new Map<number, Row[]>()
  for (const row of rows) {
    const before = found.get(row[0])
    if (before === undefined) found.set(row[0], [row])
    else before.push(row)
  }
  return found
}

function portions(rows: readonly (readonly [number, number, ...unknown[]])[] = []): number[][] {
  const found: number[][] = []
  for (let i = 0; i < rows.length; i += usersOfEvent)
    found.push(rows.slice(i, i + usersOfEvent).map(([, user_id]) => user_id))
  return found
}
