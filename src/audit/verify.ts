import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { type Bound, db, query } from '../db/query.ts'
import { auditChain, auditHeads, type ChainEntry } from '../db/schema-audit.ts'
import { events } from '../db/schema-events.ts'
import { columnsOfEvents, reach } from '../events/feed.ts'
import type { TextHash } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { checkBatch } from './check-batch.ts'
import { batchHash, type EventRow, type StoredBatch } from './digest.ts'
import { Terms } from './terms.ts'

/*
 * Checks the chain of an app against its events. Whatever was changed, deleted or inserted is named. Reads in
 * portions, so memory stays flat. All reads must see one state of the database.
 */

const portion = 8
/** The most events that are read at once. Batches that were not tampered with have fewer. */
const maxRows = 20_000
/** How many problems are kept in memory. */
const maxNamed = 1000

const batchesAfter = query<{ app_id: string; number: number }>()(p =>
  db
    .select({
      app_id: auditChain.app_id,
      number: auditChain.number,
      first_seq: auditChain.first_seq,
      last_seq: auditChain.last_seq,
      last_at: auditChain.last_at,
      sealed_at: auditChain.sealed_at,
      previous: auditChain.previous,
      audited_hash: auditChain.audited_hash,
      others_hash: auditChain.others_hash,
      hash: auditChain.hash,
      kept: auditChain.kept,
      // As text, because damaged entries must be reported, not thrown.
      entries: sql<string>`entries`.as('entries'),
    })
    .from(auditChain)
    .where(and(eq(auditChain.app_id, p.app_id), gt(auditChain.number, p.number)))
    .orderBy(asc(auditChain.number))
    .limit(portion),
)

const headOf = query<{ app_id: string }>()(p =>
  db
    .select({ number: auditHeads.head_number, hash: auditHeads.head_hash })
    .from(auditHeads)
    .where(eq(auditHeads.app_id, p.app_id)),
)

const eventsBetween = query<{ app_id: string; from: number; to: number }>()(p =>
  db
    .select(columnsOfEvents)
    .from(events)
    .where(and(eq(events.app_id, p.app_id), sql`${events.seq} BETWEEN ${p.from} AND ${p.to}`))
    .orderBy(asc(events.seq))
    .limit(maxRows),
)

const countBefore = query<{ app_id: string; seq: number }>()(p =>
  db
    .select({ count: sql<number>`count(*)`.as('count') })
    .from(events)
    .where(
      and(eq(events.app_id, p.app_id), sql`${events.seq} < ${p.seq} AND ${events.kind} <> 'events.trimmed'`),
    ),
)

/** A head that somebody kept: the log and every backup have some. */
export interface KnownHead {
  readonly number: number
  readonly hash: string
}

export interface Verdict {
  readonly batches: number
  /** Sealed events that were checked, and how many of them were erased. */
  readonly events: number
  readonly erased: number
  /** Events after the newest batch. */
  readonly unsealed: number
  /** The last event that retention has deleted, at least in part; 0 if none. */
  readonly deletedTo: number
  readonly head: KnownHead | undefined
  /** How many problems there are. */
  readonly problems: number
  /** What is wrong, in the order of the chain: the first problems, at most `maxNamed`. */
  readonly named: readonly string[]
}

/** What verifying needs. `read` answers the rows of a query. */
export interface Verifying {
  readonly read: <Row>(bound: Bound<Row>) => Row[] | Promise<Row[]>
  readonly hash: TextHash
  readonly now: number
  /** The chain must contain these heads. */
  readonly known?: readonly KnownHead[]
}

