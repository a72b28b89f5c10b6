import { and, asc, desc, eq, gt, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { auditChain, type ChainEntry } from '../db/schema-audit.ts'
import { events } from '../db/schema-events.ts'
import { columnsOfEvents, reach } from '../events/feed.ts'
import type { Executor } from '../operation/executor.ts'
import { base64url } from '../operation/sign.ts'
import { runTask, task } from '../operation/task.ts'
import type { TextHash } from '../platform.ts'
import { batchHash, digestOf, type EventRow, isAudited, sealedText } from './digest.ts'

/*
 * Seals recorded events: adds batches to the chain of an app. It works beside the write path. An event that
 * is not sealed yet never changes, because erasure and retention change sealed events only. So no transaction
 * is needed between reading the events and adding their batch.
 */

/** The most events in a batch, and the most time between its first and its last event (milliseconds). */
export const maxBatchEvents = 512
const maxBatchMs = 60 * 60 * 1000

/** The newest batch of an app. */
export interface Head {
  readonly number: number
  readonly last_seq: number
  readonly hash: string
}

const newest = query<{ app_id: string }>()(p =>
  db
    .select({ number: auditChain.number, last_seq: auditChain.last_seq, hash: auditChain.hash })
    .from(auditChain)
    .where(eq(auditChain.app_id, p.app_id))
    .orderBy(desc(auditChain.number))
    .limit(1),
)

/** The newest batch of an app; undefined before the first. */
export async function chainHead(executor: Executor, app_id: string): Promise<Head | undefined> {
  return (await executor.read(newest({ app_id })))[0]
}

const storedAfter = query<{ app_id: string; seq: number }>()(p =>
  db
    .select(columnsOfEvents)
    .from(events)
    .where(and(eq(events.app_id, p.app_id), gt(events.seq, p.seq)))
    .orderBy(asc(events.seq))
    .limit(maxBatchEvents),
)

type Batch = typeof auditChain.$inferSelect

/** Adds a batch, unless somebody else has added one with its number, or the app was deleted. */
const insertBatch = command<Omit<Batch, 'entries' | 'kept'> & { entries: string }>()(
  p => sql`INSERT INTO audit_chain (app_id, number, first_seq, last_seq, last_at, sealed_at, previous, audited_hash,
      others_hash, hash, kept, entries)
    SELECT app_id, ${p.number}, ${p.first_seq}, ${p.last_seq}, ${p.last_at}, ${p.sealed_at}, ${p.previous},
      ${p.audited_hash}, ${p.others_hash}, ${p.hash}, 'all', ${p.entries} FROM apps WHERE app_id = ${p.app_id}
    ON CONFLICT (app_id, number) DO NOTHING`,
)

const moveHead = command<{ app_id: string; number: number; hash: string }>()(
  p => sql`INSERT INTO audit_heads (app_id, head_number, head_hash)
    SELECT app_id, number, hash FROM audit_chain
      WHERE app_id = ${p.app_id} AND number = ${p.number} AND hash = ${p.hash}
    ON CONFLICT (app_id) DO UPDATE SET head_number = excluded.head_number, head_hash = excluded.head_hash`,
)

/** What sealing needs of the service. */
export interface Sealing {
  readonly hash: TextHash
  readonly clock: () => number
}

/** Seals the next batch of an app. Answers the `seq` of the last event that is sealed now. */
export async function sealBatch(
  executor: Executor,
  app_id: string,
  { hash, clock }: Sealing,
): Promise<number> {
  const head = await chainHead(executor, app_id)
  const found: EventRow[] = await executor.read(storedAfter({ app_id, seq: head?.last_seq ?? 0 }))
  const [first] = found
  if (first === undefined) return head?.last_seq ?? 0
  const end = found.findIndex(({ at }) => Math.abs(at - first.at) > maxBatchMs)
  const sealed = end < 0 ? found : found.slice(0, end)
  const { entries, audited_hash, others_hash } = hashesOf(hash, app_id, sealed)
  const facts = {
    app_id,
    number: (head?.number ?? 0) + 1,
    first_seq: (head?.last_seq ?? 0) + 1,
    last_seq: (sealed.at(-1) as EventRow).seq,
    last_at: Math.max(...sealed.map(({ at }) => at)),
    sealed_at: clock(),
    previous: head?.hash ?? '',
    audited_hash,
    others_hash,
  }
  const batch = { ...facts, hash: batchHash(hash, facts) }
  const writes = [insertBatch({ ...batch, entries: JSON.stringify(entries) }), moveHead(batch)]
  await runTask(executor, task({ decide: () => ({ data: null, writes }) }), facts.sealed_at)
  return facts.last_seq
}

/** Seals all events that an app has when this is called, and perhaps later ones. */
export async function sealApp(executor: Executor, app_id: string, sealing: Sealing): Promise<void> {
  const [newestEvent] = await executor.read(reach({ app_id }))
  while ((await sealBatch(executor, app_id, sealing)) < (newestEvent?.head ?? 0));
}

const saltBytes = 12
const saltChars = (saltBytes * 4) / 3

function hashesOf(hash: TextHash, app_id: string, sealed: readonly EventRow[]) {
  const salts = base64url(crypto.getRandomValues(new Uint8Array(sealed.length * saltBytes)))
  let audited = ''
  let others = ''
  const entries = sealed.map((event, i): ChainEntry => {
    const salt = salts.slice(i * saltChars, (i + 1) * saltChars)
    const digest = digestOf(hash, app_id, event, salt)
    const isOfAudit = isAudited(event.kind)
    if (isOfAudit) audited += sealedText(event, digest)
    else others += sealedText(event, digest)
    return [event.seq, isOfAudit ? 1 : 0, digest, salt]
  })
  return { entries, audited_hash: hash(audited), others_hash: hash(others) }
}
