import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type * as z from 'zod'
import { type Bound, command, db, query, type RowsOf } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import type { GroupEventKind, GroupPayloads, NewEvent } from '../events/event.ts'
import { happened } from '../events/record.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import {
  type Answered,
  type Call,
  type Caller,
  type CallerOf,
  type Described,
  described,
  type Input,
  type Operation,
  type Outcome,
  otherGroup,
} from '../operation/operation.ts'
import { type Requirement, refusalFor } from '../operation/roles.ts'

type GroupRow = typeof groups.$inferSelect

/** The group an operation is about, as it stands. */
export type Group = Readonly<Omit<GroupRow, 'app_id' | 'status' | 'finer_type' | 'import_mark' | 'source_id'>>

/**
 * Who acts: the caller. An administrator who acts as nobody else acts as the group's owner. For a caller who
 * is not a member, everything but `actor_id` is null.
 */
export interface Actor {
  readonly actor_id: number
  readonly role: number | null
  readonly display_name: string | null
  readonly msg_mute_mode: number | null
  readonly msg_push_mode: number | null
  readonly ban_until: number | null
}

const {
  app_id: _app,
  status: _status,
  type,
  finer_type,
  import_mark: _mark,
  source_id: _source,
  ...groupColumns
} = getTableColumns(groups)

/** The type as clients know it: see `storedType`. */
export const typeColumn = sql<number>`coalesce(${finer_type}, ${type})`.as('type')

export const standingColumns = {
  ...groupColumns,
  type: typeColumn,
  role: members.role,
  display_name: members.display_name,
  msg_mute_mode: members.msg_mute_mode,
  msg_push_mode: members.msg_push_mode,
  ban_until: members.ban_until,
}

/**
 * The group and the caller's place in it, in one row. `user_id` null: the owner's place. There is no row if
 * the app has no such group, or if the group is dissolved.
 */
const standing = query<{ app_id: string; group_id: number; user_id: number | null }>()(p =>
  db
    .select({
      ...standingColumns,
      actor_id: sql<number>`coalesce(${p.user_id}, ${groups.owner_id})`.as('actor_id'),
    })
    .from(groups)
    .leftJoin(
      members,
      and(
        eq(members.group_id, groups.group_id),
        sql`${members.user_id} = coalesce(${p.user_id}, ${groups.owner_id})`,
      ),
    )
    .where(
      and(
        eq(groups.group_id, p.group_id),
        eq(groups.app_id, p.app_id),
        eq(groups.status, groupStatus.living),
      ),
    ),
)

/**
 * The first write of every change to a group. It makes races safe on every engine. If the group's version has
 * changed since the decision, the CASE is null and the NOT NULL column refuses it. Then the whole change is
 * rolled back and decided again.
 */
export const touch = command<{ group_id: number; seen: number }>()(
  p =>
    sql`UPDATE groups SET version = CASE WHEN version = ${p.seen} THEN version + 1 END WHERE group_id = ${p.group_id}`,
)

/** As `touch`, with the number of members. It writes an index more: that of groups by size. */
export const touchCount = command<{ group_id: number; seen: number; joined: number }>()(
  p =>
    sql`UPDATE groups SET version = CASE WHEN version = ${p.seen} THEN version + 1 END, count = count + ${p.joined} WHERE group_id = ${p.group_id}`,
)

export interface GroupCall<In, Who extends Caller = Caller> extends Call<In, Who> {
  readonly group: Group
  readonly me: Actor
  /** An event of this group, done by the actor. */
  event<K extends GroupEventKind>(kind: K, payload: GroupPayloads[K]): NewEvent
}

/**
 * What a change of a group results in: it must name its events. A write that does not change the group need
 * not.
 */
export interface GroupOutcome<Out> extends Outcome<Out> {
  /** By how much the number of members changes. */
  readonly joined?: number
  /** The writes change nothing that anybody is told of the group, so its version stays the same. */
  readonly unseen?: boolean
}

/**
 * An operation on one group. It reads the group and the caller's place in it. It refuses a caller whose role
 * does not allow the operation. It writes only if the group has not changed since it was read. `groupOf`
 * finds the group where the input has no `group_id`.
 */
export function groupOperation<
  Shape extends z.ZodRawShape,
  Out,
  const R extends readonly Bound[] = readonly [],
  Self extends boolean = false,
>(
  o: Described<Shape, Out, Self> & {
    readonly requires: Requirement
    readonly writes?: boolean
    /**
     * false: the operation writes nothing that is part of the group, so the group's version stays the same.
     */
    readonly changesGroup?: boolean
    groupOf?(call: Call<Input<Shape>, CallerOf<Self>>): number | Refusal
    reads?(call: Call<Input<Shape>, CallerOf<Self>>, group_id: number): R | Refusal
    decide(
      call: GroupCall<Input<Shape>, CallerOf<Self>>,
      rows: RowsOf<R>,
    ): GroupOutcome<Answered<Out>> | Refusal
  },
): Operation<Shape, Out> {
  const groupOf =
    o.groupOf ?? ((call: Call<Input<Shape>, CallerOf<Self>>) => (call.input as { group_id: number }).group_id)
  return {
    ...described(o),
    requires: o.requires,
    writes: o.writes ?? false,
    reads(call) {
      const typed = call as Call<Input<Shape>, CallerOf<Self>>
      const group_id = groupOf(typed)
      if (group_id instanceof Refusal) return group_id
      const { app, caller } = call
      if (caller.only_group !== null && caller.only_group !== group_id) {
        return refuse('no_permission', otherGroup)
      }
      const first = standing({ app_id: app.app_id, group_id, user_id: caller.user_id })
      const more = o.reads === undefined ? [] : o.reads(typed, group_id)
      return more instanceof Refusal ? more : [first, ...more]
    },
    decide(call, rows) {
      const [[found], ...rest] = rows as unknown as [(Group & Actor)[], ...unknown[][]]
      if (found === undefined) return refuse('group_not_found')
      const refusal = refusalFor(o.requires, found)
      if (refusal !== undefined) return refuse(refusal)
      const outcome = o.decide(
        new StandingCall(call as Call<Input<Shape>, CallerOf<Self>>, found),
        rest as unknown as RowsOf<R>,
      )
      if (outcome instanceof Refusal || outcome.writes === undefined || outcome.writes.length === 0)
        return outcome
      if (o.changesGroup === false || outcome.unseen === true) return outcome
      if (!outcome.events?.some(happened)) throw new Error(`${o.id} changes a group and names no event`)
      const { joined = 0 } = outcome
      const at = { group_id: found.group_id, seen: found.version }
      const first = joined === 0 ? touch(at) : touchCount({ ...at, joined })
      return Object.assign({}, outcome, { writes: [first, ...outcome.writes] })
    },
  }
}

class StandingCall<In, Who extends Caller> implements GroupCall<In, Who> {
  readonly app: Call<In>['app']
  readonly caller: Who
  readonly input: In
  readonly now: number
  readonly newId: () => number
  readonly group: Group
  readonly me: Actor
  constructor(call: Call<In, Who>, found: Group & Actor) {
    this.app = call.app
    this.caller = call.caller
    this.input = call.input
    this.now = call.now
    this.newId = call.newId
    this.group = found
    this.me = found
  }
  event<K extends GroupEventKind>(kind: K, payload: GroupPayloads[K]): NewEvent {
    const { group_id, version } = this.group
    const of = { group_id, group_version: version + 1, by_id: this.me.actor_id }
    // A kind together with its own payload is a member of the union, but the compiler does not see that.
    return { kind, ...payload, ...of } as unknown as NewEvent
  }
}
