import type { SerialEngine } from '../db/engine.ts'
import { position } from '../events/cursor.ts'
import type { RecordedEvent } from '../events/event.ts'
import { eventsAfter, pageSize, parsedEvent } from '../events/feed.ts'
import { read } from '../transfer/read.ts'
import { audited } from './operation.ts'

/* The recorded events of an app as a text, the oldest first, for `cohort audit export`. */

export interface AuditExport {
  readonly app_id: string
  readonly epoch: string
  /** Milliseconds since 1970: the first that is wanted, and the first after it that is not. */
  readonly from: number
  readonly to: number | undefined
}

function* wanted(engine: SerialEngine, { app_id, from, to }: AuditExport): Generator<RecordedEvent> {
  for (let seq = 0; ; ) {
    const page = read(engine, eventsAfter({ app_id, seq, limit: pageSize })).map(parsedEvent)
    for (const event of page) {
      seq = event.seq
      if (event.at >= from && (to === undefined || event.at < to)) yield event
    }
    if (page.length === 0) return
  }
}

/** One JSON object a line, as `GET /audit` answers them. */
export function* auditLines(engine: SerialEngine, asked: AuditExport): Generator<string> {
  for (const event of wanted(engine, asked)) yield `${JSON.stringify(audited(asked.epoch, event))}\n`
}

const columns = [
  'cursor',
  'seq',
  'at',
  'time',
  'kind',
  'group_id',
  'group_version',
  'by_id',
  'acting',
  'key_id',
  'subjects',
  'data',
  'request',
  'ip',
] as const

/** A table with a line of names (RFC 4180). `time` is `at` for people. */
export function* auditCsv(engine: SerialEngine, asked: AuditExport): Generator<string> {
  yield `${columns.join(',')}\r\n`
  for (const event of wanted(engine, asked)) {
    const row = {
      ...event,
      cursor: position(asked.epoch, event.seq),
      time: new Date(event.at).toISOString(),
      subjects: event.subjects.join(' '),
      data: JSON.stringify(event.data),
    }
    yield `${columns.map(column => cell(row[column])).join(',')}\r\n`
  }
}

/**
 * A cell. Spreadsheets run a text that begins with one of `=+-@` as a formula, and callers choose the id of
 * their request. So such a text gets an apostrophe before it.
 */
function cell(value: string | number | null): string {
  if (value === null) return ''
  const text = String(value)
  const harmless = typeof value === 'string' && /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