export async function verifyApp(app: App, { read, hash, now, known = [] }: Verifying): Promise<Verdict> {
  const { app_id } = app
  const named: string[] = []
  let problems = 0
  const report = (found: readonly string[]) => {
    problems += found.length
    named.push(...found.slice(0, maxNamed - named.length))
  }
  const terms = new Terms(app.settings, now)
  const [reached] = await read(reach({ app_id }))
  const { head: newestEvent, earliest } = reached ?? { head: 0, earliest: 0 }
  const missed = new Map(known.map(({ number, hash }) => [number, hash]))
  let before: StoredBatch | undefined
  let batches = 0
  let count = 0
  let erased = 0
  let deletedTo = 0

  for (;;) {
    const found: StoredBatch[] = await read(batchesAfter({ app_id, number: before?.number ?? 0 }))
    const [first] = found
    const last = found.at(-1)
    if (first === undefined || last === undefined) break
    const rows: EventRow[] = await read(eventsBetween({ app_id, from: first.first_seq, to: last.last_seq }))
    let at = 0
    for (const batch of found) {
      report(linkProblems(before, batch))
      if (batchHash(hash, batch) !== batch.hash) report([`batch ${batch.number} was changed`])
      const start = at
      while (at < rows.length && (rows[at] as EventRow).seq <= batch.last_seq) at++
      const checked = checkBatch({
        hash,
        batch,
        entries: entriesIn(batch.entries),
        rows: rows.slice(start, at),
        trimmed: earliest,
      })
      report(checked.problems)
      terms.learn(checked.settingsChanges)
      if (batch.kept !== 'all') {
        terms.deleted(batch)
        deletedTo = batch.last_seq
      }
      if (missed.get(batch.number) === batch.hash) missed.delete(batch.number)
      count += checked.events
      erased += checked.erased
      batches++
      before = batch
    }
    if (batches === found.length) {
      const [{ count: left } = { count: 0 }] = await read(countBefore({ app_id, seq: first.first_seq }))
      if (left > 0)
        report([`${left} events before event ${first.first_seq} were inserted: they are in no batch`])
    }
  }

  const [head] = await read(headOf({ app_id }))
  report(headProblems(before, head))
  report(terms.problems())
  report([...missed.keys()].map(number => `the chain does not contain the known head ${number}`))
  return {
    batches,
    events: count,
    erased,
    unsealed: Math.max(0, newestEvent - (before?.last_seq ?? 0)),
    deletedTo,
    head: before && { number: before.number, hash: before.hash },
    problems,
    named,
  }
}

/** What is wrong between a batch and the one before it. */
function linkProblems(before: StoredBatch | undefined, batch: StoredBatch): string[] {
  const { number, first_seq } = batch
  if (before === undefined) {
    if (number > 1) return batch.kept === 'none' ? [] : [`the batches before batch ${number} were deleted`]
    return batch.previous === '' && first_seq === 1 ? [] : ['batch 1 does not begin the chain']
  }
  if (number > before.number + 1)
    return [`the batches between batch ${before.number} and batch ${number} were deleted`]
  return batch.previous === before.hash && first_seq === before.last_seq + 1
    ? []
    : [`batch ${number} does not continue batch ${before.number}`]
}

function headProblems(newest: StoredBatch | undefined, head: KnownHead | undefined): string[] {
  if (newest === undefined) return head === undefined ? [] : ['all batches were deleted']
  if (head === undefined) return ['the record of the head was deleted']
  if (head.number > newest.number) return [`the batches after batch ${newest.number} were deleted`]
  return head.number === newest.number && head.hash === newest.hash
    ? []
    : [`the record of the head does not name batch ${newest.number}`]
}

/** The entries of a batch; undefined if the text is none. */
function entriesIn(text: string): readonly ChainEntry[] | undefined {
  try {
    const entries: unknown = JSON.parse(text)
    return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined
  } catch {
    return undefined
  }
}

const isEntry = (entry: unknown): entry is ChainEntry =>
  Array.isArray(entry) &&
  entry.length === 4 &&
  typeof entry[0] === 'number' &&
  (entry[1] === 0 || entry[1] === 1) &&
  typeof entry[2] === 'string' &&
  typeof entry[3] === 'string'
