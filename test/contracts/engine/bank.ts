import { eq, sql } from 'drizzle-orm'
import type { SerialEngine, Session } from '../../../src/db/engine.ts'
import { type Bound, command, db, each, inList, query, type RowsOf } from '../../../src/db/query.ts'
import { groups, members } from '../../../src/db/schema.ts'
import { touchCount } from '../../../src/group/group-operation.ts'
import type { Refusal } from '../../../src/operation/errors.ts'
import type { Executor, ExecutorMetrics, Result, Task } from '../../../src/operation/executor.ts'
import type { Call, Outcome } from '../../../src/operation/operation.ts'
import { appSettings } from '../../../src/tenant/app.ts'

/*
 * What the contract of the database engines works with: a database of the real schema, and tasks on its
 * groups. It runs inside of every runtime, so it knows none.
 */

export interface ExecutorOptions {
  readonly queueLimit?: number
  readonly metrics?: ExecutorMetrics
}

/** A database under test: new, migrated, empty. */
export interface Bank {
  executor(options?: ExecutorOptions): Executor
}

/** One whose SQLite runs in the process. */
export interface SerialBank extends Bank {
  readonly engine: SerialEngine
  /** A second connection to the same file. */
  connect(): SerialEngine
}

/** One at a distance, whose batches are counted. */
export interface RemoteBank extends Bank {
  /** How many batches the action sent. */
  batches(action: () => Promise<unknown>): Promise<number>
}

/** Cases by name; one fails by throwing. */
export type Cases<B extends Bank> = Readonly<Record<string, (bank: B) => Promise<void>>>

/** What became of each case: `ok`, or its error. */
export async function reportOf<B extends Bank>(cases: Cases<B>, bank: B): Promise<Record<string, string>> {
  const report: Record<string, string> = {}
  for (const [name, run] of Object.entries(cases)) {
    report[name] = await run(bank).then(
      () => 'ok',
      error => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    )
  }
  return report
}

export const insertGroup = command<{ group_id: number; capacity: number; name: string }>()(
  p => sql`INSERT INTO groups (group_id, app_id, type, name, description, avatar, owner_id, creator_id, apply_approval, capacity, count, created_at, updated_at)
    VALUES (${p.group_id}, 'bank', 0, ${p.name}, '', '', 1, 1, 0, ${p.capacity}, 0, 0, 0)`,
)
/** The guard of every operation on a group: nothing is written about a group that has changed. */
export const guard = touchCount
export const addMember = command<{ group_id: number; user_id: number; role: number; display_name: string }>()(
  p =>
    sql`INSERT INTO members (group_id, user_id, app_id, role, display_name, joined_at) VALUES (${p.group_id}, ${p.user_id}, 'bank', ${p.role}, ${p.display_name}, 0)`,
)
export const addMembers = command<{ group_id: number; user_ids: readonly number[] }>()(
  p =>
    sql`INSERT INTO members (group_id, user_id, app_id, joined_at) SELECT ${p.group_id}, value, 'bank', 0 FROM ${each(p.user_ids)}`,
)
export const intoNowhere = command<{ value: number }>()(
  p => sql`INSERT INTO no_such_table VALUES (${p.value})`,
)
export const fromNowhere = command<Record<never, never>>()(() => sql`SELECT * FROM no_such_table`)

export const groupRow = query<{ group_id: number }>()(p =>
  db.select().from(groups).where(eq(groups.group_id, p.group_id)),
)
export const memberRows = query<{ group_id: number }>()(p =>
  db.select().from(members).where(eq(members.group_id, p.group_id)).orderBy(members.user_id),
)
export const memberCount = query<{ group_id: number }>()(p =>
  db
    .select({ members: sql<number>`count(*)`.as('members') })
    .from(members)
    .where(eq(members.group_id, p.group_id)),
)
export const membersAmong = query<{ user_ids: readonly number[] }>()(p =>
  db
    .select({ user_id: members.user_id })
    .from(members)
    .where(inList(members.user_id, p.user_ids))
    .orderBy(members.user_id),
)

const call: Call<unknown> = {
  app: { app_id: 'bank', secrets: [], keys: [], jwks_url: '', settings: appSettings.parse({}), epoch: '' },
  caller: { administrator: true, user_id: null, only_group: null },
  input: {},
  now: 0,
  newId: () => newGroupId(),
}

let lastGroup = 0
export const newGroupId = (): number => ++lastGroup

/** Runs a task of these reads and this decision. */
export function run<const R extends readonly Bound[], Out>(
  executor: Executor,
  reads: R,
  decide: (rows: RowsOf<R>) => Outcome<Out> | Refusal,
  {
    writes = true,
    session = { bookmark: undefined },
    unsaved,
  }: { writes?: boolean; session?: Session; unsaved?: () => Outcome<Out> } = {},
): Promise<Result<Out>> {
  const task: Task<Out> = {
    writes,
    reads: () => reads,
    decide: (_, rows) => decide(rows as unknown as RowsOf<R>),
    ...(unsaved && { unsaved }),
  }
  return Promise.resolve(executor.run(task, call, session))
}

/** Writes without reading first. */
export const write = (executor: Executor, ...writes: Bound[]): Promise<Result<null>> =>
  run(executor, [], () => ({ data: null, writes }))

export async function newGroup(executor: Executor, { capacity = 1000, name = '' } = {}): Promise<number> {
  const group_id = newGroupId()
  await write(executor, insertGroup({ group_id, capacity, name }))
  return group_id
}

/** A member more, as an operation adds one; answers false where the group is full. */
export const join = (executor: Executor, group_id: number, user_id: number): Promise<Result<boolean>> =>
  run(executor, [groupRow({ group_id })], ([[group]]) => {
    if (group === undefined) throw new Error('no group')
    if (group.count >= group.capacity) return { data: false }
    return {
      data: true,
      writes: [
        guard({ group_id, seen: group.version, joined: 1 }),
        addMember({ group_id, user_id, role: 1, display_name: '' }),
      ],
    }
  })

/** The group's own count and version, and how many members there are. */
export async function standingOf(
  executor: Executor,
  group_id: number,
): Promise<{ count: number; version: number; members: number }> {
  const [group] = await executor.read(groupRow({ group_id }))
  const [counted] = await executor.read(memberCount({ group_id }))
  if (group === undefined || counted === undefined) throw new Error('no group')
  return { count: group.count, version: group.version, members: counted.members }
}
