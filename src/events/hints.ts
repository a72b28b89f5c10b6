import { and, eq, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import type { Executor, Task } from '../operation/executor.ts'
import type { Call } from '../operation/operation.ts'
import { role } from '../operation/roles.ts'
import type { App } from '../tenant/app.ts'
import { type EventKind, kinds, type RecordedEvent } from './event.ts'
import { type Reach, reach } from './feed.ts'

/** What a user is told of a change in one of its groups. */
export interface Hint {
  readonly group_id: number
  readonly version: number
  readonly kind: EventKind
}

/** A user's groups at one moment. The events that follow keep them up to date. */
export interface Hints extends Reach {
  /**
   * What the user is told of an event, if anything. Must be called once with each event, in the order of
   * events.
   */
  hints(event: RecordedEvent): Hint | undefined
}

const groupsOf = query<{ app_id: string; user_id: number }>()(p =>
  db
    .select({ group_id: members.group_id, role: members.role })
    .from(members)
    .innerJoin(groups, and(eq(groups.group_id, members.group_id), sql`${groups.status} = 0`))
    .where(and(eq(members.app_id, p.app_id), eq(members.user_id, p.user_id))),
)

const nobody = { administrator: false, user_id: null, only_group: null } as const

/** Reads the groups of a user and the reach of the events at one moment, in one transaction. */
export async function hintsFor(executor: Executor, app: App, user_id: number): Promise<Hints> {
  const { app_id } = app
  const task: Task<{ reached: Reach; groups: { group_id: number; role: number }[] }> = {
    writes: false,
    lasting: true,
    reads: () => [reach({ app_id }), groupsOf({ app_id, user_id })],
    decide: (_, [reached, found]) => ({
      data: {
        reached: (reached?.[0] ?? { epoch: '', head: 0, earliest: 0 }) as Reach,
        groups: found as { group_id: number; role: number }[],
      },
    }),
  }
  const call: Call<unknown> = { app, caller: nobody, input: {}, now: 0, newId: () => 0 }
  const result = await executor.run(task, call, { bookmark: undefined })
  // A task that only reads never answers a refusal.
  const { data } = result as { data: { reached: Reach; groups: { group_id: number; role: number }[] } }
  return { ...data.reached, hints: hintsOf(user_id, data.groups) }
}

/** Follows a user's memberships through the events, so that the user is told only of its own groups. */
export function hintsOf(
  user_id: number,
  memberships: readonly { readonly group_id: number; readonly role: number }[],
): (event: RecordedEvent) => Hint | undefined {
  /** By group: whether the user is an admin of it. */
  const isAdmin = new Map(memberships.map(({ group_id, role: has }) => [group_id, has >= role.admin]))
  return ({ kind, group_id, group_version, subjects, data }) => {
    if (group_id === null || group_version === null) return undefined
    const isMe = kinds[kind].subjects === 'users' && subjects.includes(user_id)
    if (kind === 'group.member.joined' && isMe && !isAdmin.has(group_id)) isAdmin.set(group_id, false)
    if (kind === 'group.created' && ownerIn(data) === user_id) isAdmin.set(group_id, true)
    const admin = isAdmin.get(group_id)
    if (admin === undefined) return undefined
    const { audience } = kinds[kind]
    const isTold = isMe || audience === 'members' || (audience === 'admins' && admin)
    if (isMe && (kind === 'group.member.left' || kind === 'group.member.kicked')) isAdmin.delete(group_id)
    if (kind === 'group.destroyed') isAdmin.delete(group_id)
    if (isMe && kind === 'group.admin.granted') isAdmin.set(group_id, true)
    if (isMe && kind === 'group.admin.revoked') isAdmin.set(group_id, false)
    if (kind === 'group.owner.assigned' && (isMe || data.previous === user_id)) isAdmin.set(group_id, isMe)
    return isTold ? { group_id, version: group_version, kind } : undefined
  }
}

const ownerIn = (data: RecordedEvent['data']): unknown =>
  (data.group as { owner_id?: unknown } | undefined)?.owner_id
