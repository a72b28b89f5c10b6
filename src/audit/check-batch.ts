import type { ChainEntry } from '../db/schema-audit.ts'
import type { TextHash } from '../platform.ts'
import { appSettings } from '../tenant/app.ts'
import { digestOf, type EventRow, type StoredBatch, sealedText } from './digest.ts'
import type { KeepingTerms } from './terms.ts'

interface BatchToCheck {
  readonly hash: TextHash
  readonly batch: StoredBatch
  /** undefined: they cannot be read. */
  readonly entries: readonly ChainEntry[] | undefined
  /** The events from the first to the last number of the batch, in their order. */
  readonly rows: readonly EventRow[]
  /** The `seq` of the one row that may say which events were deleted. */
  readonly trimmed: number
}

interface CheckedBatch {
  readonly problems: readonly string[]
  readonly events: number
  readonly erased: number
  readonly settingsChanges: readonly KeepingTerms[]
}

/** Compares the events of a batch with its entries, and both with its hashes. */
export function checkBatch({ hash, batch, entries, rows, trimmed }: BatchToCheck): CheckedBatch {
  const problems: string[] = []
  const settingsChanges: KeepingTerms[] = []
  const erased: number[] = []
  if (entries === undefined)
    return {
      problems: [`batch ${batch.number} was changed: its entries`],
      events: 0,
      erased: 0,
      settingsChanges,
    }
  const texts = ['', '']
  let at = 0
  const inserted = (until: number) => {
    for (; at < rows.length && (rows[at] as EventRow).seq < until; at++) {
      const row = rows[at] as EventRow
      if (!(row.seq === trimmed && isTrimmedRow(row))) problems.push(`event ${row.seq} was inserted`)
    }
  }
  for (const [seq, audited, digest, salt] of entries) {
    inserted(seq)
    const row = rows[at]
    if (row?.seq !== seq) {
      problems.push(`event ${seq} was deleted`)
      continue
    }
    at++
    if (salt === '') {
      erased.push(seq)
      if (!isBlank(row)) problems.push(`event ${seq} was changed: it had been erased`)
    } else if (digestOf(hash, batch.app_id, row, salt) !== digest) {
      problems.push(`event ${seq} was changed, or its digest`)
    } else if (row.kind === 'app.settings.changed') settingsChanges.push(...termsIn(row.data))
    texts[audited] += sealedText(row, digest)
  }
  inserted(Number.POSITIVE_INFINITY)
  if (problems.length === 0) {
    const [others = '', audited = ''] = texts
    const isWhole =
      (batch.kept === 'none' || hash(audited) === batch.audited_hash) &&
      (batch.kept !== 'all' || hash(others) === batch.others_hash)
    if (!isWhole) problems.push(wrongPart(batch, erased))
  }
  return { problems, events: entries.length, erased: erased.length, settingsChanges }
}

const wrongPart = ({ number }: StoredBatch, erased: readonly number[]): string =>
  erased.length === 0
    ? `batch ${number} was changed: its entries or its hashes`
    : `batch ${number} was changed: its hashes, or one of the erased events ${erased.join(', ')}`

/** How an erased event looks, beside the columns that the hash of its batch covers. */
const isBlank = ({ by_id, key_id, data, request, ip }: EventRow): boolean =>
  by_id === null && key_id === '' && data === '{}' && request === '' && ip === ''

const isTrimmedRow = (row: EventRow): boolean =>
  row.kind === 'events.trimmed' &&
  row.group_id === null &&
  row.group_version === null &&
  row.by_id === null &&
  row.subjects === '[]' &&
  row.data === JSON.stringify({ from: 1, to: row.seq })

const { events_days, audit_days } = appSettings.parse({})
const defaults = { events_days, audit_days }

/** The terms before and after a change of the settings. null in an event means the default. */
function termsIn(data: string): KeepingTerms[] {
  const { changes = {} } = JSON.parse(data) as { changes?: Record<string, readonly unknown[]> }
  const days = (name: keyof KeepingTerms, side: number) => {
    const value = changes[name]?.[side]
    return typeof value === 'number' ? value : value === null ? defaults[name] : undefined
  }
  return [0, 1].map(side => ({
    events_days: days('events_days', side),
    audit_days: days('audit_days', side),
  }))
}
