import { and, eq, lt, sql } from 'drizzle-orm'
import type { Session } from '../db/engine.ts'
import { type Bound, command, db, inList, query } from '../db/query.ts'
import { idempotency, type KeptAnswer } from '../db/schema-events.ts'
import type { TextHash } from '../platform.ts'
import { HttpError, Refusal, refuse } from './errors.ts'
import type { Executor, Result, Task } from './executor.ts'
import type { Call } from './operation.ts'

/*
 * Writes that are safe to repeat (docs/events.md, section "Idempotency-Key"). The answer is stored in the
 * same transaction as the change, so there is never a change without its answer. If two requests with one key
 * arrive at once, SQLite runs them one after the other, and the second finds the answer of the first. On D1
 * their rows collide; the loser is decided again and then finds the answer.
 */

const dayMs = 24 * 60 * 60 * 1000
const hourMs = 60 * 60 * 1000

/**
 * The value of the header, which must be 1 to 255 visible ASCII characters; otherwise refuses with 10002.
 * Answers undefined if the header was not sent.
 */
export function idempotencyKey(header: string | null): string | undefined | Refusal {
  if (header === null) return undefined
  if (/^[\x21-\x7e]{1,255}$/.test(header)) return header
  return refuse('invalid_parameter', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
}

const kept = query<{ app_id: string; days: readonly number[]; hash: string }>()(p =>
  db
    .select({
      day: idempotency.day,
      answered_at: idempotency.answered_at,
      fingerprint: idempotency.fingerprint,
      answer: idempotency.answer,
    })
    .from(idempotency)
    .where(
      and(eq(idempotency.app_id, p.app_id), inList(idempotency.day, p.days), eq(idempotency.hash, p.hash)),
    ),
)

/**
 * Stores the answer. Between this request's reads and its writes, another request may have used the same key
 * on the day before. The CASE is then null, the column refuses null, and the operation is decided again.
 */
const keep = command<{
  app_id: string
  day: number
  hash: string
  now: number
  expired: number
  fingerprint: string
  answer: string
}>()(
  p => sql`INSERT INTO idempotency (app_id, day, hash, answered_at, fingerprint, answer)
    SELECT ${p.app_id}, CASE WHEN NOT EXISTS (SELECT 1 FROM idempotency WHERE app_id = ${p.app_id} AND day = ${p.day} - 1
      AND hash = ${p.hash} AND answered_at > ${p.expired}) THEN ${p.day} END,
      ${p.hash}, ${p.now}, ${p.fingerprint}, ${p.answer}`,
)
const forget = command<{ app_id: string; day: number; hash: string; expired: number }>()(
  p => sql`DELETE FROM idempotency WHERE app_id = ${p.app_id} AND day = ${p.day} AND hash = ${p.hash}
    AND answered_at <= ${p.expired}`,
)

/** Whether an app has keys from before this day. */
export const keysBefore = query<{ app_id: string; day: number }>()(p =>
  db
    .select({ day: idempotency.day })
    .from(idempotency)
    .where(and(eq(idempotency.app_id, p.app_id), lt(idempotency.day, p.day)))
    .limit(1),
)

/** Deletes at most 5000 keys from before this day. They are next to each other in the table. */
export const forgetKeysBefore = command<{ app_id: string; day: number }>()(
  p => sql`DELETE FROM idempotency WHERE (app_id, day, hash) IN
    (SELECT app_id, day, hash FROM idempotency WHERE app_id = ${p.app_id} AND day < ${p.day} LIMIT 5000)`,
)

/** 132 bits of a SHA-256: enough to tell texts apart, and shorter rows cost less. */
const digest = (hash: TextHash, text: string): string => hash(text).slice(0, 22)

/** JSON that is the same for equal values, whatever the order of their fields. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
}

/** The answer of a task whose key was already used with another input. */
const otherInput = Symbol('other input')

interface Keyed {
  /** The operation is part of the scope of a key, with the app and the caller. */
  readonly operation: string
  readonly key: string
  /** The SHA-256 of this home. */
  readonly hash: TextHash
}

/** Where the answer of a key is kept, and how to find it. */
function placeOf({ app, caller, now }: Call<unknown>, { operation, key, hash: hashOf }: Keyed) {
  const { administrator, user_id, only_group } = caller
  const hash = digest(hashOf, JSON.stringify([operation, administrator, user_id, only_group, key]))
  const expired = now - app.settings.idempotency_hours * hourMs
  const day = Math.floor(now / dayMs)
  const days: number[] = []
  // Also looks at tomorrow's rows, in case the clock was set back a little.
  for (let d = Math.floor(expired / dayMs); d <= day + 1; d++) days.push(d)
  return { hash, expired, day, find: kept({ app_id: app.app_id, days, hash }) }
}

/** Wraps a task. It makes its change only once for this key, and later gives the same answer again. */
function keyed(task: Task, call: Call<unknown>, name: Keyed): Task {
  const { app, now } = call
  const { hash, expired, day, find } = placeOf(call, name)
  const fingerprint = digest(name.hash, canonical(call.input))
  let refusal: Refusal | undefined
  return {
    writes: true,
    reads(call) {
      const reads = task.reads(call)
      // A request that would be refused now may have succeeded before under this key.
      refusal = reads instanceof Refusal ? reads : undefined
      return reads instanceof Refusal ? [find] : [find, ...reads]
    },
    decide(call, [found, ...rows]): Result {
      const rowsOfKey = (found ?? []) as {
        day: number
        answered_at: number
        fingerprint: string
        answer: KeptAnswer
      }[]
      const before = rowsOfKey.find(({ answered_at }) => answered_at > expired)
      if (before !== undefined) {
        if (before.fingerprint !== fingerprint) return { data: otherInput }
        return { ...before.answer, replayed: true }
      }
      if (refusal !== undefined) return refusal
      const outcome = task.decide(call, rows)
      if (outcome instanceof Refusal || outcome.writes === undefined || outcome.writes.length === 0)
        return outcome
      const { data, page } = outcome
      const row = { app_id: app.app_id, day, hash, expired }
      // Without a page, JSON leaves the field out.
      const answer = JSON.stringify({ data, page })
      const writes: Bound[] = [...outcome.writes]
      if (rowsOfKey.length > 0) writes.push(forget(row))
      writes.push(keep(Object.assign({ now, fingerprint, answer }, row)))
      return Object.assign({}, outcome, { writes })
    },
  }
}

/** Whether there is an answer for this key already, so that `runOnce` will change nothing. */
export async function isAnswered(
  executor: Executor,
  call: Call<unknown>,
  session: Session,
  name: Keyed,
): Promise<boolean> {
  const { expired, find } = placeOf(call, name)
  const task: Task<boolean> = {
    writes: false,
    reads: () => [find],
    decide: (_, [rows]) => ({
      data: (rows as { answered_at: number }[]).some(({ answered_at }) => answered_at > expired),
    }),
  }
  const result = await executor.run(task, call, session)
  return !(result instanceof Refusal) && result.data
}

/**
 * Runs a write under its key. Throws `HttpError` 422 if the key was used with another input, and everything
 * that `Executor.run` throws.
 */
export async function runOnce(
  executor: Executor,
  task: Task,
  call: Call<unknown>,
  session: Session,
  name: Keyed,
): Promise<Result> {
  const result = await executor.run(keyed(task, call, name), call, session)
  if (!(result instanceof Refusal) && result.data === otherInput) {
    throw new HttpError(
      422,
      `this Idempotency-Key was used with another input of ${name.operation}: send a new key for a new change`,
    )
  }
  return result
}
