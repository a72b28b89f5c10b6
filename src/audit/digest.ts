import type { EntriesKept } from '../db/schema-audit.ts'
import { type EventKind, kinds } from '../events/event.ts'
import type { TextHash } from '../platform.ts'

/* What the hashes of the chain are made of (docs/audit.md, section "The chain"). */

/** An event as its row in the database. `subjects` and `data` are the stored texts. */
export interface EventRow {
  readonly seq: number
  readonly at: number
  readonly kind: EventKind
  readonly group_id: number | null
  readonly group_version: number | null
  readonly by_id: number | null
  readonly acting: string
  readonly key_id: string
  readonly subjects: string
  readonly data: string
  readonly request: string
  readonly ip: string
}

/** The columns that erasing a person leaves as they are. */
const open = ({ seq, at, kind, group_id, group_version, acting, subjects }: EventRow) => [
  seq,
  at,
  kind,
  group_id,
  group_version,
  acting,
  subjects,
]

/** The salted digest of a whole event. Without the salt nobody can guess what the event said. */
export const digestOf = (hash: TextHash, app_id: string, event: EventRow, salt: string): string =>
  hash(
    JSON.stringify([
      salt,
      app_id,
      ...open(event),
      event.by_id,
      event.key_id,
      event.data,
      event.request,
      event.ip,
    ]),
  )

/** An event and its digest, as the hash of a part of a batch covers them. */
export const sealedText = (event: EventRow, digest: string): string =>
  `${JSON.stringify(open(event))}${digest}\n`

/** The columns that the hash of a batch covers. */
export interface BatchFacts {
  readonly app_id: string
  readonly number: number
  readonly first_seq: number
  readonly last_seq: number
  readonly last_at: number
  readonly sealed_at: number
  readonly previous: string
  readonly audited_hash: string
  readonly others_hash: string
}

/** A batch as it is stored. `entries` is the stored text. */
export interface StoredBatch extends BatchFacts {
  readonly hash: string
  readonly kept: EntriesKept
  readonly entries: string
}

/** The hash of a batch, which the next batch continues. */
export const batchHash = (hash: TextHash, batch: BatchFacts): string =>
  hash(
    JSON.stringify([
      batch.app_id,
      batch.number,
      batch.first_seq,
      batch.last_seq,
      batch.last_at,
      batch.sealed_at,
      batch.previous,
      batch.audited_hash,
      batch.others_hash,
    ]),
  )

/** Whether an audit asks for events of this kind. */
export const isAudited = (kind: EventKind): boolean => kinds[kind]?.audit ?? false
